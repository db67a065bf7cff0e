// RegistrationEngine: THE state machine of a registration, from the device's claim to its hub, for
// all protocols (design section 3): match, fence, look back, decide, journal the intent, apply to
// the hub, journal the outcome.
//
// Sans-I/O. Each input gives a list of actions to carry out in order; answers come back as inputs.
// After each input, next_wake() says when on_time() wants to be called at the latest. One engine
// per shard, and one owner per device: all requests of a device go to the engine that device_hash()
// (operations.hpp) names, on one thread.
//
// What always holds:
//  - one running operation per device; a register while it runs joins it;
//  - a claim is verified at every request, also at polls, and before any state of the device is
//    touched: whatever somebody tries under an ID, who holds the credential gets through;
//  - nothing is told to a device before it is durable: 202 follows the intent, `assigned` the
//  outcome;
//  - an assignment is replaced only by another assignment; whatever else happens is recorded beside
//  it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gateway/core/limits.hpp"
#include "gateway/core/ports/admission.hpp"
#include "gateway/core/ports/cache.hpp"
#include "gateway/core/ports/coordinator_link.hpp"
#include "gateway/core/ports/probe.hpp"
#include "gateway/core/registration/action.hpp"
#include "gateway/core/registration/decision.hpp"
#include "gateway/core/registration/operations.hpp"
#include "gateway/core/registration/pending_request.hpp"
#include "shared/base/result.hpp"
#include "shared/base/timestamp.hpp"
#include "shared/domain/allocation/geo_latency.hpp"
#include "shared/domain/attestation/verdict.hpp"
#include "shared/domain/attestation/x509.hpp"
#include "shared/domain/model/enrollment.hpp"
#include "shared/domain/model/ids.hpp"
#include "shared/ports/clock.hpp"
#include "shared/ports/crypto.hpp"
#include "shared/ports/entropy.hpp"

namespace berth::gateway {

struct EngineSettings {
  domain::GatewayId gateway_id;
  std::string boot_id;  // of domain::BootMoment
  domain::X509Rules x509;
  domain::GeoLatencyRules geo_latency;
  std::chrono::milliseconds look_back_deadline = kLookBackDeadline;
  std::size_t max_operations = kMaxOperations;
  std::size_t max_waiting = kMaxWaitingRequests;
};

struct EnginePorts {
  const Cache& cache;
  Admission& admission;
  const CoordinatorLink& coordinator;
  const Probe& probe;
  ports::Crypto& crypto;
  ports::Clock& clock;
  ports::Entropy& entropy;
};

// An intent found in the journal at start.
struct JournaledIntent {
  domain::IdScope tenant;
  domain::Intent intent;
};

class RegistrationEngine {
 public:
  RegistrationEngine(EngineSettings settings, EnginePorts ports);

  // Goes on with what was accepted before a restart. Called once, before any other input, with the
  // intents of this shard's devices.
  void restore(std::vector<JournaledIntent> intents);

  [[nodiscard]] Actions on_request(DeviceRequest request);
  [[nodiscard]] Actions on_register(RegisterRequest request);
  [[nodiscard]] Actions on_poll(PollRequest request);
  [[nodiscard]] Actions on_status_lookup(StatusRequest request);

  // The cache has reached the head that was asked for, or there was no answer: the engine matches
  // once more either way.
  [[nodiscard]] Actions on_fence(const domain::IdScope& tenant, std::uint64_t ticket);
  // The answer is in the cache, or there was none.
  [[nodiscard]] Actions on_look_back(const domain::IdScope& tenant,
                                     const domain::RegistrationId& registration_id);
  [[nodiscard]] Actions on_journaled(const OperationRef& ref, const Result<void>& result);
  [[nodiscard]] Actions on_hub_outcome(const OperationRef& ref,
                                       const Result<hub::HubOutcome>& result);
  [[nodiscard]] Actions on_time();
  [[nodiscard]] std::optional<MonotonicTime> next_wake() const;

  [[nodiscard]] std::size_t operations() const { return operations_.size(); }
  [[nodiscard]] std::size_t waiting() const { return waiting_; }

 private:
  // Requests that wait for the head of one tenant. Who comes while the question is under way waits
  // for the next one: its enrollment may have been written after the head was read.
  struct Fence {
    std::uint64_t ticket = 0;
    MonotonicTime deadline{};
    std::vector<PendingRequest> waiting;
    std::vector<PendingRequest> next;
  };
  struct LookingBack {
    MonotonicTime deadline{};
    std::vector<PendingRequest> waiting;
  };
  using DeviceKey = std::pair<domain::IdScope, domain::RegistrationId>;

  // From the claim to a verdict.
  [[nodiscard]] Result<void> read_claim(PendingRequest& pending) const;
  [[nodiscard]] domain::Verdict match(PendingRequest& pending,
                                      const KnownRegistration& known) const;
  void process(PendingRequest pending, Actions& out);
  void wait_for_fence(PendingRequest pending, Actions& out);
  void release_fence(std::map<domain::IdScope, Fence>::iterator fence, Actions& out);
  void wait_for_look_back(PendingRequest pending, Actions& out);
  void release_look_back(std::map<DeviceKey, LookingBack>::iterator look_back, Actions& out);
  void refuse(const PendingRequest& pending, const Error& error,
              const std::optional<domain::EnrollmentRef>& enrollment, bool is_known, Actions& out);

  // What an attested request gets.
  void serve_register(PendingRequest pending, const domain::Attested& attested,
                      const KnownRegistration& known, Actions& out);
  void serve_poll(PendingRequest pending, const PollRequest& poll, const domain::Attested& attested,
                  const KnownRegistration& known, Actions& out);
  void serve_status(PendingRequest pending, const domain::Attested& attested,
                    const KnownRegistration& known, Actions& out);
  void join(Operation& operation, PendingRequest pending, Actions& out);
  void begin(PendingRequest pending, const domain::Attested& attested,
             const KnownRegistration& known, Actions& out);
  [[nodiscard]] bool needs_look_back(const PendingRequest& pending,
                                     const KnownRegistration& known) const;

  [[nodiscard]] DecisionInputs decision_inputs() const {
    return {ports_.cache, ports_.probe, ports_.crypto, settings_.geo_latency};
  }

  // The way of an accepted operation.
  [[nodiscard]] Operation* running(const OperationRef& ref);
  void accept(Operation& operation, Actions& out);
  void intent_refused(Operation& operation, const Error& error, Actions& out);
  void attempt(Operation& operation, Actions& out);
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
  [[nodiscard]] bool may_record_attempt();

  // Answers.
  [[nodiscard]] Reply assigning_reply(RequestToken token, const Operation& operation) const;
  [[nodiscard]] protocol::RegistrationResult result_of(
      const domain::Versioned<domain::Registration>& registration,
      const domain::Attested& attested) const;
  [[nodiscard]] protocol::RegistrationResult result_of(const Operation& operation,
                                                       const KnownRegistration& known,
                                                       const domain::Attested& attested) const;
  [[nodiscard]] domain::OutboxEntry failed_attempt(const Operation& operation,
                                                   const Error& error) const;
  void log(Actions& out, Log::Level level, const OperationRef& operation, std::string text) const;

  EngineSettings settings_;
  EnginePorts ports_;
  OperationTable operations_;
  std::map<domain::IdScope, Fence> fences_;
  std::map<DeviceKey, LookingBack> look_backs_;
  std::set<std::pair<MonotonicTime, DeviceKey>> look_back_deadlines_;
  std::size_t waiting_ = 0;
  std::uint64_t last_serial_ = 0;
  std::chrono::seconds recording_since_{};  // the second in which attempts are counted
  int recorded_attempts_ = 0;
};

}  // namespace berth::gateway
