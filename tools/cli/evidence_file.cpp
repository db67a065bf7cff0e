#include "tools/cli/evidence_file.hpp"

#include <optional>
#include <string_view>
#include <utility>

#include <boost/json/array.hpp>

#include "shared/base/encoding.hpp"
#include "shared/base/secret_bytes.hpp"
#include "shared/crypto/pem_files.hpp"
#include "shared/crypto/wolfssl/wolfssl.hpp"
#include "shared/json/json_text.hpp"
#include "shared/protocol/sas_token.hpp"
#include "tools/cli/requests.hpp"

namespace berth::cli {
namespace {

namespace bj = boost::json;

constexpr std::string_view kTokenScheme = "SharedAccessSignature ";
constexpr std::string_view kPem = "-----BEGIN CERTIFICATE-----";
constexpr std::size_t kMaxDepth = 8;
constexpr std::int64_t kTokenSeconds = 600;
constexpr const char* kDevicePolicy = "registration";

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

// Whatever else a PEM file holds, such as the private key, stays here.
Result<bj::object> chain_of(const std::string& path) {
  const auto certificates = crypto::read_certificate_file(path);
  if (!certificates) return certificates.error();
  bj::array chain;
  for (const Bytes& der : *certificates) chain.emplace_back(to_base64(der));
  return bj::object{{"certificateChain", std::move(chain)}};
}

Result<bj::object> token_by(const std::string& key_text, const bj::object& file,
                            const EvidenceSubject& subject) {
  auto key = from_base64(key_text);
  if (!key || key->empty()) return Error{Errc::invalid, "'symmetricKey' is not base64"};
  const SecretBytes secret(std::move(*key));
  const auto named = json::find_string(file, "registrationId");
  if (!named) return named.error();
  // In the spelling that the device uses, which its token is made for.
  const std::string id = named->value_or(subject.registration_id);
  if (!equals_ignoring_case(id, subject.registration_id)) {
    return Error{Errc::invalid, "the evidence is of " + id + ", not of " + subject.registration_id};
  }
  auto scope = json::find_string(file, "idScope");
  if (!scope) return scope.error();
  if (!*scope) {
    auto asked = subject.id_scope();
    if (!asked) return asked.error();
    *scope = std::move(*asked);
  }
  const auto crypto = crypto::make_wolfssl_crypto();
  return bj::object{
      {"sasToken", protocol::make_sas_token(**scope + "/registrations/" + id, secret,
                                            subject.now + kTokenSeconds, kDevicePolicy, *crypto)}};
}

Result<bj::object> evidence_of(const bj::object& file, const EvidenceSubject& subject) {
  const auto key = json::find_string(file, "symmetricKey");
  if (!key) return key.error();
  if (*key) return token_by(**key, file, subject);
  if (json::find(file, "endorsementKey") != nullptr) return bj::object{{"tpm", file}};
  return file;
}

}  // namespace

Result<bj::object> read_evidence_file(const std::string& path, const EvidenceSubject& subject) {
  const auto text = read_file(path, kMaxEvidenceFile);
  if (!text) return text.error();
  const std::string_view content = trimmed(*text);
  if (content.starts_with(kTokenScheme)) return bj::object{{"sasToken", std::string(content)}};
  if (content.find(kPem) != std::string_view::npos) return chain_of(path);
  const auto file = json::parse_object(content, {kMaxEvidenceFile, kMaxDepth});
  if (!file) {
    return Error{Errc::invalid,
                 path +
                     " is neither a certificate in PEM, nor a SAS token, nor a JSON object with "
                     "symmetricKey, endorsementKey or evidence as the API takes it"};
  }
  auto evidence = evidence_of(*file, subject);
  if (!evidence) return Error{Errc::invalid, path + ": " + evidence.error().reason};
  return evidence;
}

}  // namespace berth::cli
