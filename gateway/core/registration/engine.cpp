#include "gateway/core/registration/engine.hpp"

#include <algorithm>
#include <utility>

#include "gateway/core/limits.hpp"
#include "gateway/core/registration/answers.hpp"
#include "gateway/core/registration/claim.hpp"
#include "gateway/core/registration/decision.hpp"
#include "gateway/core/registration/tpm_keys.hpp"
#include "shared/domain/reprovision.hpp"
#include "shared/protocol/sas_token.hpp"

namespace berth::gateway {
namespace {

// Only protocols that have a way back before the device is known can carry a challenge (device
// API 4.1).
bool carries_challenges(domain::DeviceProtocol protocol) {
  switch (protocol) {
    case domain::DeviceProtocol::https:
    case domain::DeviceProtocol::amqp:
    case domain::DeviceProtocol::amqp_ws: return true;
    case domain::DeviceProtocol::mqtt:
    case domain::DeviceProtocol::mqtt_ws:
    case domain::DeviceProtocol::coap: return false;
  }
  return false;
}

// Whether a refusal by match() is of the device's evidence, and not of a question that the records
// could not answer (EnrollmentLookup).
bool is_answer(Errc code) {
  return code != Errc::unavailable && code != Errc::corrupt && code != Errc::io;
}

}  // namespace

RegistrationEngine::RegistrationEngine(EngineSettings settings, EnginePorts ports)
    : settings_(std::move(settings)),
      ports_(ports),
      operations_(settings_.max_operations),
      waiting_room_(settings_.max_waiting, settings_.look_back_deadline, ports_.clock),
      refusals_(settings_, ports_),
      provisioner_(settings_, ports_, operations_),
      tpm_challenges_(settings_.max_tpm_challenges, ports_.crypto, ports_.clock, ports_.entropy) {}

void RegistrationEngine::restore(std::vector<JournaledIntent> intents) {
  for (JournaledIntent& journaled : intents) {
    const OperationRef ref{journaled.tenant, journaled.intent.registration_id, ++last_serial_,
                           journaled.intent.api.tracking_id};
    Operation& operation = operations_.reopen(ref);
    operation.operation_id = journaled.intent.api.operation_id;
    operation.opened = journaled.intent.arrival;
    operation.intent = std::move(journaled.intent);
    provisioner_.resume(operation);
  }
}

// ---- From the claim to a verdict ----

Actions RegistrationEngine::on_request(DeviceRequest request) {
  Actions out;
  PendingRequest pending;
  pending.request = std::move(request);
  pending.arrival = ports_.clock.wall();
  pending.arrived = ports_.clock.monotonic();
  if (const Result<void> read = read_claim(ports_.cache, ports_.crypto, pending); read) {
    process(std::move(pending), out);
  } else {
    if (is_failed_attestation(read.error().code) && !pending.tenant.empty()) {
      count_attestation(pending, false, out);
    }
    refusals_.refuse(pending, read.error(), std::nullopt, false, out);
  }
  return out;
}

Actions RegistrationEngine::on_register(RegisterRequest request) {
  return on_request(std::move(request));
}

Actions RegistrationEngine::on_poll(PollRequest request) {
  return on_request(std::move(request));
}

Actions RegistrationEngine::on_status_lookup(StatusRequest request) {
  return on_request(std::move(request));
}

// A request counts once, however often it is matched.
void RegistrationEngine::count_attestation(PendingRequest& pending, bool succeeded, Actions& out) {
  if (pending.is_counted || !std::holds_alternative<RegisterRequest>(pending.request)) return;
  pending.is_counted = true;
  count(out, Count::What::attestation_attempt, pending.tenant, pending.claim().protocol, {},
        succeeded);
}

void RegistrationEngine::process(PendingRequest pending, Actions& out) {
  const Result<KnownRegistration> known =
      ports_.cache.registration(pending.tenant, pending.registration_id);
  if (!known) {
    refusals_.refuse(pending, known.error(), std::nullopt, false, out);
    return;
  }
  const TpmChallenges::Device device{pending.tenant, pending.registration_id};
  std::vector<domain::TpmChallenge> challenges;
  if (pending.evidence.token) challenges = tpm_challenges_.open_for(device, pending.evidence.tpm);
  const domain::Verdict verdict =
      match_claim(ports_.cache, ports_.crypto, settings_.x509, ports_.clock.wall(), *known,
                  std::move(challenges), pending);
  if (const auto* refusal = std::get_if<domain::Refusal>(&verdict)) {
    const bool may_wait = refusal->matched_nothing && !pending.fenced && waiting_room_.has_room() &&
                          ports_.coordinator.linked(pending.tenant) &&
                          !refusals_.is_suspect(pending);
    if (may_wait) {
      waiting_room_.wait_for_fence(std::move(pending), out);
    } else {
      if (is_answer(refusal->error.code)) count_attestation(pending, false, out);
      refusals_.refuse(pending, refusal->error, refusal->enrollment,
                       known->registration.has_value(), out);
    }
    return;
  }
  if (const auto* due = std::get_if<domain::ChallengeDue>(&verdict)) {
    challenge(pending, *due, *known, out);
    return;
  }
  const domain::Attested& attested = *std::get_if<domain::Attested>(&verdict);
  count_attestation(pending, true, out);
  if (attested.tpm) tpm_challenges_.answered(device, *attested.tpm);
  if (std::holds_alternative<RegisterRequest>(pending.request)) {
    serve_register(std::move(pending), attested, *known, out);
  } else if (const auto* poll = std::get_if<PollRequest>(&pending.request)) {
    const PollRequest copy = *poll;
    serve_poll(std::move(pending), copy, attested, *known, out);
  } else {
    serve_status(std::move(pending), attested, *known, out);
  }
}

Actions RegistrationEngine::on_fence(const domain::IdScope& tenant, std::uint64_t ticket) {
  Actions out;
  process_all(waiting_room_.release_fence(tenant, ticket, out), out);
  return out;
}

Actions RegistrationEngine::on_look_back(const domain::IdScope& tenant,
                                         const domain::RegistrationId& registration_id) {
  Actions out;
  process_all(waiting_room_.release_look_back(tenant, registration_id), out);
  return out;
}

void RegistrationEngine::process_all(std::vector<PendingRequest> released, Actions& out) {
  for (PendingRequest& pending : released) process(std::move(pending), out);
}

bool RegistrationEngine::needs_look_back(const PendingRequest& pending,
                                         const KnownRegistration& known) const {
  return !known.current && !pending.looked_back && waiting_room_.has_room() &&
         ports_.coordinator.linked(pending.tenant);
}

void RegistrationEngine::challenge(const PendingRequest& pending, const domain::ChallengeDue& due,
                                   const KnownRegistration& known, Actions& out) {
  const Claim& claim = pending.claim();
  if (!carries_challenges(claim.protocol)) {
    refusals_.refuse(
        pending, Error{Errc::unsupported, "a TPM attests over HTTPS and AMQP, and not over this"},
        due.enrollment, known.registration.has_value(), out);
    return;
  }
  const SecretBytes key =
      tpm_challenges_.open({pending.tenant, pending.registration_id}, due.keys, claim.source);
  Result<Bytes> blob = wrap_for_tpm(
      due.keys, key, pending.tenant.str() + "/registrations/" + pending.registration_id.str(),
      ports_);
  if (!blob) {
    refusals_.refuse(pending, blob.error(), due.enrollment, known.registration.has_value(), out);
    return;
  }
  out.emplace_back(SendReply{Reply{pending.token(), ChallengeReply{std::move(*blob)}}});
}

// ---- What an attested request gets ----

void RegistrationEngine::serve_register(PendingRequest pending, const domain::Attested& attested,
                                        const KnownRegistration& known, Actions& out) {
  Operation* const operation = operations_.find(pending.tenant, pending.registration_id);
  if (operation != nullptr && !is_final(operation->state)) {
    join(*operation, std::move(pending), out);
  } else if (needs_look_back(pending, known)) {
    waiting_room_.wait_for_look_back(std::move(pending), out);
  } else {
    begin(std::move(pending), attested, known, out);
  }
}

void RegistrationEngine::join(Operation& operation, PendingRequest pending, Actions& out) {
  if (operation.state != OperationState::journaling_intent) {
    send(out, assigning_reply(pending.token(), operation));
  } else if (operation.joined.size() < kMaxJoinedRequests) {
    operation.joined.push_back(std::move(pending));
  } else {
    refusals_.refuse(pending,
                     Error{Errc::throttled, "too many requests of this device at one time"},
                     std::nullopt, false, out);
  }
}

void RegistrationEngine::begin(PendingRequest pending, const domain::Attested& attested,
                               const KnownRegistration& known, Actions& out) {
  const std::optional<domain::Registration> previous = registration_in(known);
  const bool is_known = previous.has_value();
  if (const Result<void> bound = domain::check_binding(previous, attested.enrollment); !bound) {
    refusals_.refuse(pending, bound.error(), attested.enrollment, is_known, out);
    return;
  }
  const Acquaintance acquaintance =
      domain::is_assignment(previous) ? Acquaintance::returning : Acquaintance::unseen;
  const Contact contact = known.current && ports_.coordinator.linked(pending.tenant)
                              ? Contact::confirmed
                              : Contact::alone;
  const Result<std::uint64_t> permit =
      ports_.admission.admit(pending.tenant, acquaintance, contact);
  if (!permit) {
    refusals_.refuse(pending, permit.error(), attested.enrollment, is_known, out);
    return;
  }

  const std::uint64_t hash = device_hash(pending.tenant.str(), pending.registration_id.folded());
  Operation* const opened = operations_.open(OperationRef{
      pending.tenant, pending.registration_id, ++last_serial_, protocol::new_guid(ports_.entropy)});
  if (opened == nullptr) {
    put_off(pending, "all operations are taken", out);
    return;
  }
  Operation& operation = *opened;
  // The answer names the tracking ID in every protocol: only HTTPS has a header for it.
  operation.operation_id = make_operation_id(hash, operation.ref.tracking_id);
  operation.contact = contact;
  operation.opened = pending.arrival;
  operation.updated = pending.arrival;

  operation.intent.permit_serial = *permit;
  provisioner_.begin(operation, std::move(pending), attested, previous, out);
}

// Several SDKs give up on 429 (device API 7): a 202 keeps them, and costs nothing here.
void RegistrationEngine::put_off(const PendingRequest& pending, const std::string& why,
                                 Actions& out) {
  const std::uint64_t hash = device_hash(pending.tenant.str(), pending.registration_id.folded());
  OperationReply later;
  later.status.operation_id = make_operation_id(hash, kUnopenedGuid);
  later.status.status = domain::RegistrationStatus::assigning;
  later.retry_after = kOverloadRetryAfter;
  out.emplace_back(Log{Log::Level::warning,
                       pending.tenant.str(),
                       pending.registration_id.str(),
                       pending.claim().source,
                       {},
                       why + "; the device was put off"});
  send(out, Reply{pending.token(), std::move(later)});
}

// The primary key that the hub was given, for the chip alone.
Result<Bytes> RegistrationEngine::identity_key_for(const domain::TpmChallenge& answered,
                                                   const domain::Intent& intent) const {
  const auto* keys = std::get_if<domain::SymmetricKeyCredential>(&intent.credential);
  if (keys == nullptr) return Error{Errc::internal, "the intent of a TPM's device has no key"};
  return wrap_for_tpm(answered.keys, keys->primary,
                      intent.host_name + "/devices/" + intent.device_id.str(), ports_);
}

void RegistrationEngine::serve_poll(PendingRequest pending, const PollRequest& poll,
                                    const domain::Attested& attested,
                                    const KnownRegistration& known, Actions& out) {
  // An operation belongs to the device that its ID names, and that device alone may read it.
  const std::optional<OperationIdParts> parts = parse_operation_id(poll.operation_id);
  if (!parts ||
      parts->device_hash != device_hash(pending.tenant.str(), pending.registration_id.folded())) {
    refusals_.refuse(pending, Error{Errc::not_found, "the operation is not one of this device"},
                     std::nullopt, false, out);
    return;
  }
  // An earlier operation of the device is answered with the one that took its place.
  if (const Operation* operation = operations_.find(pending.tenant, pending.registration_id)) {
    if (!is_final(operation->state)) {
      send(out, assigning_reply(pending.token(), *operation));
      return;
    }
    OperationReply reply;
    reply.status.operation_id = operation->operation_id;
    reply.status.result = result_of(*operation, known, attested);
    if (attested.tpm && operation->state == OperationState::assigned) {
      // For the chip that asks, with the storage root key that it has now.
      Result<Bytes> blob = identity_key_for(*attested.tpm, operation->intent);
      if (!blob) {
        refusals_.refuse(pending, blob.error(), attested.enrollment, true, out);
        return;
      }
      reply.status.result->tpm_authentication_key = std::move(*blob);
    }
    reply.status.status = reply.status.result->registration.status;
    send(out, Reply{pending.token(), std::move(reply), operation->ref.tracking_id});
    return;
  }
  if (parts->guid == kUnopenedGuid) {
    pending.request = RegisterRequest{poll.token, poll.claim, {}};
    pending.is_counted = true;  // when it was put off
    serve_register(std::move(pending), attested, known, out);
    return;
  }
  if (needs_look_back(pending, known)) {
    waiting_room_.wait_for_look_back(std::move(pending), out);
    return;
  }
  if (!domain::is_assignment(registration_in(known))) {
    refusals_.refuse(pending, Error{Errc::not_found, "the operation is not known here"},
                     std::nullopt, false, out);
    return;
  }
  // The operation was forgotten, or ended at another gateway; what it led to is known. A TPM's key
  // went with it: the device registers again, and is given another.
  if (attested.tpm) {
    refusals_.refuse(pending, Error{Errc::not_found, "the operation is not known here any more"},
                     std::nullopt, false, out);
    return;
  }
  OperationReply reply;
  reply.status.operation_id = poll.operation_id;
  reply.status.result = result_of(*known.registration, attested);
  reply.status.status = reply.status.result->registration.status;
  send(out, Reply{pending.token(), std::move(reply)});
}

void RegistrationEngine::serve_status(PendingRequest pending, const domain::Attested& attested,
                                      const KnownRegistration& known, Actions& out) {
  if (const Operation* operation = operations_.find(pending.tenant, pending.registration_id)) {
    RegistrationReply reply{result_of(*operation, known, attested)};
    send(out, Reply{pending.token(), std::move(reply), operation->ref.tracking_id});
    return;
  }
  if (needs_look_back(pending, known)) {
    waiting_room_.wait_for_look_back(std::move(pending), out);
    return;
  }
  if (!known.registration) {
    refusals_.refuse(pending, Error{Errc::not_found, "the device is not registered"}, std::nullopt,
                     false, out);
    return;
  }
  RegistrationReply reply{result_of(*known.registration, attested)};
  send(out, Reply{pending.token(), std::move(reply)});
}

// ---- The way of an accepted operation ----

Actions RegistrationEngine::on_journaled(const OperationRef& ref, const Result<void>& result) {
  Actions out;
  std::optional<IntentRefused> refused = provisioner_.on_journaled(ref, result, out);
  if (refused) reconsider(std::move(*refused), out);
  return out;
}

// Nothing was accepted. If the enrollment changed between the match and the journal, everybody who
// waits is matched against what stands there now.
void RegistrationEngine::reconsider(IntentRefused refused, Actions& out) {
  const Error& error = refused.error;
  for (PendingRequest& pending : refused.waiting) {
    if (error.code == Errc::version_mismatch && ++pending.decisions < kMaxDecisionRounds) {
      process(std::move(pending), out);
      continue;
    }
    if (error.code == Errc::throttled) {
      put_off(pending, error.reason, out);
      continue;
    }
    // The device may try again; that two versions met is no word for it.
    const Errc told = error.code == Errc::version_mismatch ? Errc::unavailable : error.code;
    refusals_.refuse(pending, Error{told, error.reason}, std::nullopt, false, out);
  }
}

Actions RegistrationEngine::on_hub_outcome(const OperationRef& ref,
                                           const Result<hub::HubOutcome>& result) {
  Actions out;
  provisioner_.on_hub_outcome(ref, result, out);
  return out;
}

Actions RegistrationEngine::on_allocation(const OperationRef& ref,
                                          const Result<domain::CustomAllocationAnswer>& answer) {
  Actions out;
  provisioner_.on_allocation(ref, answer, out);
  return out;
}

// ---- Time ----

Actions RegistrationEngine::on_time() {
  Actions out;
  const MonotonicTime now = ports_.clock.monotonic();
  refusals_.on_time(now, out);
  process_all(waiting_room_.release_due_fences(now, out), out);
  int served = 0;
  for (; served < kMaxWakesPerCall; ++served) {
    std::vector<PendingRequest> released = waiting_room_.release_due_look_back(now);
    if (released.empty()) break;
    process_all(std::move(released), out);
  }
  for (; served < kMaxWakesPerCall; ++served) {
    Operation* const operation = operations_.take_due(now);
    if (operation == nullptr) break;
    provisioner_.on_due(*operation, out);
  }
  return out;
}

std::optional<MonotonicTime> RegistrationEngine::next_wake() const {
  std::optional<MonotonicTime> next = operations_.next_wake();
  for (const auto& other : {waiting_room_.next_wake(), refusals_.next_wake()}) {
    if (other && (!next || *other < *next)) next = other;
  }
  return next;
}

}  // namespace berth::gateway
