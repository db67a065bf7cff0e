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

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "gateway/core/registration/action.hpp"
#include "gateway/core/registration/engine_ports.hpp"
#include "gateway/core/registration/operations.hpp"
#include "gateway/core/registration/pending_request.hpp"
#include "gateway/core/registration/provisioner.hpp"
#include "gateway/core/registration/refusals.hpp"
#include "gateway/core/registration/tpm_challenges.hpp"
#include "gateway/core/registration/waiting_room.hpp"
#include "shared/base/result.hpp"
#include "shared/base/timestamp.hpp"
#include "shared/domain/attestation/verdict.hpp"
#include "shared/domain/model/ids.hpp"
#include "shared/domain/model/journal.hpp"

namespace berth::gateway {

// An intent found in the journal at start.
struct JournaledIntent {
  domain::IdScope tenant;
  domain::Intent intent;
};

class RegistrationEngine {
 public:
  RegistrationEngine(EngineSettings settings, EnginePorts ports);
  // Its parts refer to each other.
  RegistrationEngine(const RegistrationEngine&) = delete;
  RegistrationEngine& operator=(const RegistrationEngine&) = delete;

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
  [[nodiscard]] Actions on_allocation(const OperationRef& ref,
                                      const Result<domain::CustomAllocationAnswer>& answer);
  [[nodiscard]] Actions on_time();
  [[nodiscard]] std::optional<MonotonicTime> next_wake() const;

  [[nodiscard]] std::size_t operations() const { return operations_.size(); }
  [[nodiscard]] std::size_t waiting() const { return waiting_room_.size(); }

 private:
  static void count_attestation(PendingRequest& pending, bool succeeded, Actions& out);
  void process(PendingRequest pending, Actions& out);
  void process_all(std::vector<PendingRequest> released, Actions& out);
  void reconsider(IntentRefused refused, Actions& out);

  // What a TPM gets before it is attested.
  void challenge(const PendingRequest& pending, const domain::ChallengeDue& due,
                 const KnownRegistration& known, Actions& out);

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
  void put_off(const PendingRequest& pending, const std::string& why, Actions& out);
  [[nodiscard]] Result<Bytes> identity_key_for(const domain::TpmChallenge& answered,
                                               const domain::Intent& intent) const;
  [[nodiscard]] bool needs_look_back(const PendingRequest& pending,
                                     const KnownRegistration& known) const;

  EngineSettings settings_;
  EnginePorts ports_;
  OperationTable operations_;
  WaitingRoom waiting_room_;
  Refusals refusals_;
  Provisioner provisioner_;  // of the operations
  TpmChallenges tpm_challenges_;
  std::uint64_t last_serial_ = 0;
};

}  // namespace berth::gateway
