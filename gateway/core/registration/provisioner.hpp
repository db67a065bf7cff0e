// The way of one accepted registration: the decision, the journal, the hub, the journal again
// (design 3.5 and 3.6). The engine brings attested devices here; what comes back from the journal
// and the hubs drives each operation on.
//
// What always holds:
//  - nothing is told to a device before it is durable: 202 follows the intent, `assigned` the
//    outcome;
//  - an assignment is replaced only by another assignment; whatever else happens is recorded beside
//    it;
//  - before every attempt the enrollment and the permit are asked again.
#pragma once

#include <optional>
#include <vector>

#include "gateway/core/registration/action.hpp"
#include "gateway/core/registration/decision.hpp"
#include "gateway/core/registration/engine_ports.hpp"
#include "gateway/core/registration/operations.hpp"
#include "shared/base/result.hpp"
#include "shared/base/timestamp.hpp"
#include "shared/domain/attestation/verdict.hpp"
#include "shared/domain/model/linked_hub.hpp"
#include "shared/domain/model/registration.hpp"

namespace berth::gateway {

// The journal did not take an intent: nothing was accepted.
struct IntentRefused {
  Error error;
  std::vector<PendingRequest> waiting;  // for that intent
};

class Provisioner {
 public:
  Provisioner(const EngineSettings& settings, const EnginePorts& ports, OperationTable& operations)
      : settings_(settings), ports_(ports), operations_(operations) {}

  // Goes on with what was accepted before a restart.
  void resume(Operation& operation);
  // Decides for a device that was just attested, and journals the intent; or ends the operation if
  // nothing can be decided. `pending` is answered in either case.
  void begin(Operation& operation, PendingRequest pending, const domain::Attested& attested,
             const std::optional<domain::Registration>& previous, Actions& out);

  [[nodiscard]] std::optional<IntentRefused> on_journaled(const OperationRef& ref,
                                                          const Result<void>& result, Actions& out);
  void on_hub_outcome(const OperationRef& ref, const Result<hub::HubOutcome>& result, Actions& out);
  // What the webhook said, or why it said nothing.
  void on_allocation(const OperationRef& ref, const Result<domain::CustomAllocationAnswer>& answer,
                     Actions& out);
  // The operation's wake has come.
  void on_due(Operation& operation, Actions& out);

 private:
  [[nodiscard]] DecisionInputs decision_inputs() const {
    return {ports_.cache, ports_.probe, ports_.crypto, settings_.geo_latency};
  }
  [[nodiscard]] Operation* running(const OperationRef& ref);
  void accept(Operation& operation, Actions& out);
  void attempt(Operation& operation, Actions& out);
  // The record that it was accepted on; none if it can't go on now, which is seen to.
  [[nodiscard]] std::optional<domain::Provisioning> check_enrolled(Operation& operation,
                                                                   Actions& out);
  void journal_choice(Operation& operation, Actions& out);
  void ask_webhook(Operation& operation, const domain::Provisioning& provisioning, Actions& out);
  void allocation_failed(Operation& operation, const Error& error, Actions& out);
  void send_to_hub(Operation& operation, Actions& out);
  void apply(Operation& operation, const domain::LinkedHub& hub, Actions& out);
  void twin_arrived(Operation& operation, const Result<hub::HubOutcome>& result, Actions& out);
  void hub_answered(Operation& operation, const Result<hub::HubOutcome>& result, Actions& out);
  void try_next_hub(Operation& operation, const Error& error, Actions& out);
  void retry_later(Operation& operation, const Error& error, Actions& out);
  void succeed(Operation& operation, const hub::HubOutcome& outcome, Actions& out);
  void fail(Operation& operation, const Error& error, Actions& out);
  void journal_outcome(Operation& operation, Actions& out);
  void finish(Operation& operation, Actions& out);
  [[nodiscard]] MonotonicTime next_try(int failures);

  const EngineSettings& settings_;
  const EnginePorts& ports_;
  OperationTable& operations_;
};

}  // namespace berth::gateway
