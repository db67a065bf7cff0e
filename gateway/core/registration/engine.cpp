#include "gateway/core/registration/engine.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "gateway/core/registration/hub_attempts.hpp"
#include "gateway/core/registration/registration_etag.hpp"
#include "shared/base/encoding.hpp"
#include "shared/domain/attestation/match.hpp"
#include "shared/domain/reprovision.hpp"
#include "shared/protocol/errors.hpp"
#include "shared/protocol/sas_token.hpp"

namespace berth::gateway {
namespace {

// Most wakes that one on_time() serves; the rest are due at once, in the next call.
constexpr int kMaxWakesPerCall = 256;

// What a device wrote, fit for one line of a log.
std::string loggable(std::string_view text) {
  std::string out(text.substr(0, kMaxLoggedText));
  for (char& c : out) {
    if (c < 0x20 || c > 0x7E) c = '?';
  }
  return out;
}

std::optional<domain::Registration> assignment_in(const KnownRegistration& known) {
  if (!known.registration) return std::nullopt;
  return known.registration->record;
}

void count(Actions& out, Count::What what, const domain::IdScope& tenant,
           domain::DeviceProtocol protocol, const std::string& hub, bool succeeded) {
  out.emplace_back(Count{what, tenant, protocol, hub, succeeded});
}

}  // namespace

RegistrationEngine::RegistrationEngine(EngineSettings settings, EnginePorts ports)
    : settings_(std::move(settings)), ports_(ports), operations_(settings_.max_operations) {}

void RegistrationEngine::restore(std::vector<JournaledIntent> intents) {
  for (JournaledIntent& journaled : intents) {
    const OperationRef ref{journaled.tenant, journaled.intent.registration_id, ++last_serial_};
    Operation& operation = operations_.reopen(ref);
    operation.operation_id = journaled.intent.api.operation_id;
    operation.state = OperationState::waiting_to_apply;
    operation.durable_hub = journaled.intent.hub_id;
    operation.opened = journaled.intent.arrival;
    operation.updated = ports_.clock.wall();
    operation.intent = std::move(journaled.intent);
    begin_attempt(operation.intent, operation.durable_hub, operation.intent.host_name,
                  operation.opened);
    note_interruption(operation.intent);
    // Spread, so that a restart does not fall upon the hubs all at once.
    operations_.wake_at(operation, next_try(0));
  }
}

// ---- From the claim to a verdict ----

Actions RegistrationEngine::on_request(DeviceRequest request) {
  Actions out;
  PendingRequest pending;
  pending.request = std::move(request);
  pending.arrival = ports_.clock.wall();
  pending.arrived = ports_.clock.monotonic();
  if (const Result<void> read = read_claim(pending); read) {
    process(std::move(pending), out);
  } else {
    refuse(pending, read.error(), std::nullopt, false, out);
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

// Bounds and parses what the device sent, before anything is looked up for it.
Result<void> RegistrationEngine::read_claim(PendingRequest& pending) const {
  const Claim& claim = pending.claim();

  const std::optional<domain::IdScope> tenant = ports_.cache.tenant(claim.id_scope);
  if (!tenant) return Error{Errc::unauthorized, "this gateway serves no such ID scope"};
  pending.tenant = *tenant;

  Result<domain::RegistrationId> id = domain::RegistrationId::parse(claim.registration_id);
  if (!id) return id.error();
  pending.registration_id = *id;

  const protocol::RegisterBody* body = nullptr;
  if (const auto* registering = std::get_if<RegisterRequest>(&pending.request)) {
    body = &registering->body;
  } else if (const auto* asking = std::get_if<StatusRequest>(&pending.request)) {
    body = &asking->body;
  }
  if (body != nullptr) {
    if (body->has_csr) {
      return Error{Errc::unsupported, "the device asks for a certificate; none is issued here"};
    }
    if (body->registration_id && !equals_ignoring_case(*body->registration_id, id->str())) {
      return Error{Errc::invalid, "the body names another registration ID"};
    }
    if (body->tpm) {
      pending.evidence.tpm =
          domain::TpmEvidence{body->tpm->endorsement_key, body->tpm->storage_root_key};
    }
  }
  if (!claim.chain.empty()) {
    Result<std::vector<ports::Certificate>> chain =
        domain::parse_presented_chain(claim.chain, ports_.crypto);
    if (!chain) return chain.error();
    pending.evidence.chain = std::move(*chain);
  }
  if (!claim.sas_token.empty()) {
    Result<domain::SasToken> token = protocol::parse_sas_token(as_text(claim.sas_token.reveal()));
    if (!token) return token.error();
    pending.evidence.token = std::move(*token);
  }
  return {};
}

domain::Verdict RegistrationEngine::match(PendingRequest& pending,
                                          const KnownRegistration& known) const {
  domain::MatchRequest request;
  request.id_scope = pending.tenant;
  request.registration_id = pending.registration_id;
  request.evidence = std::move(pending.evidence);
  request.now = ports_.clock.wall();
  const std::optional<domain::Registration> previous = assignment_in(known);
  if (domain::is_assignment(previous)) request.bound_to = previous->enrollment;
  const auto enrollments = ports_.cache.enrollments(pending.tenant);
  domain::Verdict verdict = domain::match(request, *enrollments, ports_.crypto, settings_.x509);
  pending.evidence = std::move(request.evidence);
  return verdict;
}

void RegistrationEngine::process(PendingRequest pending, Actions& out) {
  const Result<KnownRegistration> known =
      ports_.cache.registration(pending.tenant, pending.registration_id);
  if (!known) {
    refuse(pending, known.error(), std::nullopt, false, out);
    return;
  }
  const domain::Verdict verdict = match(pending, *known);
  if (const auto* refusal = std::get_if<domain::Refusal>(&verdict)) {
    const bool may_wait = refusal->matched_nothing && !pending.fenced &&
                          waiting_ < settings_.max_waiting &&
                          ports_.coordinator.linked(pending.tenant);
    if (may_wait) {
      wait_for_fence(std::move(pending), out);
    } else {
      refuse(pending, refusal->error, refusal->enrollment, known->registration.has_value(), out);
    }
    return;
  }
  const domain::Attested& attested = *std::get_if<domain::Attested>(&verdict);
  if (std::holds_alternative<RegisterRequest>(pending.request)) {
    serve_register(std::move(pending), attested, *known, out);
  } else if (const auto* poll = std::get_if<PollRequest>(&pending.request)) {
    const PollRequest copy = *poll;
    serve_poll(std::move(pending), copy, attested, *known, out);
  } else {
    serve_status(std::move(pending), attested, *known, out);
  }
}

void RegistrationEngine::wait_for_fence(PendingRequest pending, Actions& out) {
  ++waiting_;
  const domain::IdScope tenant = pending.tenant;
  const auto [fence, is_new] = fences_.try_emplace(tenant);
  if (!is_new) {
    fence->second.next.push_back(std::move(pending));
    return;
  }
  fence->second.ticket = ++last_serial_;
  fence->second.deadline = ports_.clock.monotonic() + kFenceDeadline;
  fence->second.waiting.push_back(std::move(pending));
  out.emplace_back(RequestFence{tenant, fence->second.ticket});
}

void RegistrationEngine::release_fence(std::map<domain::IdScope, Fence>::iterator fence,
                                       Actions& out) {
  std::vector<PendingRequest> released = std::move(fence->second.waiting);
  if (fence->second.next.empty()) {
    fences_.erase(fence);
  } else {
    Fence& again = fence->second;
    again.waiting = std::exchange(again.next, {});
    again.ticket = ++last_serial_;
    // Nobody waits longer for having come while another question was under way.
    again.deadline = again.waiting.front().arrived + kFenceDeadline;
    out.emplace_back(RequestFence{fence->first, again.ticket});
  }
  waiting_ -= released.size();
  for (PendingRequest& pending : released) {
    pending.fenced = true;
    process(std::move(pending), out);
  }
}

Actions RegistrationEngine::on_fence(const domain::IdScope& tenant, std::uint64_t ticket) {
  Actions out;
  const auto fence = fences_.find(tenant);
  if (fence != fences_.end() && fence->second.ticket == ticket) release_fence(fence, out);
  return out;
}

bool RegistrationEngine::needs_look_back(const PendingRequest& pending,
                                         const KnownRegistration& known) const {
  return !known.current && !pending.looked_back && waiting_ < settings_.max_waiting &&
         ports_.coordinator.linked(pending.tenant);
}

void RegistrationEngine::wait_for_look_back(PendingRequest pending, Actions& out) {
  ++waiting_;
  const DeviceKey key{pending.tenant, pending.registration_id};
  const auto [look_back, is_new] = look_backs_.try_emplace(key);
  look_back->second.waiting.push_back(std::move(pending));
  if (!is_new) return;
  look_back->second.deadline = ports_.clock.monotonic() + settings_.look_back_deadline;
  look_back_deadlines_.emplace(look_back->second.deadline, key);
  out.emplace_back(LookBack{key.first, key.second});
}

void RegistrationEngine::release_look_back(std::map<DeviceKey, LookingBack>::iterator look_back,
                                           Actions& out) {
  std::vector<PendingRequest> released = std::move(look_back->second.waiting);
  look_back_deadlines_.erase({look_back->second.deadline, look_back->first});
  look_backs_.erase(look_back);
  waiting_ -= released.size();
  for (PendingRequest& pending : released) {
    pending.looked_back = true;
    process(std::move(pending), out);
  }
}

Actions RegistrationEngine::on_look_back(const domain::IdScope& tenant,
                                         const domain::RegistrationId& registration_id) {
  Actions out;
  const auto look_back = look_backs_.find(DeviceKey{tenant, registration_id});
  if (look_back != look_backs_.end()) release_look_back(look_back, out);
  return out;
}

void RegistrationEngine::refuse(const PendingRequest& pending, const Error& error,
                                const std::optional<domain::EnrollmentRef>& enrollment,
                                bool is_known, Actions& out) {
  const Claim& claim = pending.claim();
  Refusal refusal;
  refusal.code = error.code;
  refusal.tracking_id = protocol::new_guid(ports_.entropy);
  if (error.code == Errc::throttled || error.code == Errc::unavailable) {
    refusal.retry_after = kOverloadRetryAfter;
  }
  out.emplace_back(Log{Log::Level::warning, loggable(claim.id_scope),
                       loggable(claim.registration_id), claim.source, refusal.tracking_id,
                       error.reason});
  if (std::holds_alternative<RegisterRequest>(pending.request) && !pending.tenant.empty()) {
    count(out, Count::What::attestation_attempt, pending.tenant, claim.protocol, {}, false);
    // Recorded beside what exists, and only there: IDs that somebody makes up fill no disk.
    if ((is_known || enrollment) && may_record_attempt()) {
      domain::OutboxEntry entry;
      entry.id_scope = pending.tenant;
      entry.kind = domain::OutboxEntry::Kind::failed_attempt;
      entry.registration.registration_id = pending.registration_id;
      if (enrollment) entry.registration.enrollment = *enrollment;
      entry.registration.gateway_id = settings_.gateway_id;
      entry.registration.arrival = pending.arrival;
      const protocol::CatalogueEntry& told = protocol::device_error(error.code);
      entry.registration.last_attempt = domain::FailedAttempt{
          ports_.clock.wall(), told.error_code, std::string(told.message), error.reason};
      entry.arrival_moment = {
          settings_.boot_id,
          std::chrono::duration_cast<std::chrono::microseconds>(pending.arrived)};
      out.emplace_back(RecordAttempt{std::move(entry)});
    }
  }
  out.emplace_back(SendReply{Reply{pending.token(), std::move(refusal)}});
}

// Each one costs a write: who guesses at an enrolled ID must not set the pace of the disk.
bool RegistrationEngine::may_record_attempt() {
  const auto second = std::chrono::floor<std::chrono::seconds>(ports_.clock.monotonic());
  if (second != recording_since_) {
    recording_since_ = second;
    recorded_attempts_ = 0;
  }
  return recorded_attempts_++ < kMaxRecordedAttempts;
}

// ---- What an attested request gets ----

void RegistrationEngine::serve_register(PendingRequest pending, const domain::Attested& attested,
                                        const KnownRegistration& known, Actions& out) {
  Operation* const operation = operations_.find(pending.tenant, pending.registration_id);
  if (operation != nullptr && !is_final(operation->state)) {
    join(*operation, std::move(pending), out);
  } else if (needs_look_back(pending, known)) {
    wait_for_look_back(std::move(pending), out);
  } else {
    begin(std::move(pending), attested, known, out);
  }
}

void RegistrationEngine::join(Operation& operation, PendingRequest pending, Actions& out) {
  if (operation.state != OperationState::journaling_intent) {
    out.emplace_back(SendReply{assigning_reply(pending.token(), operation)});
  } else if (operation.joined.size() < kMaxJoinedRequests) {
    operation.joined.push_back(std::move(pending));
  } else {
    refuse(pending, Error{Errc::throttled, "too many requests of this device at one time"},
           std::nullopt, false, out);
  }
}

void RegistrationEngine::begin(PendingRequest pending, const domain::Attested& attested,
                               const KnownRegistration& known, Actions& out) {
  const std::optional<domain::Registration> previous = assignment_in(known);
  const bool is_known = previous.has_value();
  if (const Result<void> bound = domain::check_binding(previous, attested.enrollment); !bound) {
    refuse(pending, bound.error(), attested.enrollment, is_known, out);
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
    refuse(pending, permit.error(), attested.enrollment, is_known, out);
    return;
  }

  const Claim& claim = pending.claim();
  const std::uint64_t hash = device_hash(pending.tenant.str(), pending.registration_id.folded());
  Operation* const opened =
      operations_.open(OperationRef{pending.tenant, pending.registration_id, ++last_serial_});
  if (opened == nullptr) {
    // Several SDKs give up on 429 (device API 7): a 202 keeps them, and costs nothing here.
    OperationReply later;
    later.status.operation_id = make_operation_id(hash, kUnopenedGuid);
    later.status.status = domain::RegistrationStatus::assigning;
    later.retry_after = kOverloadRetryAfter;
    out.emplace_back(Log{Log::Level::warning,
                         pending.tenant.str(),
                         pending.registration_id.str(),
                         claim.source,
                         {},
                         "all operations are taken; the device was put off"});
    out.emplace_back(SendReply{Reply{pending.token(), std::move(later)}});
    return;
  }
  Operation& operation = *opened;
  operation.operation_id = make_operation_id(hash, protocol::new_guid(ports_.entropy));
  operation.contact = contact;
  operation.opened = pending.arrival;
  operation.updated = pending.arrival;

  domain::Intent& intent = operation.intent;
  intent.registration_id = pending.registration_id;
  intent.arrival = pending.arrival;
  intent.arrival_moment = {settings_.boot_id,
                           std::chrono::duration_cast<std::chrono::microseconds>(pending.arrived)};
  intent.enrollment = attested.enrollment;
  intent.permit_serial = *permit;
  intent.is_new_device = acquaintance == Acquaintance::unseen;
  intent.attestation = attested.type;
  intent.credential = attested.credential;
  intent.iot_edge = attested.provisioning.iot_edge;
  intent.api = {claim.protocol, claim.api_version, operation.operation_id, {}};
  if (const auto* registering = std::get_if<RegisterRequest>(&pending.request)) {
    intent.api.payload = registering->body.payload;
  }
  count(out, Count::What::attestation_attempt, pending.tenant, claim.protocol, {}, true);

  const Result<void> decided =
      decide(decision_inputs(), operation.ref.tenant, attested.provisioning, attested.device_id,
             previous, pending.arrival, intent);
  if (!decided) {
    // The device is who it says; what it may get is for the admin to put right. Nothing was
    // accepted, so nothing but the attempt is written.
    log(out, Log::Level::warning, operation.ref, decided.error().reason);
    operation.outcome.entry = failed_attempt(operation, decided.error());
    out.emplace_back(RecordAttempt{operation.outcome.entry});
    out.emplace_back(SendReply{assigning_reply(pending.token(), operation)});
    finish(operation, out);
    return;
  }
  operation.joined.push_back(std::move(pending));
  out.emplace_back(JournalIntent{operation.ref, operation.intent, operation.contact});
}

void RegistrationEngine::serve_poll(PendingRequest pending, const PollRequest& poll,
                                    const domain::Attested& attested,
                                    const KnownRegistration& known, Actions& out) {
  // An operation belongs to the device that its ID names, and that device alone may read it.
  const std::optional<OperationIdParts> parts = parse_operation_id(poll.operation_id);
  if (!parts ||
      parts->device_hash != device_hash(pending.tenant.str(), pending.registration_id.folded())) {
    refuse(pending, Error{Errc::not_found, "the operation is not one of this device"}, std::nullopt,
           false, out);
    return;
  }
  // An earlier operation of the device is answered with the one that took its place.
  if (const Operation* operation = operations_.find(pending.tenant, pending.registration_id)) {
    if (!is_final(operation->state)) {
      out.emplace_back(SendReply{assigning_reply(pending.token(), *operation)});
      return;
    }
    OperationReply reply;
    reply.status.operation_id = operation->operation_id;
    reply.status.result = result_of(*operation, known, attested);
    reply.status.status = reply.status.result->registration.status;
    out.emplace_back(SendReply{Reply{pending.token(), std::move(reply)}});
    return;
  }
  if (parts->guid == kUnopenedGuid) {
    pending.request = RegisterRequest{poll.token, poll.claim, {}};
    serve_register(std::move(pending), attested, known, out);
    return;
  }
  if (needs_look_back(pending, known)) {
    wait_for_look_back(std::move(pending), out);
    return;
  }
  if (!domain::is_assignment(assignment_in(known))) {
    refuse(pending, Error{Errc::not_found, "the operation is not known here"}, std::nullopt, false,
           out);
    return;
  }
  // The operation was forgotten, or ended at another gateway; what it led to is known.
  OperationReply reply;
  reply.status.operation_id = poll.operation_id;
  reply.status.result = result_of(*known.registration, attested);
  reply.status.status = reply.status.result->registration.status;
  out.emplace_back(SendReply{Reply{pending.token(), std::move(reply)}});
}

void RegistrationEngine::serve_status(PendingRequest pending, const domain::Attested& attested,
                                      const KnownRegistration& known, Actions& out) {
  if (const Operation* operation = operations_.find(pending.tenant, pending.registration_id)) {
    RegistrationReply reply{result_of(*operation, known, attested)};
    out.emplace_back(SendReply{Reply{pending.token(), std::move(reply)}});
    return;
  }
  if (needs_look_back(pending, known)) {
    wait_for_look_back(std::move(pending), out);
    return;
  }
  if (!known.registration) {
    refuse(pending, Error{Errc::not_found, "the device is not registered"}, std::nullopt, false,
           out);
    return;
  }
  RegistrationReply reply{result_of(*known.registration, attested)};
  out.emplace_back(SendReply{Reply{pending.token(), std::move(reply)}});
}

// ---- The way of an accepted operation ----

Operation* RegistrationEngine::running(const OperationRef& ref) {
  Operation* const operation = operations_.find(ref.tenant, ref.registration_id);
  const bool same = operation != nullptr && operation->ref.serial == ref.serial;
  return same && !is_final(operation->state) ? operation : nullptr;
}

Actions RegistrationEngine::on_journaled(const OperationRef& ref, const Result<void>& result) {
  Actions out;
  Operation* const operation = running(ref);
  if (operation == nullptr) return out;
  switch (operation->state) {
    case OperationState::journaling_intent:
      if (result) {
        accept(*operation, out);
      } else {
        intent_refused(*operation, result.error(), out);
      }
      break;
    case OperationState::rejournaling_intent:
      if (result) {
        operation->durable_hub = operation->intent.hub_id;
        send_to_hub(*operation, out);
      } else {
        retry_later(*operation, result.error(), out);
      }
      break;
    case OperationState::journaling_outcome:
      if (result) {
        finish(*operation, out);
      } else {
        log(out, Log::Level::warning, ref,
            "the outcome is not journaled: " + result.error().reason);
        operation->state = OperationState::waiting_to_journal;
        operations_.wake_at(*operation, next_try(++operation->failures_in_a_row));
      }
      break;
    case OperationState::reading_twin:
    case OperationState::applying:
    case OperationState::waiting_to_apply:
    case OperationState::waiting_to_journal:
    case OperationState::assigned:
    case OperationState::failed: break;
  }
  return out;
}

void RegistrationEngine::accept(Operation& operation, Actions& out) {
  operation.durable_hub = operation.intent.hub_id;
  for (const PendingRequest& pending : std::exchange(operation.joined, {})) {
    out.emplace_back(SendReply{assigning_reply(pending.token(), operation)});
  }
  log(out, Log::Level::info, operation.ref, "accepted for hub " + operation.intent.host_name);
  send_to_hub(operation, out);
}

// Nothing was accepted. If the enrollment changed between the match and the journal, everybody who
// waits is matched against what stands there now.
void RegistrationEngine::intent_refused(Operation& operation, const Error& error, Actions& out) {
  std::vector<PendingRequest> joined = std::move(operation.joined);
  operations_.close(operation);
  for (PendingRequest& pending : joined) {
    if (error.code == Errc::version_mismatch && ++pending.decisions < kMaxDecisionRounds) {
      process(std::move(pending), out);
      continue;
    }
    // The device may try again; that two versions met is no word for it.
    const Errc told = error.code == Errc::version_mismatch ? Errc::unavailable : error.code;
    refuse(pending, Error{told, error.reason}, std::nullopt, false, out);
  }
}

void RegistrationEngine::attempt(Operation& operation, Actions& out) {
  const Result<domain::Provisioning> enrolled =
      still_enrolled(ports_.cache, ports_.crypto, operation.ref.tenant, operation.intent);
  if (!enrolled) {
    const Errc code = enrolled.error().code;
    if (code == Errc::disabled || code == Errc::unauthorized) {
      fail(operation, enrolled.error(), out);
    } else {
      retry_later(operation, enrolled.error(), out);
    }
    return;
  }
  const Acquaintance acquaintance =
      operation.intent.is_new_device ? Acquaintance::unseen : Acquaintance::returning;
  if (const Result<void> permitted =
          ports_.admission.may_continue(operation.ref.tenant, acquaintance);
      !permitted) {
    retry_later(operation, permitted.error(), out);
    return;
  }
  if (operation.durable_hub != operation.intent.hub_id) {
    operation.state = OperationState::rejournaling_intent;
    out.emplace_back(JournalIntent{operation.ref, operation.intent, operation.contact});
    return;
  }
  send_to_hub(operation, out);
}

void RegistrationEngine::send_to_hub(Operation& operation, Actions& out) {
  const domain::Intent& intent = operation.intent;
  const auto hub = find_linked_hub(ports_.cache, operation.ref.tenant, intent.hub_id);
  if (!hub) {
    retry_later(operation, hub.error(), out);
    return;
  }
  if (!hub->has_value()) {
    const Error unlinked{Errc::hub_refused, "hub " + intent.host_name + " is no longer linked"};
    note_failure(operation.intent, unlinked, ports_.clock.wall());
    try_next_hub(operation, unlinked, out);
    return;
  }
  if (intent.migrate_twin && intent.previous && !operation.twin_was_read) {
    const auto old_hub =
        find_linked_hub(ports_.cache, operation.ref.tenant, intent.previous->hub_id);
    if (!old_hub) {
      retry_later(operation, old_hub.error(), out);
      return;
    }
    if (old_hub->has_value()) {
      operation.state = OperationState::reading_twin;
      out.emplace_back(ReadTwin{operation.ref, **old_hub, intent.previous->device_id});
      return;
    }
    log(out, Log::Level::warning, operation.ref,
        "hub " + intent.previous->host_name +
            " is no longer linked; the device gets its enrollment's initial twin");
  }
  apply(operation, **hub, out);
}

void RegistrationEngine::apply(Operation& operation, const domain::LinkedHub& hub, Actions& out) {
  const domain::Intent& intent = operation.intent;
  hub::DesiredIdentity identity;
  identity.device_id = intent.device_id;
  identity.credential = intent.credential;
  identity.twin = intent.twin;
  identity.replace_twin = intent.replace_twin;
  identity.iot_edge = intent.iot_edge;
  operation.state = OperationState::applying;
  out.emplace_back(ApplyToHub{operation.ref, hub, std::move(identity)});
}

Actions RegistrationEngine::on_hub_outcome(const OperationRef& ref,
                                           const Result<hub::HubOutcome>& result) {
  Actions out;
  Operation* const operation = running(ref);
  if (operation == nullptr) return out;
  switch (operation->state) {
    case OperationState::reading_twin: twin_arrived(*operation, result, out); break;
    case OperationState::applying: hub_answered(*operation, result, out); break;
    case OperationState::journaling_intent:
    case OperationState::rejournaling_intent:
    case OperationState::waiting_to_apply:
    case OperationState::journaling_outcome:
    case OperationState::waiting_to_journal:
    case OperationState::assigned:
    case OperationState::failed: break;
  }
  return out;
}

void RegistrationEngine::twin_arrived(Operation& operation, const Result<hub::HubOutcome>& result,
                                      Actions& out) {
  if (result) {
    operation.intent.twin = result->twin;
  } else if (is_passing(result.error().code)) {
    retry_later(operation, result.error(), out);
    return;
  } else if (result.error().code == Errc::not_found || result.error().code == Errc::hub_conflict) {
    log(out, Log::Level::warning, operation.ref,
        "hub " + operation.intent.previous->host_name + " holds no twin of this device (" +
            result.error().reason + "); it gets its enrollment's initial twin");
  } else {
    // Without its data the device does not move: it keeps the hub it has.
    fail(operation, result.error(), out);
    return;
  }
  operation.twin_was_read = true;
  const auto hub = find_linked_hub(ports_.cache, operation.ref.tenant, operation.intent.hub_id);
  if (hub && hub->has_value()) {
    apply(operation, **hub, out);
  } else {
    send_to_hub(operation, out);
  }
}

void RegistrationEngine::hub_answered(Operation& operation, const Result<hub::HubOutcome>& result,
                                      Actions& out) {
  if (result) {
    succeed(operation, *result, out);
    return;
  }
  const Error& error = result.error();
  note_failure(operation.intent, error, ports_.clock.wall());
  if (is_passing(error.code)) {
    retry_later(operation, error, out);
  } else if (is_definite_refusal(error.code)) {
    try_next_hub(operation, error, out);
  } else {
    fail(operation, error, out);
  }
}

// A definite no. A new device that is hashed goes to the next hub in its order (allocate() knows
// who refused); everybody else keeps what he has.
void RegistrationEngine::try_next_hub(Operation& operation, const Error& error, Actions& out) {
  if (!operation.intent.is_new_device) {
    fail(operation, error, out);
    return;
  }
  const Result<domain::Provisioning> enrolled =
      still_enrolled(ports_.cache, ports_.crypto, operation.ref.tenant, operation.intent);
  const Result<void> decided = enrolled ? decide(decision_inputs(), operation.ref.tenant, *enrolled,
                                                 operation.intent.device_id, std::nullopt,
                                                 ports_.clock.wall(), operation.intent)
                                        : Result<void>(enrolled.error());
  if (!decided || operation.intent.hub_id == operation.durable_hub) {
    fail(operation, error, out);
    return;
  }
  log(out, Log::Level::warning, operation.ref,
      error.reason + "; trying hub " + operation.intent.host_name);
  attempt(operation, out);
}

MonotonicTime RegistrationEngine::next_try(int failures) {
  std::chrono::nanoseconds pause = kFirstRetry;
  for (int i = 1; i < failures && pause < kMaxRetry; ++i) pause *= 2;
  pause = std::min<std::chrono::nanoseconds>(pause, kMaxRetry);
  std::array<std::uint8_t, 3> random{};
  ports_.entropy.fill(random);
  std::uint64_t draw = 0;
  for (const std::uint8_t byte : random) draw = draw << 8U | byte;
  const auto quarter = static_cast<std::uint64_t>(pause.count()) / 4;
  const auto jitter = static_cast<std::int64_t>(quarter * draw >> 24U);
  return ports_.clock.monotonic() + pause - pause / 4 + std::chrono::nanoseconds(jitter);
}

void RegistrationEngine::retry_later(Operation& operation, const Error& error, Actions& out) {
  ++operation.failures_in_a_row;
  // A hub that stays away for a day is not worth a line for each device and try.
  if (operation.failures_in_a_row == 1) {
    log(out, Log::Level::warning, operation.ref,
        "stays assigning, will be tried again: " + error.reason);
  }
  operation.state = OperationState::waiting_to_apply;
  operation.updated = ports_.clock.wall();
  operations_.wake_at(operation, next_try(operation.failures_in_a_row));
}

void RegistrationEngine::succeed(Operation& operation, const hub::HubOutcome& outcome,
                                 Actions& out) {
  const domain::Intent& intent = operation.intent;
  const WallTime now = ports_.clock.wall();
  operation.outcome = {};
  domain::OutboxEntry& entry = operation.outcome.entry;
  entry.id_scope = operation.ref.tenant;
  entry.kind = domain::OutboxEntry::Kind::assigned;
  entry.arrival_moment = intent.arrival_moment;
  entry.permit_serial = intent.permit_serial;

  domain::Registration& registration = entry.registration;
  registration.registration_id = intent.registration_id;
  registration.created = now;
  // What is kept of the registration that this one follows; if it can't be read, it is as new.
  const auto known = ports_.cache.registration(operation.ref.tenant, intent.registration_id);
  if (known && known->registration) {
    const domain::Registration& before = known->registration->record;
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
  registration.gateway_id = settings_.gateway_id;
  registration.arrival = intent.arrival;
  registration.updated = now;
  registration.payload = intent.payload;
  registration.hub_etag = outcome.etag;

  journal_outcome(operation, out);
}

void RegistrationEngine::fail(Operation& operation, const Error& error, Actions& out) {
  log(out, Log::Level::warning, operation.ref, error.reason);
  operation.outcome = {};
  operation.outcome.entry = failed_attempt(operation, error);
  journal_outcome(operation, out);
}

domain::OutboxEntry RegistrationEngine::failed_attempt(const Operation& operation,
                                                       const Error& error) const {
  const domain::Intent& intent = operation.intent;
  const protocol::CatalogueEntry& told = protocol::device_error(error.code);
  domain::OutboxEntry entry;
  entry.id_scope = operation.ref.tenant;
  entry.kind = domain::OutboxEntry::Kind::failed_attempt;
  entry.registration.registration_id = intent.registration_id;
  entry.registration.enrollment = intent.enrollment;
  entry.registration.gateway_id = settings_.gateway_id;
  entry.registration.arrival = intent.arrival;
  entry.registration.last_attempt = domain::FailedAttempt{ports_.clock.wall(), told.error_code,
                                                          std::string(told.message), error.reason};
  entry.arrival_moment = intent.arrival_moment;
  entry.permit_serial = intent.permit_serial;
  return entry;
}

void RegistrationEngine::journal_outcome(Operation& operation, Actions& out) {
  const domain::Intent& intent = operation.intent;
  const bool is_assigned = operation.outcome.entry.kind == domain::OutboxEntry::Kind::assigned;
  operation.outcome.cleanup =
      cleanup_after(intent, is_assigned ? &intent.hub_id : nullptr, ports_.clock.wall());
  operation.outcome.operation = operation.ref;
  operation.state = OperationState::journaling_outcome;
  operation.failures_in_a_row = 0;
  operation.updated = ports_.clock.wall();
  out.emplace_back(operation.outcome);
}

void RegistrationEngine::finish(Operation& operation, Actions& out) {
  const domain::OutboxEntry& entry = operation.outcome.entry;
  const domain::Intent& intent = operation.intent;
  const bool is_assigned = entry.kind == domain::OutboxEntry::Kind::assigned;
  operation.state = is_assigned ? OperationState::assigned : OperationState::failed;
  operation.updated = ports_.clock.wall();
  operations_.wake_at(operation, ports_.clock.monotonic() + kOperationRetention);
  count(out, Count::What::registration_attempt, operation.ref.tenant, intent.api.protocol,
        intent.host_name, is_assigned);
  if (!is_assigned) return;
  if (intent.is_new_device || intent.previous) {
    count(out, Count::What::device_assignment, operation.ref.tenant, intent.api.protocol,
          intent.host_name, true);
  }
  log(out, Log::Level::info, operation.ref,
      "assigned to hub " + intent.host_name + " as " + intent.device_id.str());
}

// ---- Time ----

Actions RegistrationEngine::on_time() {
  Actions out;
  const MonotonicTime now = ports_.clock.monotonic();
  for (auto fence = fences_.begin(); fence != fences_.end();) {
    // Releasing may end this fence or start it anew, and touches no other.
    const auto due = fence++;
    if (due->second.deadline <= now) release_fence(due, out);
  }
  int served = 0;
  while (served < kMaxWakesPerCall && !look_back_deadlines_.empty() &&
         look_back_deadlines_.begin()->first <= now) {
    ++served;
    release_look_back(look_backs_.find(look_back_deadlines_.begin()->second), out);
  }
  while (served < kMaxWakesPerCall) {
    Operation* const operation = operations_.take_due(now);
    if (operation == nullptr) break;
    ++served;
    switch (operation->state) {
      case OperationState::waiting_to_apply: attempt(*operation, out); break;
      case OperationState::waiting_to_journal:
        operation->state = OperationState::journaling_outcome;
        out.emplace_back(operation->outcome);
        break;
      case OperationState::assigned:
      case OperationState::failed: operations_.close(*operation); break;
      case OperationState::journaling_intent:
      case OperationState::rejournaling_intent:
      case OperationState::reading_twin:
      case OperationState::applying:
      case OperationState::journaling_outcome: break;  // these wait for an answer, not for a time
    }
  }
  return out;
}

std::optional<MonotonicTime> RegistrationEngine::next_wake() const {
  std::optional<MonotonicTime> next = operations_.next_wake();
  const auto at = [&next](MonotonicTime when) {
    if (!next || when < *next) next = when;
  };
  for (const auto& [tenant, fence] : fences_) at(fence.deadline);
  if (!look_back_deadlines_.empty()) at(look_back_deadlines_.begin()->first);
  return next;
}

// ---- Answers ----

Reply RegistrationEngine::assigning_reply(RequestToken token, const Operation& operation) const {
  OperationReply reply;
  reply.status.operation_id = operation.operation_id;
  reply.status.status = domain::RegistrationStatus::assigning;
  reply.retry_after = kRetryAfter;
  protocol::RegistrationResult result;
  result.registration.registration_id = operation.intent.registration_id;
  result.registration.status = domain::RegistrationStatus::assigning;
  result.registration.created = operation.opened;
  result.registration.updated = operation.updated;
  result.etag = registration_etag(0, operation.opened);
  reply.status.result = std::move(result);
  return Reply{token, std::move(reply)};
}

protocol::RegistrationResult RegistrationEngine::result_of(
    const domain::Versioned<domain::Registration>& registration,
    const domain::Attested& attested) const {
  protocol::RegistrationResult result;
  result.registration = registration.record;
  result.etag = registration_etag(registration.version, registration.record.created);
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

protocol::RegistrationResult RegistrationEngine::result_of(const Operation& operation,
                                                           const KnownRegistration& known,
                                                           const domain::Attested& attested) const {
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

void RegistrationEngine::log(Actions& out, Log::Level level, const OperationRef& operation,
                             std::string text) const {
  out.emplace_back(
      Log{level, operation.tenant.str(), operation.registration_id.str(), {}, {}, std::move(text)});
}

}  // namespace berth::gateway
