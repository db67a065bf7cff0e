// What became of one registration ID (DPS's DeviceRegistrationState, service API 2.6), and what a
// gateway keeps beside it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "shared/base/timestamp.hpp"
#include "shared/domain/model/decision_trace.hpp"
#include "shared/domain/model/ids.hpp"
#include "shared/domain/model/twin.hpp"

namespace berth::domain {

enum class RegistrationStatus : std::uint8_t { unassigned, assigning, assigned, failed, disabled };
enum class RegistrationSubstatus : std::uint8_t {
  none,
  initial_assignment,
  device_data_migrated,
  device_data_reset,
  reprovisioned_to_initial_assignment,
};
enum class AttestationType : std::uint8_t { symmetric_key, x509, tpm };

// The record that a registration is bound to. A registration stays with its enrollment until it is
// deleted or an individual enrollment names its ID (design section 3.5).
struct EnrollmentRef {
  bool is_group = false;
  std::string id;             // registration ID or group ID, as spelled in the record
  std::uint64_t version = 0;  // the record's version at the decision

  friend bool operator==(const EnrollmentRef&, const EnrollmentRef&) = default;
};

// The last try that did not end in an assignment; recorded beside the assignment, never over it.
struct FailedAttempt {
  WallTime at{};
  std::int32_t error_code = 0;  // six digits (device API section 7)
  std::string message;          // what the device was told
  std::string reason;           // what the installer reads
  DecisionTrace decision{};     // how far it came
};

// An assignment that another gateway made while apart and that a newer one beat (design section 4);
// kept so that an admin sees both sides.
struct SupersededAssignment {
  GatewayId gateway_id;
  HubId hub_id;
  std::string assigned_hub;
  DeviceId device_id;
  WallTime arrival{};
};

struct Registration {
  RegistrationId registration_id;
  RegistrationStatus status = RegistrationStatus::unassigned;
  RegistrationSubstatus substatus = RegistrationSubstatus::none;
  HubId hub_id;              // with assigned
  std::string assigned_hub;  // its host name
  DeviceId device_id;
  EnrollmentRef enrollment;
  AttestationType attestation = AttestationType::symmetric_key;
  GatewayId gateway_id;  // which gateway decided
  WallTime arrival{};    // the request's arrival time: the order of conflicts
  WallTime created{};
  WallTime updated{};
  JsonText payload;      // what custom allocation returned
  std::string hub_etag;  // the identity's etag that our own write produced
  std::optional<FailedAttempt> last_attempt;
  std::optional<SupersededAssignment> superseded;
  bool arrival_clamped = false;  // the gateway's stamp was beyond belief and was replaced
  DecisionTrace decision{};      // why this hub; empty in records older than traces
  // Which of the enrollment's keys or certificates the device proved itself by the last time: the
  // key's name, the thumbprint of its enrolled certificate or of the CA's. Empty: TPM, or unknown.
  std::string credential_id = {};
};

}  // namespace berth::domain
