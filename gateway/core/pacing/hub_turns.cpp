#include "gateway/core/pacing/hub_turns.hpp"

#include <algorithm>

#include "gateway/core/limits.hpp"

namespace berth::gateway {

void HubTurns::Queue::push(const domain::IdScope& tenant, Ticket ticket) {
  std::deque<Ticket>& own = tenants[tenant];
  if (own.empty()) turn.push_back(tenant);
  own.push_back(ticket);
  ++size;
}

HubTurns::Ticket HubTurns::Queue::pop() {
  const domain::IdScope tenant = turn.front();
  turn.pop_front();
  const auto found = tenants.find(tenant);
  const Ticket ticket = found->second.front();
  found->second.pop_front();
  --size;
  if (found->second.empty()) {
    tenants.erase(found);
  } else {
    turn.push_back(tenant);
  }
  return ticket;
}

void HubTurns::set_limit(const domain::IdScope& tenant, std::uint32_t per_minute,
                         MonotonicTime now) {
  const auto [at, is_new] = limits_.emplace(tenant, per_minute);
  if (!is_new && at->second == per_minute) return;
  at->second = per_minute;
  std::uint32_t smallest = 0;
  for (const auto& [of, limit] : limits_) {
    if (limit != 0 && (smallest == 0 || limit < smallest)) smallest = limit;
  }
  bucket_.set_limit(smallest, now);
}

bool HubTurns::wait(Ticket ticket, const domain::IdScope& tenant, TurnKind kind) {
  switch (kind) {
    case TurnKind::under_way: break;
    case TurnKind::device:
      if (queue(kind).size >= kMaxWaitingAtHub) return false;
      break;
    case TurnKind::cleanup:
      if (queue(kind).size >= kMaxCleanupAtHub) return false;
      break;
  }
  queue(kind).push(tenant, ticket);
  return true;
}

bool HubTurns::anybody() const {
  return std::any_of(queues_.begin(), queues_.end(), [](const Queue& one) { return one.size > 0; });
}

HubTurns::Queue& HubTurns::next_queue() {
  Queue& cleanup = queue(TurnKind::cleanup);
  if (queue(TurnKind::under_way).size > 0) return queue(TurnKind::under_way);
  const bool is_cleanups_turn = cleanup.size > 0 && (queue(TurnKind::device).size == 0 ||
                                                     devices_in_a_row_ >= kDevicesPerCleanup);
  if (is_cleanups_turn) {
    devices_in_a_row_ = 0;
    return cleanup;
  }
  if (cleanup.size > 0) ++devices_in_a_row_;
  return queue(TurnKind::device);
}

std::vector<HubTurns::Ticket> HubTurns::due(MonotonicTime now) {
  std::vector<Ticket> tickets;
  while (anybody() && under_way_ < kMaxUnderWayAtHub && paused_until_ <= now && bucket_.take(now)) {
    tickets.push_back(next_queue().pop());
    ++under_way_;
  }
  return tickets;
}

void HubTurns::done(const TurnEnd& end, MonotonicTime now) {
  if (under_way_ > 0) --under_way_;
  if (!end.throttled) {
    throttled_in_a_row_ = 0;
    return;
  }
  // Those that were under way together are one throttling.
  if (paused_until_ > now) return;
  const auto grown = kFirstThrottlePause * (1 << std::min(throttled_in_a_row_, 16));
  const auto pause = end.retry_after ? *end.retry_after : std::chrono::seconds(grown);
  paused_until_ =
      now + std::clamp<std::chrono::seconds>(pause, kFirstThrottlePause, kLastThrottlePause);
  ++throttled_in_a_row_;
}

std::optional<MonotonicTime> HubTurns::next_wake(MonotonicTime now) {
  if (!anybody() || under_way_ >= kMaxUnderWayAtHub) return std::nullopt;
  return std::max(paused_until_, bucket_.next(now));
}

bool HubTurns::idle(MonotonicTime now) const {
  return !anybody() && under_way_ == 0 && paused_until_ <= now && bucket_.limit() == 0;
}

}  // namespace berth::gateway
