#include "gateway/core/registration/answers.hpp"

#include <utility>

#include "gateway/core/limits.hpp"
#include "shared/protocol/record_etag.hpp"

namespace berth::gateway {

void send(Actions& out, Reply reply) {
  out.emplace_back(SendReply{std::move(reply)});
}

Reply assigning_reply(RequestToken token, const Operation& operation) {
  OperationReply reply;
  reply.status.operation_id = operation.operation_id;
  reply.status.status = domain::RegistrationStatus::assigning;
  reply.retry_after = kRetryAfter;
  protocol::RegistrationResult result;
  result.registration.registration_id = operation.intent.registration_id;
  result.registration.status = domain::RegistrationStatus::assigning;
  result.registration.created = operation.opened;
  result.registration.updated = operation.updated;
  result.etag = protocol::record_etag(0, operation.opened);
  reply.status.result = std::move(result);
  return Reply{token, std::move(reply), operation.ref.tracking_id};
}

protocol::RegistrationResult result_of(const domain::Versioned<domain::Registration>& registration,
                                       const domain::Attested& attested) {
  protocol::RegistrationResult result;
  result.registration = registration.record;
  result.etag = protocol::record_etag(registration.version, registration.record.created);
  if (registration.record.status == domain::RegistrationStatus::failed &&
      registration.record.last_attempt) {
    result.error_code = registration.record.last_attempt->error_code;
    result.error_message = registration.record.last_attempt->message;
  }
  if (registration.record.attestation == domain::AttestationType::x509) {
    result.certificate = attested.leaf;
    result.signing_certificate = attested.signing_certificate;
  }
  return result;
}

protocol::RegistrationResult result_of(const Operation& operation, const KnownRegistration& known,
                                       const domain::Attested& attested) {
  const domain::Registration& outcome = operation.outcome.entry.registration;
  domain::Versioned<domain::Registration> shown;
  if (operation.state == OperationState::assigned) {
    shown.record = outcome;
    shown.version = known.registration ? known.registration->version : 1;
    return result_of(shown, attested);
  }
  // No hub is shown: an earlier assignment is not what this operation is about.
  shown.record.registration_id = operation.intent.registration_id;
  shown.record.status = operation.state == OperationState::failed
                            ? domain::RegistrationStatus::failed
                            : domain::RegistrationStatus::assigning;
  shown.record.enrollment = operation.intent.enrollment;
  shown.record.attestation = operation.intent.attestation;
  shown.record.created = operation.opened;
  shown.record.updated = operation.updated;
  if (operation.state == OperationState::failed) shown.record.last_attempt = outcome.last_attempt;
  return result_of(shown, attested);
}

}  // namespace berth::gateway
