// The bodies of what each node keeps of its own: a gateway's journal, the coordinator's memory of
// intake, identities.
#include "shared/protocol/sync/record_codec.hpp"
#include "shared/protocol/sync/wire_fields.hpp"

namespace berth::sync {
namespace {

void put(const domain::DeviceCredential& from, wire::DeviceCredential& to) {
  if (const auto* key = std::get_if<domain::SymmetricKeyCredential>(&from)) {
    to.mutable_symmetric_key()->set_primary(text_of(key->primary));
    to.mutable_symmetric_key()->set_secondary(text_of(key->secondary));
    to.set_signed_with_secondary(key->signed_with_secondary);
  } else if (const auto* thumbprint = std::get_if<domain::ThumbprintCredential>(&from)) {
    to.set_sha256_thumbprint(thumbprint->sha256);
    to.set_common_name(thumbprint->common_name);
  }
}

bool take(const wire::DeviceCredential& from, domain::DeviceCredential& to) {
  switch (from.kind_case()) {
    case wire::DeviceCredential::kSymmetricKey: {
      domain::SymmetricKeyCredential key;
      key.primary = secret_of(from.symmetric_key().primary());
      key.secondary = secret_of(from.symmetric_key().secondary());
      key.signed_with_secondary = from.signed_with_secondary();
      to = std::move(key);
      return true;
    }
    case wire::DeviceCredential::kSha256Thumbprint: {
      domain::ThumbprintCredential thumbprint;
      thumbprint.sha256 = from.sha256_thumbprint();
      thumbprint.common_name = from.common_name();
      to = std::move(thumbprint);
      return true;
    }
    case wire::DeviceCredential::KIND_NOT_SET: return false;
  }
  return false;
}

void wipe_secrets(wire::DeviceCredential& credential) {
  if (!credential.has_symmetric_key()) return;
  wipe_text(credential.mutable_symmetric_key()->mutable_primary());
  wipe_text(credential.mutable_symmetric_key()->mutable_secondary());
}

void put(const domain::PreviousAssignment& from, wire::PreviousAssignment& to) {
  to.set_hub_id(from.hub_id.str());
  to.set_host_name(from.host_name);
  to.set_device_id(from.device_id.str());
  to.set_hub_etag(from.hub_etag);
}

void take(const wire::PreviousAssignment& from, domain::PreviousAssignment& to) {
  take_id(from.hub_id(), to.hub_id);
  to.host_name = from.host_name();
  take_id(from.device_id(), to.device_id);
  to.hub_etag = from.hub_etag();
}

void put(const domain::HubAttempt& from, wire::HubAttempt& to) {
  to.set_hub_id(from.hub_id.str());
  to.set_host_name(from.host_name);
  to.set_at(unix_micros(from.at));
  if (from.failure) to.set_failure(std::string(name_of(*from.failure)));
  to.set_reason(from.reason);
}

void take(const wire::HubAttempt& from, domain::HubAttempt& to) {
  take_id(from.hub_id(), to.hub_id);
  to.host_name = from.host_name();
  to.at = from_unix_micros(from.at());
  if (from.has_failure()) to.failure = errc_of(from.failure());
  to.reason = from.reason();
}

void put(const domain::ApiFacts& from, wire::ApiFacts& to) {
  to.set_protocol(number_of(from.protocol));
  to.set_api_version(from.api_version);
  to.set_operation_id(from.operation_id);
  to.set_tracking_id(from.tracking_id);
  to.set_payload(from.payload);
}

bool take(const wire::ApiFacts& from, domain::ApiFacts& to) {
  to.api_version = from.api_version();
  to.operation_id = from.operation_id();
  to.tracking_id = from.tracking_id();
  to.payload = from.payload();
  return take_enum(from.protocol(), domain::DeviceProtocol::coap, to.protocol);
}

void put(const domain::AwaitedAllocation& from, wire::AwaitedAllocation& to) {
  to.set_leaf(text_of(from.leaf));
  to.set_signing_certificate(text_of(from.signing_certificate));
  to.set_endorsement_key(text_of(from.endorsement_key));
  to.set_storage_root_key(text_of(from.storage_root_key));
}

void take(const wire::AwaitedAllocation& from, domain::AwaitedAllocation& to) {
  to.leaf = bytes_of(from.leaf());
  to.signing_certificate = bytes_of(from.signing_certificate());
  to.endorsement_key = bytes_of(from.endorsement_key());
  to.storage_root_key = bytes_of(from.storage_root_key());
}

}  // namespace

Bytes encode(const domain::Intent& record) {
  wire::Intent message;
  message.set_format(kRecordFormat);
  message.set_registration_id(record.registration_id.str());
  message.set_arrival(unix_micros(record.arrival));
  put(record.arrival_moment, *message.mutable_arrival_moment());
  put(record.enrollment, *message.mutable_enrollment());
  message.set_permit_serial(record.permit_serial);
  message.set_is_new_device(record.is_new_device);
  message.set_attestation(number_of(record.attestation));
  message.set_hub_id(record.hub_id.str());
  message.set_host_name(record.host_name);
  message.set_device_id(record.device_id.str());
  put(record.credential, *message.mutable_credential());
  put(record.twin, *message.mutable_twin());
  message.set_replace_twin(record.replace_twin);
  if (record.iot_edge) message.set_iot_edge(*record.iot_edge);
  message.set_substatus(number_of(record.substatus));
  if (record.previous) put(*record.previous, *message.mutable_previous());
  message.set_migrate_twin(record.migrate_twin);
  message.set_payload(record.payload);
  for (const auto& attempt : record.attempts) put(attempt, *message.add_attempts());
  put(record.api, *message.mutable_api());
  if (record.allocation) put(*record.allocation, *message.mutable_allocation());
  if (record.decision != domain::DecisionTrace{}) put(record.decision, *message.mutable_decision());
  message.set_credential_id(record.credential_id);
  Bytes out = serialise(message);
  wipe_secrets(*message.mutable_credential());
  return out;
}

template <>
Result<domain::Intent> decode(ByteView body) {
  constexpr const char* kWhat = "an intent";
  wire::Intent message;
  if (auto parsed = parse_body(body, kWhat, message); !parsed) return parsed.error();
  domain::Intent record;
  const bool fits =
      take_id(message.registration_id(), record.registration_id) &&
      take_enum(message.attestation(), domain::AttestationType::tpm, record.attestation) &&
      take(message.credential(), record.credential) &&
      take_enum(message.substatus(),
                domain::RegistrationSubstatus::reprovisioned_to_initial_assignment,
                record.substatus) &&
      take(message.api(), record.api) &&
      (!message.has_decision() || take(message.decision(), record.decision));
  wipe_secrets(*message.mutable_credential());
  if (!fits) return unreadable(kWhat);
  record.arrival = from_unix_micros(message.arrival());
  take(message.arrival_moment(), record.arrival_moment);
  take(message.enrollment(), record.enrollment);
  record.permit_serial = message.permit_serial();
  record.is_new_device = message.is_new_device();
  take_id(message.hub_id(), record.hub_id);
  record.host_name = message.host_name();
  take_id(message.device_id(), record.device_id);
  take(message.twin(), record.twin);
  record.replace_twin = message.replace_twin();
  if (message.has_iot_edge()) record.iot_edge = message.iot_edge();
  if (message.has_previous()) take(message.previous(), record.previous.emplace());
  record.migrate_twin = message.migrate_twin();
  record.payload = message.payload();
  for (const auto& attempt : message.attempts()) take(attempt, record.attempts.emplace_back());
  if (message.has_allocation()) take(message.allocation(), record.allocation.emplace());
  record.credential_id = message.credential_id();
  return record;
}

Bytes encode(const domain::OutboxEntry& record) {
  wire::OutboxEntry message;
  message.set_format(kRecordFormat);
  put(record, message);
  return serialise(message);
}

template <>
Result<domain::OutboxEntry> decode(ByteView body) {
  constexpr const char* kWhat = "an outbox entry";
  wire::OutboxEntry message;
  if (auto parsed = parse_body(body, kWhat, message); !parsed) return parsed.error();
  domain::OutboxEntry record;
  if (!take(message, record)) return unreadable(kWhat);
  return record;
}

Bytes encode(const domain::OutboxIdentity& record) {
  wire::OutboxIdentity message;
  message.set_format(kRecordFormat);
  message.set_incarnation(record.incarnation);
  message.set_epoch(record.epoch);
  return serialise(message);
}

template <>
Result<domain::OutboxIdentity> decode(ByteView body) {
  wire::OutboxIdentity message;
  if (auto parsed = parse_body(body, "an outbox identity", message); !parsed) {
    return parsed.error();
  }
  domain::OutboxIdentity record;
  record.incarnation = message.incarnation();
  record.epoch = message.epoch();
  return record;
}

Bytes encode(const domain::CleanupTask& record) {
  wire::CleanupTask message;
  message.set_format(kRecordFormat);
  put(record, message);
  return serialise(message);
}

template <>
Result<domain::CleanupTask> decode(ByteView body) {
  constexpr const char* kWhat = "a clean-up task";
  wire::CleanupTask message;
  if (auto parsed = parse_body(body, kWhat, message); !parsed) return parsed.error();
  domain::CleanupTask record;
  if (!take(message, record)) return unreadable(kWhat);
  return record;
}

Bytes encode(const domain::Cursor& record) {
  wire::Cursor message;
  message.set_format(kRecordFormat);
  message.set_incarnation(record.incarnation);
  message.set_scope_version(record.scope_version);
  message.set_sequence(record.sequence);
  message.set_digest(text_of(record.digest));
  message.set_digest_key(text_of(record.digest_key));
  message.set_snapshot_in_progress(record.snapshot_in_progress);
  Bytes out = serialise(message);
  wipe_text(message.mutable_digest_key());
  return out;
}

template <>
Result<domain::Cursor> decode(ByteView body) {
  wire::Cursor message;
  if (auto parsed = parse_body(body, "a cursor", message); !parsed) return parsed.error();
  domain::Cursor record;
  record.incarnation = message.incarnation();
  record.scope_version = message.scope_version();
  record.sequence = message.sequence();
  record.digest = bytes_of(message.digest());
  record.digest_key = secret_of(message.digest_key());
  record.snapshot_in_progress = message.snapshot_in_progress();
  wipe_text(message.mutable_digest_key());
  return record;
}

Bytes encode(const domain::NewDeviceCount& record) {
  wire::NewDeviceCount message;
  message.set_format(kRecordFormat);
  message.set_permit_serial(record.permit_serial);
  message.set_count(record.count);
  return serialise(message);
}

template <>
Result<domain::NewDeviceCount> decode(ByteView body) {
  wire::NewDeviceCount message;
  if (auto parsed = parse_body(body, "a count of new devices", message); !parsed) {
    return parsed.error();
  }
  domain::NewDeviceCount record;
  record.permit_serial = message.permit_serial();
  record.count = message.count();
  return record;
}

Bytes encode(const domain::TimeMark& record) {
  wire::TimeMark message;
  message.set_format(kRecordFormat);
  message.set_high_water(unix_micros(record.high_water));
  return serialise(message);
}

template <>
Result<domain::TimeMark> decode(ByteView body) {
  wire::TimeMark message;
  if (auto parsed = parse_body(body, "a time mark", message); !parsed) return parsed.error();
  domain::TimeMark record;
  record.high_water = from_unix_micros(message.high_water());
  return record;
}

Bytes encode(const domain::LastAttempt& record) {
  wire::LastAttempt message;
  message.set_format(kRecordFormat);
  message.set_registration_id(record.registration_id.str());
  put(record.attempt, *message.mutable_attempt());
  put(record.enrollment, *message.mutable_enrollment());
  return serialise(message);
}

template <>
Result<domain::LastAttempt> decode(ByteView body) {
  constexpr const char* kWhat = "a last attempt";
  wire::LastAttempt message;
  if (auto parsed = parse_body(body, kWhat, message); !parsed) return parsed.error();
  domain::LastAttempt record;
  if (!take_id(message.registration_id(), record.registration_id)) return unreadable(kWhat);
  if (!take(message.attempt(), record.attempt)) return unreadable(kWhat);
  take(message.enrollment(), record.enrollment);
  return record;
}

Bytes encode(const domain::NodeIdentity& record) {
  wire::NodeIdentity message;
  message.set_format(kRecordFormat);
  message.set_node_id(record.node_id);
  message.set_private_key(text_of(record.private_key));
  message.set_certificate(text_of(record.certificate));
  message.set_ca_certificate(text_of(record.ca_certificate));
  Bytes out = serialise(message);
  wipe_text(message.mutable_private_key());
  return out;
}

template <>
Result<domain::NodeIdentity> decode(ByteView body) {
  wire::NodeIdentity message;
  if (auto parsed = parse_body(body, "a node identity", message); !parsed) return parsed.error();
  domain::NodeIdentity record;
  record.node_id = message.node_id();
  record.private_key = secret_of(message.private_key());
  record.certificate = bytes_of(message.certificate());
  record.ca_certificate = bytes_of(message.ca_certificate());
  wipe_text(message.mutable_private_key());
  return record;
}

Bytes encode(const domain::DefaultTenant& record) {
  wire::DefaultTenant message;
  message.set_format(kRecordFormat);
  message.set_id_scope(record.id_scope.str());
  return serialise(message);
}

template <>
Result<domain::DefaultTenant> decode(ByteView body) {
  wire::DefaultTenant message;
  if (auto parsed = parse_body(body, "the default tenant", message); !parsed) {
    return parsed.error();
  }
  domain::DefaultTenant record;
  take_id(message.id_scope(), record.id_scope);
  return record;
}

Bytes encode(const domain::SerialReservation& record) {
  wire::SerialReservation message;
  message.set_format(kRecordFormat);
  message.set_through(record.through);
  return serialise(message);
}

template <>
Result<domain::SerialReservation> decode(ByteView body) {
  wire::SerialReservation message;
  if (auto parsed = parse_body(body, "a reservation of serials", message); !parsed) {
    return parsed.error();
  }
  domain::SerialReservation record;
  record.through = message.through();
  return record;
}

Bytes encode(const domain::OutboxWatermark& record) {
  wire::OutboxWatermark message;
  message.set_format(kRecordFormat);
  message.set_gateway_id(record.gateway_id.str());
  message.set_incarnation(record.incarnation);
  message.set_sequence(record.sequence);
  put(record.contact_moment, *message.mutable_contact_moment());
  message.set_contact(unix_micros(record.contact));
  return serialise(message);
}

template <>
Result<domain::OutboxWatermark> decode(ByteView body) {
  wire::OutboxWatermark message;
  if (auto parsed = parse_body(body, "an outbox watermark", message); !parsed) {
    return parsed.error();
  }
  domain::OutboxWatermark record;
  take_id(message.gateway_id(), record.gateway_id);
  record.incarnation = message.incarnation();
  record.sequence = message.sequence();
  take(message.contact_moment(), record.contact_moment);
  record.contact = from_unix_micros(message.contact());
  return record;
}

Bytes encode(const domain::QuarantinedOutcome& record) {
  wire::QuarantinedOutcome message;
  message.set_format(kRecordFormat);
  message.set_gateway_id(record.gateway_id.str());
  message.set_incarnation(record.incarnation);
  put(record.entry, *message.mutable_entry());
  message.set_received(unix_micros(record.received));
  message.set_reason(record.reason);
  return serialise(message);
}

template <>
Result<domain::QuarantinedOutcome> decode(ByteView body) {
  constexpr const char* kWhat = "a quarantined outcome";
  wire::QuarantinedOutcome message;
  if (auto parsed = parse_body(body, kWhat, message); !parsed) return parsed.error();
  domain::QuarantinedOutcome record;
  if (!take(message.entry(), record.entry)) return unreadable(kWhat);
  take_id(message.gateway_id(), record.gateway_id);
  record.incarnation = message.incarnation();
  record.received = from_unix_micros(message.received());
  record.reason = message.reason();
  return record;
}

}  // namespace berth::sync
