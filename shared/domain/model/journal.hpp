// What a gateway keeps durably of its own (design 3.6 to 3.8, section 4): the intent of a
// registration that was accepted, its outcome on the way to the coordinator, clean-up still to be
// done in hubs, and how far its copy of the coordinator's records reaches.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shared/base/bytes.hpp"
#include "shared/base/errc.hpp"
#include "shared/base/secret_bytes.hpp"
#include "shared/base/timestamp.hpp"
#include "shared/domain/model/device_credential.hpp"
#include "shared/domain/model/ids.hpp"
#include "shared/domain/model/registration.hpp"
#include "shared/domain/model/twin.hpp"

namespace berth::domain {

// A moment as one boot of a gateway saw it. Wall clocks are set and drift; together with what the
// coordinator knows of the same boot, the monotonic offset lets it be re-timed (design section 4).
struct BootMoment {
  std::string boot_id;                      // random, made at every start
  std::chrono::microseconds since_boot{0};  // the monotonic clock
  friend bool operator==(const BootMoment&, const BootMoment&) = default;
};

enum class DeviceProtocol : std::uint8_t { https, mqtt, mqtt_ws, amqp, amqp_ws, coap };

// What the device said, as far as answers after a restart need it.
struct ApiFacts {
  DeviceProtocol protocol = DeviceProtocol::https;
  std::string api_version;
  std::string operation_id;
  JsonText payload;
  // The GUID by which this registration is found in logs on both sides (docs/monitoring.md).
  std::string tracking_id;
};

// Where a device was before it is moved.
struct PreviousAssignment {
  HubId hub_id;
  std::string host_name;
  DeviceId device_id;
  std::string hub_etag;
};

// One try to write the identity; every hub attempted is remembered, for what may stand there.
struct HubAttempt {
  HubId hub_id;
  std::string host_name;
  WallTime at{};
  std::optional<Errc> failure;  // absent: begun, and its end is not known
  std::string reason;
};

// What the call of custom allocation needs beside the enrollment, while its answer is not there yet
// (service API 3). Kept, so that a restart goes on with the call.
struct AwaitedAllocation {
  Bytes leaf;                 // X.509: the certificate presented, DER,
  Bytes signing_certificate;  // and the group's that it chains to
  Bytes endorsement_key;      // TPM
  Bytes storage_root_key;
  friend bool operator==(const AwaitedAllocation&, const AwaitedAllocation&) = default;
};

// Accepted means: this is in the journal.
struct Intent {
  RegistrationId registration_id;
  WallTime arrival{};  // the request's arrival; kept by every replay
  BootMoment arrival_moment;
  EnrollmentRef enrollment;  // with the version that was enabled
  std::uint64_t permit_serial = 0;
  bool is_new_device = false;  // counted against the permit's quota
  AttestationType attestation = AttestationType::symmetric_key;
  HubId hub_id;  // the hub decided on; empty while custom allocation is awaited
  std::string host_name;
  DeviceId device_id;
  DeviceCredential credential;
  InitialTwin twin;
  bool replace_twin = false;
  std::optional<bool> iot_edge;
  RegistrationSubstatus substatus = RegistrationSubstatus::none;
  // Present if the device leaves an assignment; with migrate_twin its twin there comes along.
  std::optional<PreviousAssignment> previous;
  bool migrate_twin = false;
  JsonText payload;  // what custom allocation returned
  std::vector<HubAttempt> attempts;
  ApiFacts api;
  std::optional<AwaitedAllocation> allocation;
  DecisionTrace decision;
  std::string credential_id = {};  // as in Registration
};

// An outcome on its way up: at least once, and never dropped before the coordinator took it.
struct OutboxEntry {
  enum class Kind : std::uint8_t { assigned, failed_attempt };
  std::uint64_t sequence = 0;  // grows within one outbox incarnation; holes are allowed
  IdScope id_scope;
  Kind kind = Kind::assigned;
  // failed_attempt: only registration_id, enrollment, gateway_id, arrival and last_attempt count.
  Registration registration;
  BootMoment arrival_moment;
  std::uint64_t permit_serial = 0;
  std::string tracking_id;  // as in ApiFacts, or of the refusal
  DeviceProtocol protocol = DeviceProtocol::https;
};

// The name under which sequences of the outbox grow. A new one is made when the coordinator has
// seen sequences that this gateway has not given yet: its disk was rolled back.
struct OutboxIdentity {
  std::string incarnation;  // 32 hex digits
  std::uint64_t epoch = 0;  // one more at every start; the upper half of sequences
};

// Something of ours that must go from a hub (design 3.7).
struct CleanupTask {
  enum class Phase : std::uint8_t { disable, remove };
  HubId hub_id;
  DeviceId device_id;
  RegistrationId registration_id;
  std::string hub_etag;  // of our own write; empty: go by the marker alone
  WallTime not_before{};
  Phase phase = Phase::disable;
};

// Where a gateway's copy of a tenant stands.
struct Cursor {
  std::string incarnation;  // of the coordinator's store; empty: nothing was received yet
  std::uint64_t scope_version = 0;
  std::uint64_t sequence = 0;
  Bytes digest;            // of the records held, 32 bytes
  SecretBytes digest_key;  // came with the snapshot; seals nothing
  // While a snapshot is being applied the copy is neither the old nor the new one; a restart in
  // that state asks for another snapshot. 0: complete; otherwise the snapshot's number.
  std::uint64_t snapshot_in_progress = 0;
};

// Devices never seen before that were admitted since `permit_serial` was received.
struct NewDeviceCount {
  std::uint64_t permit_serial = 0;
  std::uint64_t count = 0;
};

// The latest trusted time, kept so that a clock set back is noticed (design section 4).
struct TimeMark {
  WallTime high_water{};
};

// A refusal where no registration exists yet; beside one, it is Registration::last_attempt.
struct LastAttempt {
  RegistrationId registration_id;
  FailedAttempt attempt;
  EnrollmentRef enrollment = {};  // that refused; none where nothing answered for the device
};

}  // namespace berth::domain
