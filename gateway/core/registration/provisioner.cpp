#include "gateway/core/registration/provisioner.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <utility>

#include "gateway/core/limits.hpp"
#include "gateway/core/registration/answers.hpp"
#include "gateway/core/registration/hub_attempts.hpp"
#include "gateway/core/registration/outcomes.hpp"
#include "gateway/core/registration/tpm_keys.hpp"
#include "shared/domain/reprovision.hpp"

namespace berth::gateway {
namespace {

// What the webhook is shown of the evidence, for as long as it is not answered.
domain::AwaitedAllocation awaited_allocation(const domain::Attested& attested) {
  domain::AwaitedAllocation kept;
  if (attested.leaf) kept.leaf = attested.leaf->der;
  if (attested.signing_certificate) kept.signing_certificate = attested.signing_certificate->der;
  if (attested.tpm) {
    // Those that were challenged: the answer need not show them again.
    kept.endorsement_key = attested.tpm->keys.endorsement_key;
    kept.storage_root_key = attested.tpm->keys.storage_root_key;
  }
  return kept;
}

}  // namespace

void Provisioner::begin(Operation& operation, PendingRequest pending,
                        const domain::Attested& attested,
                        const std::optional<domain::Registration>& previous, Actions& out) {
  const Claim& claim = pending.claim();
  domain::Intent& intent = operation.intent;
  intent.registration_id = pending.registration_id;
  intent.arrival = pending.arrival;
  intent.arrival_moment = {settings_.boot_id,
                           std::chrono::duration_cast<std::chrono::microseconds>(pending.arrived)};
  intent.enrollment = attested.enrollment;
  intent.is_new_device = !domain::is_assignment(previous);
  intent.attestation = attested.type;
  intent.credential_id = attested.credential_id;
  // Made here, and sealed with the intent: a replay gives the hub and the device the same.
  intent.credential = attested.tpm ? make_identity_keys(ports_.entropy) : attested.credential;
  intent.iot_edge = attested.provisioning.iot_edge;
  intent.api = {
      claim.protocol, claim.api_version, operation.operation_id, {}, operation.ref.tracking_id};
  if (const auto* registering = std::get_if<RegisterRequest>(&pending.request)) {
    intent.api.payload = registering->body.payload;
  }

  intent.decision = pending.decision;
  const Result<Decided> decided =
      decide(decision_inputs(), operation.ref.tenant, attested.provisioning, attested.device_id,
             previous, pending.arrival, intent);
  if (!decided) {
    // The device is who it says; what it may get is for the admin to put right. Nothing was
    // accepted, so nothing but the attempt is written.
    log(out, Log::Level::warning, operation.ref, decided.error().reason);
    operation.outcome.entry = failed_outcome(operation.ref.tenant, intent, settings_.gateway_id,
                                             decided.error(), ports_.clock.wall());
    out.emplace_back(RecordAttempt{operation.outcome.entry});
    send(out, assigning_reply(pending.token(), operation));
    finish(operation, out);
    return;
  }
  if (*decided == Decided::webhook) intent.allocation = awaited_allocation(attested);
  operation.joined.push_back(std::move(pending));
  out.emplace_back(JournalIntent{operation.ref, operation.intent, operation.contact});
}

void Provisioner::resume(Operation& operation) {
  operation.state = OperationState::waiting_to_apply;
  operation.durable_hub = operation.intent.hub_id;
  operation.updated = ports_.clock.wall();
  if (!operation.durable_hub.empty()) {
    begin_attempt(operation.intent, operation.durable_hub, operation.intent.host_name,
                  operation.opened);
    note_interruption(operation.intent);
  }
  // Spread, so that a restart does not fall upon the hubs all at once.
  operations_.wake_at(operation, next_try(0));
}

Operation* Provisioner::running(const OperationRef& ref) {
  Operation* const operation = operations_.find(ref.tenant, ref.registration_id);
  const bool same = operation != nullptr && operation->ref.serial == ref.serial;
  return same && !is_final(operation->state) ? operation : nullptr;
}

std::optional<IntentRefused> Provisioner::on_journaled(const OperationRef& ref,
                                                       const Result<void>& result, Actions& out) {
  Operation* const operation = running(ref);
  if (operation == nullptr) return std::nullopt;
  switch (operation->state) {
    case OperationState::journaling_intent:
      if (result) {
        accept(*operation, out);
      } else {
        IntentRefused refused{result.error(), std::move(operation->joined)};
        operations_.close(*operation);
        return refused;
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
    case OperationState::awaiting_allocation:
    case OperationState::reading_twin:
    case OperationState::applying:
    case OperationState::waiting_to_apply:
    case OperationState::waiting_to_journal:
    case OperationState::assigned:
    case OperationState::failed: break;
  }
  return std::nullopt;
}

void Provisioner::accept(Operation& operation, Actions& out) {
  operation.durable_hub = operation.intent.hub_id;
  for (const PendingRequest& pending : std::exchange(operation.joined, {})) {
    send(out, assigning_reply(pending.token(), operation));
  }
  if (operation.intent.hub_id.empty()) {
    log(out, Log::Level::info, operation.ref, "accepted; its webhook is asked for the hub");
    attempt(operation, out);
    return;
  }
  log(out, Log::Level::info, operation.ref, "accepted for hub " + operation.intent.host_name);
  send_to_hub(operation, out);
}

std::optional<domain::Provisioning> Provisioner::check_enrolled(Operation& operation,
                                                                Actions& out) {
  Result<domain::Provisioning> enrolled =
      still_enrolled(ports_.cache, ports_.crypto, operation.ref.tenant, operation.intent);
  if (enrolled) return std::move(*enrolled);
  const Errc code = enrolled.error().code;
  if (code == Errc::disabled || code == Errc::unauthorized) {
    fail(operation, enrolled.error(), out);
  } else {
    retry_later(operation, enrolled.error(), out);
  }
  return std::nullopt;
}

void Provisioner::attempt(Operation& operation, Actions& out) {
  const std::optional<domain::Provisioning> enrolled = check_enrolled(operation, out);
  if (!enrolled) return;
  const Acquaintance acquaintance =
      operation.intent.is_new_device ? Acquaintance::unseen : Acquaintance::returning;
  if (const Result<void> permitted =
          ports_.admission.may_continue(operation.ref.tenant, acquaintance);
      !permitted) {
    retry_later(operation, permitted.error(), out);
    return;
  }
  if (operation.intent.hub_id.empty()) {
    ask_webhook(operation, *enrolled, out);
  } else if (operation.durable_hub != operation.intent.hub_id) {
    journal_choice(operation, out);
  } else {
    send_to_hub(operation, out);
  }
}

// Which hub it is must be durable before anything is written there.
void Provisioner::journal_choice(Operation& operation, Actions& out) {
  operation.state = OperationState::rejournaling_intent;
  out.emplace_back(JournalIntent{operation.ref, operation.intent, operation.contact});
}

// Decides anew first: the enrollment may meanwhile say otherwise.
void Provisioner::ask_webhook(Operation& operation, const domain::Provisioning& provisioning,
                              Actions& out) {
  const domain::IdScope& tenant = operation.ref.tenant;
  const Result<KnownRegistration> known =
      ports_.cache.registration(tenant, operation.intent.registration_id);
  if (!known) {
    retry_later(operation, known.error(), out);
    return;
  }
  const std::optional<domain::Registration> previous = registration_in(*known);
  const Result<Decided> decided =
      decide(decision_inputs(), tenant, provisioning, operation.intent.device_id, previous,
             ports_.clock.wall(), operation.intent);
  if (!decided) {
    allocation_failed(operation, decided.error(), out);
    return;
  }
  if (*decided == Decided::hub) {
    journal_choice(operation, out);
    return;
  }
  Result<domain::CustomAllocationRequest> request =
      allocation_request(decision_inputs(), tenant, previous, operation.intent);
  if (!request) {
    allocation_failed(operation, request.error(), out);
    return;
  }
  operation.state = OperationState::awaiting_allocation;
  out.emplace_back(AskAllocation{operation.ref, std::move(*request)});
}

void Provisioner::on_allocation(const OperationRef& ref,
                                const Result<domain::CustomAllocationAnswer>& answer,
                                Actions& out) {
  Operation* const operation = running(ref);
  if (operation == nullptr || operation->state != OperationState::awaiting_allocation) return;
  const std::optional<domain::Provisioning> enrolled = check_enrolled(*operation, out);
  if (!enrolled) return;
  if (!answer) {
    allocation_failed(*operation, answer.error(), out);
    return;
  }
  const Result<KnownRegistration> known =
      ports_.cache.registration(ref.tenant, operation->intent.registration_id);
  const Result<void> taken =
      known ? take_allocation(decision_inputs(), ref.tenant, *enrolled, *answer,
                              registration_in(*known), ports_.clock.wall(), operation->intent)
            : Result<void>(known.error());
  if (!taken) {
    allocation_failed(*operation, taken.error(), out);
    return;
  }
  log(out, Log::Level::info, ref, "the webhook chose hub " + operation->intent.host_name);
  operation->failures_in_a_row = 0;
  journal_choice(*operation, out);
}

// Called again as DPS does (service API 3.4), and then given up: the device may begin anew.
void Provisioner::allocation_failed(Operation& operation, const Error& error, Actions& out) {
  if (domain::may_ask_again(error.code, operation.allocation_retries)) {
    const auto pause = domain::allocation_pause(operation.allocation_retries++);
    if (operation.allocation_retries == 1) {
      log(out, Log::Level::warning, operation.ref,
          "stays assigning, the webhook will be asked again: " + error.reason);
    }
    operation.state = OperationState::waiting_to_apply;
    operation.updated = ports_.clock.wall();
    operations_.wake_at(operation, ports_.clock.monotonic() + pause);
    return;
  }
  const bool was_repeated = error.code == Errc::unavailable || error.code == Errc::timed_out;
  fail(operation,
       was_repeated
           ? Error{Errc::allocation_failed, "the webhook was asked " +
                                                std::to_string(operation.allocation_retries + 1) +
                                                " times in vain; last: " + error.reason}
           : error,
       out);
}

void Provisioner::send_to_hub(Operation& operation, Actions& out) {
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
    operation.intent.substatus = domain::RegistrationSubstatus::device_data_reset;
  }
  apply(operation, **hub, out);
}

void Provisioner::apply(Operation& operation, const domain::LinkedHub& hub, Actions& out) {
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

void Provisioner::on_hub_outcome(const OperationRef& ref, const Result<hub::HubOutcome>& result,
                                 Actions& out) {
  Operation* const operation = running(ref);
  if (operation == nullptr) return;
  switch (operation->state) {
    case OperationState::reading_twin: twin_arrived(*operation, result, out); break;
    case OperationState::applying: hub_answered(*operation, result, out); break;
    case OperationState::journaling_intent:
    case OperationState::rejournaling_intent:
    case OperationState::awaiting_allocation:
    case OperationState::waiting_to_apply:
    case OperationState::journaling_outcome:
    case OperationState::waiting_to_journal:
    case OperationState::assigned:
    case OperationState::failed: break;
  }
}

void Provisioner::twin_arrived(Operation& operation, const Result<hub::HubOutcome>& result,
                               Actions& out) {
  // The device and its admin are told what came along, not what the policy wished.
  if (result) {
    operation.intent.twin = result->twin;
    operation.intent.substatus = domain::RegistrationSubstatus::device_data_migrated;
  } else if (is_passing(result.error().code)) {
    retry_later(operation, result.error(), out);
    return;
  } else if (result.error().code == Errc::not_found || result.error().code == Errc::hub_conflict) {
    log(out, Log::Level::warning, operation.ref,
        "hub " + operation.intent.previous->host_name + " holds no twin of this device (" +
            result.error().reason + "); it gets its enrollment's initial twin");
    operation.intent.substatus = domain::RegistrationSubstatus::device_data_reset;
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

void Provisioner::hub_answered(Operation& operation, const Result<hub::HubOutcome>& result,
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
void Provisioner::try_next_hub(Operation& operation, const Error& error, Actions& out) {
  if (!operation.intent.is_new_device) {
    fail(operation, error, out);
    return;
  }
  const Result<domain::Provisioning> enrolled =
      still_enrolled(ports_.cache, ports_.crypto, operation.ref.tenant, operation.intent);
  const Result<Decided> decided =
      enrolled
          ? decide(decision_inputs(), operation.ref.tenant, *enrolled, operation.intent.device_id,
                   std::nullopt, ports_.clock.wall(), operation.intent)
          : Result<Decided>(enrolled.error());
  if (!decided || *decided == Decided::webhook ||
      operation.intent.hub_id == operation.durable_hub) {
    fail(operation, error, out);
    return;
  }
  log(out, Log::Level::warning, operation.ref,
      error.reason + "; trying hub " + operation.intent.host_name);
  attempt(operation, out);
}

MonotonicTime Provisioner::next_try(int failures) {
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

void Provisioner::retry_later(Operation& operation, const Error& error, Actions& out) {
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

void Provisioner::succeed(Operation& operation, const hub::HubOutcome& outcome, Actions& out) {
  // What is kept of the registration that this one follows; if it can't be read, it is as new.
  const auto known =
      ports_.cache.registration(operation.ref.tenant, operation.intent.registration_id);
  operation.outcome = {};
  operation.outcome.entry =
      assigned_outcome(operation.ref.tenant, operation.intent, settings_.gateway_id,
                       known ? *known : KnownRegistration{}, outcome.etag, ports_.clock.wall());
  journal_outcome(operation, out);
}

void Provisioner::fail(Operation& operation, const Error& error, Actions& out) {
  log(out, Log::Level::warning, operation.ref, error.reason);
  operation.outcome = {};
  operation.outcome.entry = failed_outcome(operation.ref.tenant, operation.intent,
                                           settings_.gateway_id, error, ports_.clock.wall());
  journal_outcome(operation, out);
}

void Provisioner::journal_outcome(Operation& operation, Actions& out) {
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

void Provisioner::finish(Operation& operation, Actions& out) {
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

void Provisioner::on_due(Operation& operation, Actions& out) {
  switch (operation.state) {
    case OperationState::waiting_to_apply: attempt(operation, out); break;
    case OperationState::waiting_to_journal:
      operation.state = OperationState::journaling_outcome;
      out.emplace_back(operation.outcome);
      break;
    case OperationState::assigned:
    case OperationState::failed: operations_.close(operation); break;
    case OperationState::journaling_intent:
    case OperationState::rejournaling_intent:
    case OperationState::awaiting_allocation:
    case OperationState::reading_twin:
    case OperationState::applying:
    case OperationState::journaling_outcome: break;  // these wait for an answer, not for a time
  }
}

}  // namespace berth::gateway
