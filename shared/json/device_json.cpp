#include "shared/json/device_json.hpp"

#include <boost/json/array.hpp>

#include "shared/base/encoding.hpp"
#include "shared/json/certificate_json.hpp"
#include "shared/json/json_text.hpp"
#include "shared/json/registration_json.hpp"

namespace berth::json {
namespace {

namespace bj = boost::json;

constexpr TextLimits kBodyLimits{protocol::kMaxDeviceBody, protocol::kMaxJsonDepth};

Result<Bytes> find_base64(const bj::object& object, std::string_view name) {
  auto text = find_string(object, name);
  if (!text) return text.error();
  if (!*text) return Bytes{};
  auto bytes = from_base64(**text);
  if (!bytes) return Error{Errc::malformed, "'" + std::string(name) + "' is not base64"};
  return std::move(*bytes);
}

// Ours (docs/attestation/tpm.md). How many there may be is for whoever looks at them.
Result<std::vector<Bytes>> read_certificates(const bj::object& tpm) {
  std::vector<Bytes> certificates;
  auto list = find_array(tpm, "endorsementKeyCertificates");
  if (!list) return list.error();
  if (*list == nullptr) return certificates;
  for (const bj::value& value : **list) {
    auto der = value.is_string() ? from_base64(std::string_view(value.get_string())) : std::nullopt;
    if (!der) return Error{Errc::malformed, "'endorsementKeyCertificates' holds what is no base64"};
    certificates.push_back(std::move(*der));
  }
  return certificates;
}

Result<std::optional<protocol::TpmKeys>> read_tpm(const bj::object& body) {
  auto tpm = find_object(body, "tpm");
  if (!tpm) return tpm.error();
  if (*tpm == nullptr) return std::optional<protocol::TpmKeys>{};
  auto endorsement_key = find_base64(**tpm, "endorsementKey");
  if (!endorsement_key) return endorsement_key.error();
  if (endorsement_key->empty()) {
    return Error{Errc::malformed, "'tpm' lacks 'endorsementKey'"};
  }
  auto storage_root_key = find_base64(**tpm, "storageRootKey");
  if (!storage_root_key) return storage_root_key.error();
  auto certificates = read_certificates(**tpm);
  if (!certificates) return certificates.error();
  return std::optional<protocol::TpmKeys>(protocol::TpmKeys{
      std::move(*endorsement_key), std::move(*storage_root_key), std::move(*certificates)});
}

void add_attestation(bj::object& to, const protocol::RegistrationResult& result) {
  const domain::EnrollmentRef& enrollment = result.registration.enrollment;
  switch (result.registration.attestation) {
    case domain::AttestationType::symmetric_key:
      if (enrollment.is_group) to["symmetricKey"] = {{"enrollmentGroupId", enrollment.id}};
      return;
    case domain::AttestationType::x509: {
      bj::object x509;
      if (enrollment.is_group) x509["enrollmentGroupId"] = enrollment.id;
      if (result.certificate) x509["certificateInfo"] = certificate_info(*result.certificate);
      if (result.signing_certificate) {
        x509["signingCertificateInfo"] = certificate_info(*result.signing_certificate);
      }
      to["x509"] = std::move(x509);
      return;
    }
    case domain::AttestationType::tpm:
      if (!result.tpm_authentication_key.empty()) {
        to["tpm"] = {{"authenticationKey", to_base64(result.tpm_authentication_key)}};
      }
      return;
  }
}

bj::object registration_result(const protocol::RegistrationResult& result) {
  bj::object members = registration_members(result.registration, result.etag);
  if (result.error_code) {
    members["errorCode"] = *result.error_code;
    members["errorMessage"] = result.error_message;
  }
  add_attestation(members, result);
  return members;
}

}  // namespace

Result<protocol::RegisterBody> DpsBodyCodec::read_register(std::string_view text) {
  protocol::RegisterBody body;
  // Some clients send a space for "no body" (device API 2.2).
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
    if (text.size() > kBodyLimits.max_size) {
      return Error{Errc::too_large, "the body is longer than a device may send"};
    }
    return body;
  }
  auto object = parse_object(text, kBodyLimits);
  if (!object) return object.error();

  auto registration_id = find_string(*object, "registrationId");
  if (!registration_id) return registration_id.error();
  body.registration_id = std::move(*registration_id);

  auto payload = find_object(*object, "payload");
  if (!payload) return payload.error();
  body.payload = to_text(*payload);

  auto tpm = read_tpm(*object);
  if (!tpm) return tpm.error();
  body.tpm = std::move(*tpm);

  body.has_csr =
      find(*object, "csr") != nullptr || find(*object, "clientCertificateCsr") != nullptr;
  return body;
}

std::string DpsBodyCodec::write(const protocol::OperationStatus& status) {
  bj::object document;
  document["operationId"] = status.operation_id;
  document["status"] = status_text(status.status);
  if (status.result) document["registrationState"] = registration_result(*status.result);
  return serialize(document);
}

std::string DpsBodyCodec::write(const protocol::RegistrationResult& result) {
  return serialize(registration_result(result));
}

std::string DpsBodyCodec::write(const protocol::ErrorDocument& error) {
  bj::object document;
  document["errorCode"] = error.error_code;
  document["trackingId"] = error.tracking_id;
  document["message"] = error.message;
  document["timestampUtc"] = to_iso8601(error.timestamp);
  return serialize(document);
}

// C's client takes a 401 for a challenge if it has no status, and needs keyName then (device API
// 1.4).
std::string DpsBodyCodec::write(const protocol::TpmChallengeBody& challenge) {
  bj::object document;
  document["message"] = "Authorization required";
  document["keyName"] = "registration";
  document["authenticationKey"] = to_base64(challenge.authentication_key);
  return serialize(document);
}

}  // namespace berth::json
