#include "gateway/core/registration/outcomes.hpp"

#include "shared/protocol/errors.hpp"

namespace berth::gateway {
namespace {

// The decision as it was made, and what came of it in the hubs.
domain::DecisionTrace trace_of(const domain::Intent& intent, bool is_assigned) {
  domain::DecisionTrace trace = intent.decision;
  for (const domain::HubAttempt& attempt : intent.attempts) {
    const std::string end = is_assigned ? "" : "it was not begun, or its end is not known";
    domain::add_attempt(trace,
                        {attempt.host_name, attempt.at, attempt.failure ? attempt.reason : end});
  }
  return trace;
}

}  // namespace

domain::FailedAttempt attempt_failed_by(const Error& error, WallTime now) {
  const protocol::CatalogueEntry& told = protocol::device_error(error.code);
  return domain::FailedAttempt{now, told.error_code, std::string(told.message), error.reason, {}};
}

domain::OutboxEntry assigned_outcome(const domain::IdScope& tenant, const domain::Intent& intent,
                                     const domain::GatewayId& gateway,
                                     const KnownRegistration& known, const std::string& hub_etag,
                                     WallTime now) {
  domain::OutboxEntry entry;
  entry.id_scope = tenant;
  entry.kind = domain::OutboxEntry::Kind::assigned;
  entry.arrival_moment = intent.arrival_moment;
  entry.permit_serial = intent.permit_serial;
  entry.tracking_id = intent.api.tracking_id;
  entry.protocol = intent.api.protocol;

  domain::Registration& registration = entry.registration;
  registration.registration_id = intent.registration_id;
  registration.created = now;
  if (known.registration) {
    const domain::Registration& before = known.registration->record;
    registration.registration_id = before.registration_id;
    registration.created = before.created;
    registration.last_attempt = before.last_attempt;
  }
  registration.status = domain::RegistrationStatus::assigned;
  registration.substatus = intent.substatus;
  registration.hub_id = intent.hub_id;
  registration.assigned_hub = intent.host_name;
  registration.device_id = intent.device_id;
  registration.enrollment = intent.enrollment;
  registration.attestation = intent.attestation;
  registration.gateway_id = gateway;
  registration.arrival = intent.arrival;
  registration.updated = now;
  registration.payload = intent.payload;
  registration.hub_etag = hub_etag;
  registration.decision = trace_of(intent, true);
  registration.credential_id = intent.credential_id;
  return entry;
}

domain::OutboxEntry failed_outcome(const domain::IdScope& tenant, const domain::Intent& intent,
                                   const domain::GatewayId& gateway, const Error& error,
                                   WallTime now) {
  domain::OutboxEntry entry;
  entry.id_scope = tenant;
  entry.kind = domain::OutboxEntry::Kind::failed_attempt;
  entry.registration.registration_id = intent.registration_id;
  entry.registration.enrollment = intent.enrollment;
  entry.registration.gateway_id = gateway;
  entry.registration.arrival = intent.arrival;
  entry.registration.last_attempt = attempt_failed_by(error, now);
  entry.registration.last_attempt->decision = trace_of(intent, false);
  entry.arrival_moment = intent.arrival_moment;
  entry.permit_serial = intent.permit_serial;
  entry.tracking_id = intent.api.tracking_id;
  entry.protocol = intent.api.protocol;
  return entry;
}

}  // namespace berth::gateway
