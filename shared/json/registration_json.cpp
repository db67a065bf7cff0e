#include "shared/json/registration_json.hpp"

#include "shared/base/encoding.hpp"
#include "shared/json/json_text.hpp"

namespace berth::json {

std::string_view status_text(domain::RegistrationStatus status) {
  switch (status) {
    case domain::RegistrationStatus::unassigned: return "unassigned";
    case domain::RegistrationStatus::assigning: return "assigning";
    case domain::RegistrationStatus::assigned: return "assigned";
    case domain::RegistrationStatus::failed: return "failed";
    case domain::RegistrationStatus::disabled: return "disabled";
  }
  return {};
}

std::string_view substatus_text(domain::RegistrationSubstatus substatus) {
  switch (substatus) {
    case domain::RegistrationSubstatus::none: return {};
    case domain::RegistrationSubstatus::initial_assignment: return "initialAssignment";
    case domain::RegistrationSubstatus::device_data_migrated: return "deviceDataMigrated";
    case domain::RegistrationSubstatus::device_data_reset: return "deviceDataReset";
    case domain::RegistrationSubstatus::reprovisioned_to_initial_assignment:
      return "reprovisionedToInitialAssignment";
  }
  return {};
}

boost::json::object registration_members(const domain::Registration& registration,
                                         std::string_view etag) {
  boost::json::object members;
  members["registrationId"] = registration.registration_id.str();
  members["createdDateTimeUtc"] = to_iso8601(registration.created);
  // Embedded C stores the two only together (device API 1.4).
  if (registration.status == domain::RegistrationStatus::assigned) {
    members["assignedHub"] = registration.assigned_hub;
    members["deviceId"] = registration.device_id.str();
  }
  members["status"] = status_text(registration.status);
  if (const std::string_view substatus = substatus_text(registration.substatus);
      !substatus.empty()) {
    members["substatus"] = substatus;
  }
  members["lastUpdatedDateTimeUtc"] = to_iso8601(registration.updated);
  const std::string quoted = "\"" + std::string(etag) + "\"";
  members["etag"] = to_base64(as_bytes(quoted));
  add_text(members, "payload", registration.payload);
  return members;
}

boost::json::object registration_state(const domain::Registration& registration,
                                       std::string_view etag) {
  boost::json::object state = registration_members(registration, etag);
  if (registration.status == domain::RegistrationStatus::failed && registration.last_attempt) {
    state["errorCode"] = registration.last_attempt->error_code;
    state["errorMessage"] = registration.last_attempt->message;
  }
  return state;
}

}  // namespace berth::json
