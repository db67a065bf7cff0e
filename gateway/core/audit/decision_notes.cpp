#include "gateway/core/audit/decision_notes.hpp"

#include <string>

#include "shared/protocol/errors.hpp"

namespace berth::gateway {
namespace {

std::string_view text_of(domain::DeviceProtocol protocol) {
  switch (protocol) {
    case domain::DeviceProtocol::https: return "https";
    case domain::DeviceProtocol::mqtt: return "mqtt";
    case domain::DeviceProtocol::mqtt_ws: return "mqtt_ws";
    case domain::DeviceProtocol::amqp: return "amqp";
    case domain::DeviceProtocol::amqp_ws: return "amqp_ws";
    case domain::DeviceProtocol::coap: return "coap";
  }
  return {};
}

std::string_view text_of(domain::AttestationType type) {
  switch (type) {
    case domain::AttestationType::symmetric_key: return "symmetricKey";
    case domain::AttestationType::x509: return "x509";
    case domain::AttestationType::tpm: return "tpm";
  }
  return {};
}

void add_enrollment(domain::AuditNote& note, const domain::EnrollmentRef& enrollment) {
  note.add(enrollment.is_group ? "enrollmentGroup" : "enrollment", enrollment.id);
  note.add("enrollmentVersion", std::to_string(enrollment.version));
}

}  // namespace

domain::AuditNote note_of(const JournalIntent& entry) {
  const domain::Intent& intent = entry.intent;
  domain::AuditNote note;
  note.tenant = entry.operation.tenant;
  note.kind = "accepted";
  note.add("registrationId", intent.registration_id.str());
  add_enrollment(note, intent.enrollment);
  note.add("attestation", text_of(intent.attestation));
  note.add("protocol", text_of(intent.api.protocol));
  note.add("hub", intent.host_name).add("deviceId", intent.device_id.str());
  note.add("arrival", to_iso8601(intent.arrival));
  note.add("device", intent.is_new_device ? "new" : "returning");
  note.add("permitSerial", std::to_string(intent.permit_serial));
  note.add("coordinator", entry.contact == Contact::confirmed ? "linked" : "away");
  note.add("trackingId", intent.api.tracking_id);
  return note;
}

domain::AuditNote note_of(const JournalOutcome& entry) {
  const domain::Registration& outcome = entry.entry.registration;
  domain::AuditNote note;
  note.tenant = entry.operation.tenant;
  note.add("registrationId", outcome.registration_id.str());
  add_enrollment(note, outcome.enrollment);
  if (entry.entry.kind == domain::OutboxEntry::Kind::assigned) {
    // What leaves an identity behind in another hub has moved.
    const bool is_elsewhere =
        !entry.cleanup.empty() &&
        outcome.substatus != domain::RegistrationSubstatus::initial_assignment;
    note.kind = is_elsewhere ? "moved" : "assigned";
    note.add("hub", outcome.assigned_hub).add("deviceId", outcome.device_id.str());
    for (const domain::CleanupTask& task : entry.cleanup) {
      note.add("leaves" + std::to_string(&task - entry.cleanup.data()), task.hub_id.str());
    }
  } else {
    note.kind = "failed";
    if (outcome.last_attempt) {
      note.add("errorCode", std::to_string(outcome.last_attempt->error_code));
      note.add("reason", outcome.last_attempt->reason);
    }
  }
  note.add("trackingId", entry.entry.tracking_id);
  return note;
}

domain::AuditNote note_of(const Refused& refused) {
  domain::AuditNote note;
  note.tenant = refused.tenant;
  note.kind = "refused";
  note.add("registrationId", refused.registration_id);
  note.add("reasonCode", name_of(refused.error.code));
  note.add("errorCode", std::to_string(protocol::device_error(refused.error.code).error_code));
  note.add("reason", refused.error.reason).add("source", refused.source);
  note.add("protocol", text_of(refused.protocol)).add("trackingId", refused.tracking_id);
  return note;
}

domain::AuditNote note_of_unreadable(const domain::IdScope& tenant, const std::string& id,
                                     const Error& why) {
  domain::AuditNote note;
  note.tenant = tenant;
  note.kind = "failed";
  note.add("registrationId", id);
  note.add("errorCode", std::to_string(protocol::device_error(why.code).error_code));
  note.add("reason", "its entry in the journal can't be read: " + why.reason);
  return note;
}

domain::AuditNote note_of(const domain::IdScope& tenant, const domain::CleanupTask& task,
                          std::string_view step) {
  domain::AuditNote note;
  note.tenant = tenant;
  note.kind = "cleaned_up";
  note.add("registrationId", task.registration_id.str());
  note.add("hubId", task.hub_id.str()).add("deviceId", task.device_id.str());
  note.add("step", step);
  return note;
}

}  // namespace berth::gateway
