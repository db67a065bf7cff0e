#include "shared/json/allocation_json.hpp"

#include <utility>

#include <boost/json/array.hpp>

#include "shared/base/encoding.hpp"
#include "shared/json/certificate_json.hpp"
#include "shared/json/json_text.hpp"

namespace berth::json {
namespace {

namespace bj = boost::json;

// Nested deeper is no twin that a hub would take.
constexpr TextLimits kAnswerLimits{domain::kMaxAllocationAnswer, 32};

// A member whose name is `name` in any letter case, not null: the documentation spells two of them
// in two ways (service API 3.2).
const bj::value* find_in_any_case(const bj::object& object, std::string_view name) {
  for (const auto& [key, value] : object) {
    if (!value.is_null() && equals_ignoring_case(key, name)) return &value;
  }
  return nullptr;
}

Error answer_is_wrong(const std::string& what) {
  return Error{Errc::allocation_failed, "the webhook's answer " + what};
}

Result<const bj::object*> object_in(const bj::object& object, std::string_view name) {
  const bj::value* value = find_in_any_case(object, name);
  if (value == nullptr) return nullptr;
  const bj::object* found = value->if_object();
  if (found == nullptr) return answer_is_wrong("has no object in '" + std::string(name) + "'");
  return found;
}

Result<std::optional<domain::InitialTwin>> read_twin(const bj::object& answer) {
  const auto object = object_in(answer, "initialTwin");
  if (!object) return object.error();
  if (*object == nullptr) return std::optional<domain::InitialTwin>{};
  domain::InitialTwin twin;
  const auto tags = object_in(**object, "tags");
  if (!tags) return tags.error();
  twin.tags = to_text(*tags);
  const auto properties = object_in(**object, "properties");
  if (!properties) return properties.error();
  if (*properties != nullptr) {
    const auto desired = object_in(**properties, "desired");
    if (!desired) return desired.error();
    twin.desired = to_text(*desired);
  }
  return std::optional<domain::InitialTwin>(std::move(twin));
}

bj::object context_of(const domain::CustomAllocationRequest& request) {
  bj::object context;
  context["registrationId"] = request.registration_id.str();
  if (!request.current_hub.empty()) {
    context["currentIotHubHostName"] = request.current_hub;
    context["currentDeviceId"] = request.current_device_id.str();
  }
  switch (request.attestation) {
    case domain::AttestationType::symmetric_key: context["symmetricKey"] = bj::object{}; break;
    case domain::AttestationType::x509: {
      bj::object x509;
      if (request.enrollment_ref.is_group) x509["enrollmentGroupId"] = request.enrollment_ref.id;
      if (request.leaf) x509["certificateInfo"] = certificate_info(*request.leaf);
      if (request.signing_certificate) {
        x509["signingCertificateInfo"] = certificate_info(*request.signing_certificate);
      }
      context["x509"] = std::move(x509);
      break;
    }
    case domain::AttestationType::tpm: {
      bj::object tpm;
      tpm["endorsementKey"] = to_base64(request.endorsement_key);
      tpm["storageRootKey"] = to_base64(request.storage_root_key);
      context["tpm"] = std::move(tpm);
      break;
    }
  }
  add_text(context, "payload", request.payload);
  return context;
}

}  // namespace

Result<std::string> write_allocation_request(const EnrollmentJson& enrollments,
                                             const domain::CustomAllocationRequest& request) {
  bj::object body;
  if (const auto* group = std::get_if<domain::EnrollmentGroup>(&request.enrollment)) {
    body["enrollmentGroup"] = enrollments.write(*group, request.enrollment_etag, Keys::hidden);
  } else if (const auto* one = std::get_if<domain::IndividualEnrollment>(&request.enrollment)) {
    body["individualEnrollment"] = enrollments.write(*one, request.enrollment_etag, Keys::hidden);
  }
  body["deviceRuntimeContext"] = context_of(request);
  bj::array hubs;
  for (const std::string& host_name : request.linked_hubs) hubs.emplace_back(host_name);
  body["linkedHubs"] = std::move(hubs);
  std::string text = serialize(body);
  if (text.size() > domain::kMaxAllocationRequest) {
    return Error{Errc::too_large, "the call of the webhook is over " +
                                      std::to_string(domain::kMaxAllocationRequest) + " bytes"};
  }
  return text;
}

Result<domain::CustomAllocationAnswer> read_allocation_answer(std::string_view text) {
  const auto parsed = parse_object(text, kAnswerLimits);
  if (!parsed) return answer_is_wrong("is no JSON object: " + parsed.error().reason);
  domain::CustomAllocationAnswer answer;
  if (const bj::value* host = find_in_any_case(*parsed, "iotHubHostName")) {
    const bj::string* name = host->if_string();
    if (name == nullptr) return answer_is_wrong("has no text in 'iotHubHostName'");
    answer.host_name = std::string(name->data(), name->size());
  }
  auto twin = read_twin(*parsed);
  if (!twin) return twin.error();
  answer.initial_twin = std::move(*twin);
  const auto payload = object_in(*parsed, "payload");
  if (!payload) return payload.error();
  answer.payload = to_text(*payload);
  return answer;
}

}  // namespace berth::json
