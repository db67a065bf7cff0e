// Requests that wait for the coordinator: for a fence, since what was just written there may answer
// for them (design 3.3), or for a look-back at what became of their registration (design 3.4).
// Nobody waits past a deadline, with an answer or without; who waits at all is bounded.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "gateway/core/registration/action.hpp"
#include "gateway/core/registration/pending_request.hpp"
#include "shared/base/timestamp.hpp"
#include "shared/domain/model/ids.hpp"
#include "shared/ports/clock.hpp"

namespace berth::gateway {

class WaitingRoom {
 public:
  WaitingRoom(std::size_t capacity, std::chrono::milliseconds look_back_deadline,
              ports::Clock& clock)
      : capacity_(capacity), look_back_deadline_(look_back_deadline), clock_(clock) {}

  [[nodiscard]] bool has_room() const { return waiting_ < capacity_; }
  [[nodiscard]] std::size_t size() const { return waiting_; }

  // There must be room.
  void wait_for_fence(PendingRequest pending, Actions& out);
  void wait_for_look_back(PendingRequest pending, Actions& out);

  // Those that the answer was for, marked so that they do not wait for the same again.
  [[nodiscard]] std::vector<PendingRequest> release_fence(const domain::IdScope& tenant,
                                                          std::uint64_t ticket, Actions& out);
  [[nodiscard]] std::vector<PendingRequest> release_look_back(
      const domain::IdScope& tenant, const domain::RegistrationId& registration_id);

  // Those whose deadline has passed: of all fences, and of one look-back, the one due the longest.
  [[nodiscard]] std::vector<PendingRequest> release_due_fences(MonotonicTime now, Actions& out);
  [[nodiscard]] std::vector<PendingRequest> release_due_look_back(MonotonicTime now);
  [[nodiscard]] std::optional<MonotonicTime> next_wake() const;

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
  using Fences = std::map<domain::IdScope, Fence>;
  using LookBacks = std::map<DeviceKey, LookingBack>;

  [[nodiscard]] std::vector<PendingRequest> release(Fences::iterator fence, Actions& out);
  [[nodiscard]] std::vector<PendingRequest> release(LookBacks::iterator look_back);

  std::size_t capacity_;
  std::chrono::milliseconds look_back_deadline_;
  ports::Clock& clock_;
  Fences fences_;
  LookBacks look_backs_;
  std::set<std::pair<MonotonicTime, DeviceKey>> look_back_deadlines_;
  std::size_t waiting_ = 0;
  std::uint64_t last_ticket_ = 0;
};

}  // namespace berth::gateway
