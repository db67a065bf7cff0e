#include <utility>

#include "shared/json/json_text.hpp"
#include "tools/cli/commands.hpp"
#include "tools/cli/requests.hpp"

namespace berth::cli {
namespace {

namespace bj = boost::json;

constexpr const char* kCertificates = "/berth/v1/certificates";
// A chain of a few certificates in PEM; the coordinator takes the first.
constexpr std::size_t kMaxCertificateFile = 64 * 1024;

Result<bj::object> record_of(const CertificateOptions& o) {
  bj::object record;
  if (!o.path.empty()) {
    auto text = read_file(o.path, kMaxCertificateFile);
    if (!text) return text.error();
    record["certificate"] = std::move(*text);
  }
  if (o.verified) record["isVerified"] = *o.verified;
  return record;
}

// The etag that was given, else the present one: every change names the state that it is about.
Result<std::string> etag_of(ServiceClient& client, const CertificateOptions& o) {
  if (!o.etag.empty()) return o.etag;
  const auto record = fetch_record(client, path_of(kCertificates, o.name));
  if (!record) return record.error();
  const auto etag = json::find_string(*record, "etag");
  if (!etag) return etag.error();
  return etag->value_or("");
}

}  // namespace

Result<Output> create_certificate(ServiceClient& client, const CertificateOptions& o) {
  auto record = record_of(o);
  if (!record) return record.error();
  return send_record(client, "PUT", path_of(kCertificates, o.name), std::move(*record));
}

Result<Output> list_certificates(ServiceClient& client) {
  auto rows = list_rows(client, kCertificates);
  if (!rows) return rows.error();
  Output output;
  output.value = std::move(*rows);
  output.columns = {{"NAME", "name"},
                    {"VERIFIED", "isVerified"},
                    {"SUBJECT", "info.subjectName"},
                    {"EXPIRES", "info.notAfterUtc"}};
  return output;
}

Result<Output> show_certificate(ServiceClient& client, const CertificateOptions& o) {
  return show_record(client, path_of(kCertificates, o.name));
}

Result<Output> update_certificate(ServiceClient& client, const CertificateOptions& o) {
  auto record = record_of(o);
  if (!record) return record.error();
  const auto etag = etag_of(client, o);
  if (!etag) return etag.error();
  return send_record(client, "PUT", path_of(kCertificates, o.name), std::move(*record), *etag);
}

Result<Output> delete_certificate(ServiceClient& client, const CertificateOptions& o) {
  const auto etag = etag_of(client, o);
  if (!etag) return etag.error();
  return delete_record(client, path_of(kCertificates, o.name), *etag,
                       "deleted certificate " + o.name);
}

Result<Output> generate_verification_code(ServiceClient& client, const CertificateOptions& o) {
  const auto etag = etag_of(client, o);
  if (!etag) return etag.error();
  auto made = send_record(client, "POST",
                          path_of(kCertificates, o.name, "generateVerificationCode"), {}, *etag);
  if (!made) return made.error();
  made->note =
      "have the CA issue a certificate whose common name is the code, then: berth certificate "
      "verify " +
      o.name + " --path FILE";
  return made;
}

Result<Output> verify_certificate(ServiceClient& client, const CertificateOptions& o) {
  auto record = record_of(o);
  if (!record) return record.error();
  const auto etag = etag_of(client, o);
  if (!etag) return etag.error();
  return send_record(client, "POST", path_of(kCertificates, o.name, "verify"), std::move(*record),
                     *etag);
}

}  // namespace berth::cli
