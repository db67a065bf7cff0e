#include "shared/protocol/sync/wire_fields.hpp"

namespace berth::sync {

void put(const domain::Stamps& from, wire::Stamps& to) {
  to.set_created(unix_micros(from.created));
  to.set_updated(unix_micros(from.updated));
}

void take(const wire::Stamps& from, domain::Stamps& to) {
  to.created = from_unix_micros(from.created());
  to.updated = from_unix_micros(from.updated());
}

void put(const domain::InitialTwin& from, wire::InitialTwin& to) {
  to.set_tags(from.tags);
  to.set_desired(from.desired);
}

void take(const wire::InitialTwin& from, domain::InitialTwin& to) {
  to.tags = from.tags();
  to.desired = from.desired();
}

void put(const domain::EnrollmentRef& from, wire::EnrollmentRef& to) {
  to.set_is_group(from.is_group);
  to.set_id(from.id);
  to.set_version(from.version);
}

void take(const wire::EnrollmentRef& from, domain::EnrollmentRef& to) {
  to.is_group = from.is_group();
  to.id = from.id();
  to.version = from.version();
}

void put(const domain::FailedAttempt& from, wire::FailedAttempt& to) {
  to.set_at(unix_micros(from.at));
  to.set_error_code(from.error_code);
  to.set_message(from.message);
  to.set_reason(from.reason);
  if (from.decision != domain::DecisionTrace{}) put(from.decision, *to.mutable_decision());
}

bool take(const wire::FailedAttempt& from, domain::FailedAttempt& to) {
  to.at = from_unix_micros(from.at());
  to.error_code = from.error_code();
  to.message = from.message();
  to.reason = from.reason();
  return !from.has_decision() || take(from.decision(), to.decision);
}

void put(const domain::Registration& from, wire::Registration& to) {
  to.set_registration_id(from.registration_id.str());
  to.set_status(number_of(from.status));
  to.set_substatus(number_of(from.substatus));
  to.set_hub_id(from.hub_id.str());
  to.set_assigned_hub(from.assigned_hub);
  to.set_device_id(from.device_id.str());
  put(from.enrollment, *to.mutable_enrollment());
  to.set_attestation(number_of(from.attestation));
  to.set_gateway_id(from.gateway_id.str());
  to.set_arrival(unix_micros(from.arrival));
  to.set_created(unix_micros(from.created));
  to.set_updated(unix_micros(from.updated));
  to.set_payload(from.payload);
  to.set_hub_etag(from.hub_etag);
  if (from.last_attempt) put(*from.last_attempt, *to.mutable_last_attempt());
  if (from.superseded) {
    auto& superseded = *to.mutable_superseded();
    superseded.set_gateway_id(from.superseded->gateway_id.str());
    superseded.set_hub_id(from.superseded->hub_id.str());
    superseded.set_assigned_hub(from.superseded->assigned_hub);
    superseded.set_device_id(from.superseded->device_id.str());
    superseded.set_arrival(unix_micros(from.superseded->arrival));
  }
  to.set_arrival_clamped(from.arrival_clamped);
  to.set_credential_id(from.credential_id);
  if (from.decision != domain::DecisionTrace{}) put(from.decision, *to.mutable_decision());
}

bool take(const wire::Registration& from, domain::Registration& to) {
  if (!take_id(from.registration_id(), to.registration_id) ||
      !take_enum(from.status(), domain::RegistrationStatus::disabled, to.status) ||
      !take_enum(from.substatus(),
                 domain::RegistrationSubstatus::reprovisioned_to_initial_assignment,
                 to.substatus) ||
      !take_enum(from.attestation(), domain::AttestationType::tpm, to.attestation)) {
    return false;
  }
  take_id(from.hub_id(), to.hub_id);
  to.assigned_hub = from.assigned_hub();
  take_id(from.device_id(), to.device_id);
  take(from.enrollment(), to.enrollment);
  take_id(from.gateway_id(), to.gateway_id);
  to.arrival = from_unix_micros(from.arrival());
  to.created = from_unix_micros(from.created());
  to.updated = from_unix_micros(from.updated());
  to.payload = from.payload();
  to.hub_etag = from.hub_etag();
  if (from.has_last_attempt() && !take(from.last_attempt(), to.last_attempt.emplace())) {
    return false;
  }
  if (from.has_superseded()) {
    auto& superseded = to.superseded.emplace();
    take_id(from.superseded().gateway_id(), superseded.gateway_id);
    take_id(from.superseded().hub_id(), superseded.hub_id);
    superseded.assigned_hub = from.superseded().assigned_hub();
    take_id(from.superseded().device_id(), superseded.device_id);
    superseded.arrival = from_unix_micros(from.superseded().arrival());
  }
  to.arrival_clamped = from.arrival_clamped();
  to.credential_id = from.credential_id();
  return !from.has_decision() || take(from.decision(), to.decision);
}

void put(const domain::BootMoment& from, wire::BootMoment& to) {
  to.set_boot_id(from.boot_id);
  to.set_since_boot(from.since_boot.count());
}

void take(const wire::BootMoment& from, domain::BootMoment& to) {
  to.boot_id = from.boot_id();
  to.since_boot = std::chrono::microseconds{from.since_boot()};
}

void put(const domain::OutboxEntry& from, wire::OutboxEntry& to) {
  to.set_sequence(from.sequence);
  to.set_id_scope(from.id_scope.str());
  to.set_kind(number_of(from.kind));
  put(from.registration, *to.mutable_registration());
  put(from.arrival_moment, *to.mutable_arrival_moment());
  to.set_permit_serial(from.permit_serial);
  to.set_tracking_id(from.tracking_id);
  to.set_protocol(number_of(from.protocol));
}

bool take(const wire::OutboxEntry& from, domain::OutboxEntry& to) {
  to.sequence = from.sequence();
  take_id(from.id_scope(), to.id_scope);
  take(from.arrival_moment(), to.arrival_moment);
  to.permit_serial = from.permit_serial();
  to.tracking_id = from.tracking_id();
  return take_enum(from.kind(), domain::OutboxEntry::Kind::failed_attempt, to.kind) &&
         take_enum(from.protocol(), domain::DeviceProtocol::coap, to.protocol) &&
         take(from.registration(), to.registration);
}

void put(const domain::HubToken& from, wire::HubToken& to) {
  to.set_hub_id(from.hub_id.str());
  to.set_authorization(text_of(from.authorization));
  to.set_expiry(unix_micros(from.expiry));
  to.set_user_name(from.user_name);
  to.set_requests_per_minute(from.requests_per_minute);
}

void take(const wire::HubToken& from, domain::HubToken& to) {
  take_id(from.hub_id(), to.hub_id);
  to.authorization = secret_of(from.authorization());
  to.expiry = from_unix_micros(from.expiry());
  to.user_name = from.user_name();
  to.requests_per_minute = from.requests_per_minute();
}

void put(const domain::CleanupTask& from, wire::CleanupTask& to) {
  to.set_hub_id(from.hub_id.str());
  to.set_device_id(from.device_id.str());
  to.set_registration_id(from.registration_id.str());
  to.set_hub_etag(from.hub_etag);
  to.set_not_before(unix_micros(from.not_before));
  to.set_phase(number_of(from.phase));
}

bool take(const wire::CleanupTask& from, domain::CleanupTask& to) {
  take_id(from.hub_id(), to.hub_id);
  take_id(from.device_id(), to.device_id);
  to.hub_etag = from.hub_etag();
  to.not_before = from_unix_micros(from.not_before());
  return take_id(from.registration_id(), to.registration_id) &&
         take_enum(from.phase(), domain::CleanupTask::Phase::remove, to.phase);
}

Errc errc_of(const std::string& name) {
  for (auto number = 0U; number < number_of(Errc::internal); ++number) {
    const auto code = static_cast<Errc>(number);
    if (name_of(code) == name) return code;
  }
  return Errc::internal;
}

Error unreadable(const char* what) {
  return Error{Errc::corrupt, std::string("the bytes of ") + what + " do not parse"};
}

Error unknown_format(const char* what, std::uint32_t format) {
  return Error{Errc::unsupported, std::string(what) + " has format version " +
                                      std::to_string(format) +
                                      ", which this program does not know"};
}

}  // namespace berth::sync
