// /berth/v1/certificates: CA certificates of the calling tenant, and the proof that their owner
// possesses the key (service API 4.3): the coordinator names a code, the owner has the CA issue a
// certificate with that code as common name, and sends it back.
#include <algorithm>
#include <string>
#include <utility>

#include <boost/json/array.hpp>

#include "coordinator/api/admin_api.hpp"
#include "coordinator/api/admin_json.hpp"
#include "coordinator/api/answers.hpp"
#include "coordinator/store/etag.hpp"
#include "shared/base/encoding.hpp"
#include "shared/domain/attestation/x509.hpp"
#include "shared/json/certificate_text.hpp"
#include "shared/json/json_text.hpp"

namespace berth::coordinator {
namespace {

namespace bj = boost::json;

using Certificate = Versioned<domain::CaCertificate>;

// 24 random bytes make 48 hex digits, which fit a common name (64 characters, RFC 5280 A.1).
constexpr std::size_t kCodeEntropy = 24;

struct Services {
  Catalog& catalog;
  ports::Crypto& crypto;
  ports::Clock& clock;
  ports::Entropy& entropy;
};

Result<Certificate> existing(const Catalog& catalog, const Call& call) {
  auto certificate = catalog.ca_certificates.find(call.tenant, call.arguments.front());
  if (!certificate) return certificate.error();
  if (*certificate) return std::move(**certificate);
  return Error{Errc::not_found, "there is no CA certificate '" + call.arguments.front() + "'"};
}

// Unlike elsewhere If-Match is required (service API 4.3): whoever proves, deletes or replaces says
// which state of the certificate that is about.
Result<void> require_if_match(const Call& call, const Certificate& certificate) {
  if (!call.request.headers.has("if-match")) {
    return Error{Errc::invalid, "send the certificate's etag in If-Match"};
  }
  return check_if_match(call.request,
                        etag_of(certificate.version, certificate.record.stamps.created));
}

Result<Certificate> matching(const Catalog& catalog, const Call& call) {
  auto certificate = existing(catalog, call);
  if (!certificate) return certificate;
  if (const auto fits = require_if_match(call, *certificate); !fits) return fits.error();
  return certificate;
}

// The certificate that a body carries, in any of the three encodings (service API 2.4); empty if
// it carries none.
Result<Bytes> read_certificate(const bj::object& body) {
  const auto text = json::find_string(body, "certificate");
  if (!text) return text.error();
  if (!*text || (*text)->empty()) return Bytes{};
  return json::read_certificate_text(**text);
}

Result<ports::Certificate> parse(const Bytes& der, ports::Crypto& crypto) {
  auto parsed = crypto.parse_certificate(der);
  if (parsed) return parsed;
  return Error{Errc::invalid, "'certificate' cannot be read: " + parsed.error().reason};
}

// What could attest nobody is refused here, where somebody reads the reason.
Result<void> check_is_ca(const Bytes& der, ports::Crypto& crypto, WallTime now) {
  const auto parsed = parse(der, crypto);
  if (!parsed) return parsed.error();
  if (!parsed->is_ca) {
    return Error{Errc::invalid, "'" + parsed->subject_text + "' is not a CA certificate"};
  }
  if (now <= parsed->not_after) return {};
  return Error{Errc::invalid,
               "the certificate expired on " + to_iso8601_seconds(parsed->not_after)};
}

Result<http::Response> list(const Services& services, const Call& call) {
  const auto certificates = services.catalog.ca_certificates.all(call.tenant);
  if (!certificates) return certificates.error();
  bj::array rows;
  for (const Certificate& certificate : *certificates) {
    rows.push_back(write_ca_certificate(certificate, VerificationCode::hidden, services.crypto));
  }
  return list_answer(std::move(rows));
}

http::Response answer_with(int status, const Certificate& certificate, const Services& services,
                           VerificationCode code = VerificationCode::hidden) {
  return json_answer(status, write_ca_certificate(certificate, code, services.crypto));
}

Result<http::Response> get(const Services& services, const Call& call) {
  const auto certificate = existing(services.catalog, call);
  if (!certificate) return certificate.error();
  return answer_with(200, *certificate, services);
}

// What the body says of a certificate; another one has to be proved anew, unless the body vouches
// for it.
Result<void> read_into(const bj::object& body, const Services& services,
                       domain::CaCertificate& record) {
  auto der = read_certificate(body);
  if (!der) return der.error();
  if (!der->empty() && *der != record.certificate) {
    const auto is_ca = check_is_ca(*der, services.crypto, services.clock.wall());
    if (!is_ca) return is_ca.error();
    record.certificate = std::move(*der);
    record.is_verified = false;
    record.verification_code.clear();
  }
  if (record.certificate.empty()) return Error{Errc::invalid, "'certificate' is required"};
  const auto vouched = json::find_bool(body, "isVerified");
  if (!vouched) return vouched.error();
  if (*vouched) record.is_verified = **vouched;
  return {};
}

Result<http::Response> put(const Services& services, const Call& call) {
  const auto body = read_body(call.request);
  if (!body) return body.error();
  auto stored = services.catalog.ca_certificates.find(call.tenant, call.arguments.front());
  if (!stored) return stored.error();
  Certificate certificate;
  if (*stored) {
    certificate = std::move(**stored);
    if (!call.request.headers.has("if-match")) {
      return Error{Errc::already_exists, "'" + certificate.record.name +
                                             "' exists; send its etag in If-Match to change it"};
    }
    if (const auto fits = require_if_match(call, certificate); !fits) return fits.error();
  }
  const bool is_new = certificate.version == 0;
  if (is_new) certificate.record.name = call.arguments.front();
  if (const auto read = read_into(*body, services, certificate.record); !read) return read.error();
  const auto written = services.catalog.ca_certificates.put(
      call.tenant, std::move(certificate.record), certificate.version);
  if (!written) return written.error();
  return answer_with(is_new ? 201 : 200, *written, services);
}

Result<http::Response> erase(const Services& services, const Call& call) {
  const auto certificate = matching(services.catalog, call);
  if (!certificate) return certificate.error();
  const auto erased = services.catalog.ca_certificates.erase(call.tenant, certificate->record.name,
                                                             certificate->version);
  if (!erased) return erased.error();
  return empty_answer();
}

Result<http::Response> generate_code(const Services& services, const Call& call) {
  auto certificate = matching(services.catalog, call);
  if (!certificate) return certificate.error();
  certificate->record.verification_code = to_upper_hex(services.entropy.bytes(kCodeEntropy));
  const auto written = services.catalog.ca_certificates.put(
      call.tenant, std::move(certificate->record), certificate->version);
  if (!written) return written.error();
  return answer_with(200, *written, services, VerificationCode::shown);
}

Result<void> check_proof(const ports::Certificate& proof, const domain::CaCertificate& record,
                         const Services& services) {
  if (record.verification_code.empty()) {
    return Error{Errc::invalid, "ask for a verification code first"};
  }
  const auto authority = parse(record.certificate, services.crypto);
  if (!authority) return authority.error();
  if (proof.common_name != record.verification_code) {
    return Error{Errc::invalid,
                 "the common name of the verification certificate is not the verification code"};
  }
  if (!std::ranges::equal(proof.issuer, authority->subject) ||
      !services.crypto.is_signed_by(proof, *authority)) {
    return Error{Errc::invalid, "the verification certificate is not signed with the key of '" +
                                    authority->subject_text + "'"};
  }
  const auto valid = domain::check_validity(proof, "the verification certificate",
                                            services.clock.wall(), domain::X509Rules{});
  if (valid) return {};
  return Error{Errc::invalid, valid.error().reason};
}

Result<http::Response> verify(const Services& services, const Call& call) {
  auto certificate = matching(services.catalog, call);
  if (!certificate) return certificate.error();
  const auto body = read_body(call.request);
  if (!body) return body.error();
  const auto der = read_certificate(*body);
  if (!der) return der.error();
  if (der->empty()) return Error{Errc::invalid, "'certificate' is required"};
  const auto proof = parse(*der, services.crypto);
  if (!proof) return proof.error();
  const auto proved = check_proof(*proof, certificate->record, services);
  if (!proved) return proved.error();
  certificate->record.is_verified = true;
  certificate->record.verification_code.clear();
  const auto written = services.catalog.ca_certificates.put(
      call.tenant, std::move(certificate->record), certificate->version);
  if (!written) return written.error();
  return answer_with(200, *written, services);
}

}  // namespace

std::vector<Endpoint> certificate_endpoints(Catalog& catalog, ports::Crypto& crypto,
                                            ports::Clock& clock, ports::Entropy& entropy) {
  const Access read = tenant_with(domain::AccessRight::enrollment_read);
  const Access write = tenant_with(domain::AccessRight::service_config);
  const std::string collection = "/berth/v1/certificates";
  const std::string single = collection + "/{name}";
  const Services services{catalog, crypto, clock, entropy};
  return {
      {"GET", collection, read, false,
       [services](const Call& call) { return list(services, call); }},
      {"GET", single, read, false, [services](const Call& call) { return get(services, call); }},
      {"PUT", single, write, false, [services](const Call& call) { return put(services, call); }},
      {"DELETE", single, write, false,
       [services](const Call& call) { return erase(services, call); }},
      {"POST", single + "/generateVerificationCode", write, false,
       [services](const Call& call) { return generate_code(services, call); }},
      {"POST", single + "/verify", write, false,
       [services](const Call& call) { return verify(services, call); }},
  };
}

}  // namespace berth::coordinator
