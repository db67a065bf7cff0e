#include "gateway/core/registration/waiting_room.hpp"

#include <utility>

#include "gateway/core/limits.hpp"

namespace berth::gateway {

void WaitingRoom::wait_for_fence(PendingRequest pending, Actions& out) {
  ++waiting_;
  const domain::IdScope tenant = pending.tenant;
  const auto [fence, is_new] = fences_.try_emplace(tenant);
  if (!is_new) {
    fence->second.next.push_back(std::move(pending));
    return;
  }
  fence->second.ticket = ++last_ticket_;
  fence->second.deadline = clock_.monotonic() + kFenceDeadline;
  fence->second.waiting.push_back(std::move(pending));
  out.emplace_back(RequestFence{tenant, fence->second.ticket});
}

std::vector<PendingRequest> WaitingRoom::release(Fences::iterator fence, Actions& out) {
  std::vector<PendingRequest> released = std::move(fence->second.waiting);
  if (fence->second.next.empty()) {
    fences_.erase(fence);
  } else {
    Fence& again = fence->second;
    again.waiting = std::exchange(again.next, {});
    again.ticket = ++last_ticket_;
    // Nobody waits longer for having come while another question was under way.
    again.deadline = again.waiting.front().arrived + kFenceDeadline;
    out.emplace_back(RequestFence{fence->first, again.ticket});
  }
  waiting_ -= released.size();
  for (PendingRequest& pending : released) pending.fenced = true;
  return released;
}

std::vector<PendingRequest> WaitingRoom::release_fence(const domain::IdScope& tenant,
                                                       std::uint64_t ticket, Actions& out) {
  const auto fence = fences_.find(tenant);
  if (fence == fences_.end() || fence->second.ticket != ticket) return {};
  return release(fence, out);
}

std::vector<PendingRequest> WaitingRoom::release_due_fences(MonotonicTime now, Actions& out) {
  std::vector<PendingRequest> released;
  for (auto fence = fences_.begin(); fence != fences_.end();) {
    // Releasing may end this fence or start it anew, and touches no other.
    const auto due = fence++;
    if (due->second.deadline > now) continue;
    for (PendingRequest& pending : release(due, out)) released.push_back(std::move(pending));
  }
  return released;
}

void WaitingRoom::wait_for_look_back(PendingRequest pending, Actions& out) {
  ++waiting_;
  const DeviceKey key{pending.tenant, pending.registration_id};
  const auto [look_back, is_new] = look_backs_.try_emplace(key);
  look_back->second.waiting.push_back(std::move(pending));
  if (!is_new) return;
  look_back->second.deadline = clock_.monotonic() + look_back_deadline_;
  look_back_deadlines_.emplace(look_back->second.deadline, key);
  out.emplace_back(LookBack{key.first, key.second});
}

std::vector<PendingRequest> WaitingRoom::release(LookBacks::iterator look_back) {
  std::vector<PendingRequest> released = std::move(look_back->second.waiting);
  look_back_deadlines_.erase({look_back->second.deadline, look_back->first});
  look_backs_.erase(look_back);
  waiting_ -= released.size();
  for (PendingRequest& pending : released) pending.looked_back = true;
  return released;
}

std::vector<PendingRequest> WaitingRoom::release_look_back(
    const domain::IdScope& tenant, const domain::RegistrationId& registration_id) {
  const auto look_back = look_backs_.find(DeviceKey{tenant, registration_id});
  if (look_back == look_backs_.end()) return {};
  return release(look_back);
}

std::vector<PendingRequest> WaitingRoom::release_due_look_back(MonotonicTime now) {
  if (look_back_deadlines_.empty() || look_back_deadlines_.begin()->first > now) return {};
  return release(look_backs_.find(look_back_deadlines_.begin()->second));
}

std::optional<MonotonicTime> WaitingRoom::next_wake() const {
  std::optional<MonotonicTime> next;
  const auto at = [&next](MonotonicTime when) {
    if (!next || when < *next) next = when;
  };
  for (const auto& [tenant, fence] : fences_) at(fence.deadline);
  if (!look_back_deadlines_.empty()) at(look_back_deadlines_.begin()->first);
  return next;
}

}  // namespace berth::gateway
