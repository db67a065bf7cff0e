// Intake: takes outcomes in from gateways' outboxes (design 3.8, section 4). At least once becomes
// exactly once by a watermark per gateway and outbox incarnation; everything is acknowledged, and
// what cannot be applied is quarantined and shown instead of blocking the rest.
//
// Two assignments of one registration are ordered by the request's arrival, re-timed by the clock
// that the gateway's boot shares with our contacts; the newer one stands, the older is kept beside
// it and its identity goes from the hub. A tombstone beats outcomes that arrived before it. A
// failed attempt stands beside the last assignment, never over it.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "shared/base/result.hpp"
#include "shared/domain/model/authority.hpp"
#include "shared/domain/model/gateway.hpp"
#include "shared/domain/model/journal.hpp"
#include "shared/ports/clock.hpp"
#include "shared/protocol/sync/frames.hpp"
#include "shared/store/record_store.hpp"

namespace berth::coordinator {

// A stamp of a boot that we share no contact with is believed up to here into the future.
inline constexpr std::chrono::minutes kMaxSkew{5};
// Existing assignments that one gateway may supersede in an hour; the rest is quarantined for an
// admin to look at.
inline constexpr std::size_t kMaxSupersededPerHour = 1000;
// From a conflict to the deletion of the older identity.
inline constexpr std::chrono::hours kConflictGrace{1};

// What we know of a gateway's clock: a moment of its boot, and ours.
struct Contact {
  domain::BootMoment gateway;
  WallTime ours{};
};

[[nodiscard]] std::string watermark_id(const domain::GatewayId& gateway,
                                       const std::string& incarnation);

class Intake {
 public:
  Intake(store::RecordStore& store, ports::Clock& clock) : store_(store), clock_(clock) {}

  // What became of one entry; no record where there is none to tell of.
  struct Taken {
    std::uint64_t sequence = 0;
    domain::IdScope tenant;
    std::optional<sync::RecordChange> registration;
    std::string quarantine_reason;  // empty: applied
    bool is_repeated = false;       // it was taken in before
    bool is_placed = false;  // the device has a place that it did not have: it is new, or moved
  };
  struct Outcome {
    std::vector<Taken> taken;
    std::vector<domain::IdScope> changed;  // tenants whose log grew
  };
  // Durable when it returns. An Error means that nothing may be acknowledged. `previous` is the
  // last contact of the session before.
  [[nodiscard]] Result<Outcome> take(const domain::Gateway& gateway, const Contact& contact,
                                     const std::optional<Contact>& previous,
                                     const sync::OutboxEntries& entries);

  // The watermark of one incarnation; none if it was never heard of.
  [[nodiscard]] Result<std::optional<domain::OutboxWatermark>> watermark(
      const domain::GatewayId& gateway, const std::string& incarnation) const;
  // Whether another incarnation of the gateway's outbox is known.
  [[nodiscard]] Result<bool> knows_another(const domain::GatewayId& gateway,
                                           const std::string& incarnation) const;
  // Remembers the present contact; makes the watermark if there is none.
  [[nodiscard]] Result<void> remember(const domain::GatewayId& gateway,
                                      const std::string& incarnation, const Contact& contact);

 private:
  struct Batch;

  // Whether an assignment that was taken in before, by its number, is not here, and nobody deleted
  // it: a rolled-back gateway gives numbers twice (design section 4, invariant 1).
  [[nodiscard]] Result<bool> is_missing(const domain::OutboxEntry& entry, Batch& batch) const;
  [[nodiscard]] Result<Taken> apply(const domain::OutboxEntry& entry, Batch& batch);
  [[nodiscard]] Result<Taken> apply_assignment(const domain::OutboxEntry& entry, Batch& batch);
  [[nodiscard]] Result<Taken> apply_attempt(const domain::OutboxEntry& entry, Batch& batch);
  // Why the gateway may not say this; empty if it may.
  [[nodiscard]] Result<std::string> objection(const domain::OutboxEntry& entry,
                                              const domain::Gateway& gateway) const;
  [[nodiscard]] bool may_supersede(const domain::GatewayId& gateway);

  store::RecordStore& store_;
  ports::Clock& clock_;
  std::map<domain::GatewayId, std::deque<WallTime>> superseded_;
};

}  // namespace berth::coordinator
