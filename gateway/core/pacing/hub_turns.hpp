// Whose turn it is at one hub's registry (service API 5.3): requests stay under the hub's limit,
// stop while it throttles, and only so many are under way at once, so that a slow hub does not take
// all there is. Who waits is served fairly: tenants in turn, each tenant's devices in the order in
// which they came. An operation that has begun goes before one that has not; devices go before
// clean-up, which has a small share of its own while they come.
//
// Sans-I/O: tickets in, tickets out.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "gateway/core/pacing/token_bucket.hpp"
#include "shared/base/timestamp.hpp"
#include "shared/domain/model/ids.hpp"

namespace berth::gateway {

enum class TurnKind : std::uint8_t { under_way, device, cleanup };

// How a request ended, for the pace of those that follow.
struct TurnEnd {
  bool throttled = false;
  std::optional<std::chrono::seconds> retry_after = std::nullopt;
};

class HubTurns {
 public:
  using Ticket = std::uint64_t;

  // What the coordinator gave this gateway as its share; 0: no limit. Of several tenants with links
  // to one hub the smallest counts.
  void set_limit(const domain::IdScope& tenant, std::uint32_t per_minute, MonotonicTime now);

  // False: too many wait already. What is under way always gets in.
  [[nodiscard]] bool wait(Ticket ticket, const domain::IdScope& tenant, TurnKind kind);
  // Those whose turn it is now. Each of them ends with done().
  [[nodiscard]] std::vector<Ticket> due(MonotonicTime now);
  void done(const TurnEnd& end, MonotonicTime now);
  // When due() has somebody at the earliest, if nothing ends before; nullopt: then nobody.
  [[nodiscard]] std::optional<MonotonicTime> next_wake(MonotonicTime now);
  // Nobody waits, nothing is under way, and nothing is to be remembered.
  [[nodiscard]] bool idle(MonotonicTime now) const;

 private:
  // The tickets of one kind: a queue per tenant, and the tenants in turn.
  struct Queue {
    std::map<domain::IdScope, std::deque<Ticket>> tenants;
    std::deque<domain::IdScope> turn;
    std::size_t size = 0;
    void push(const domain::IdScope& tenant, Ticket ticket);
    Ticket pop();
  };
  static constexpr std::size_t kKinds = 3;
  [[nodiscard]] Queue& queue(TurnKind kind) { return queues_.at(static_cast<std::size_t>(kind)); }
  [[nodiscard]] bool anybody() const;
  [[nodiscard]] Queue& next_queue();

  std::array<Queue, kKinds> queues_;
  std::map<domain::IdScope, std::uint32_t> limits_;
  TokenBucket bucket_;
  std::size_t under_way_ = 0;
  MonotonicTime paused_until_{};
  int throttled_in_a_row_ = 0;
  int devices_in_a_row_ = 0;  // while clean-up waits
};

}  // namespace berth::gateway
