// The webhook of custom allocation, as gateways meet it: it chooses a hub for each device, changes
// its mind now and then, and is down, refuses or talks nonsense for a while.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "shared/base/result.hpp"
#include "shared/domain/allocation/custom.hpp"
#include "tools/sim/world.hpp"

namespace berth::sim {

class SimWebhook {
 public:
  enum class Mood : std::uint8_t { serving, down, overloaded, refusing, unauthorized, nonsense };
  using Answer = std::function<void(Result<domain::CustomAllocationAnswer>)>;

  explicit SimWebhook(World& world) : world_(world) {}

  // Answered once, if only by a timeout.
  void ask(const domain::CustomAllocationRequest& request, Answer answer);
  void set_mood(Mood mood) { mood_ = mood; }
  // From now on it chooses other hubs.
  void change_mind() { ++mind_; }

 private:
  [[nodiscard]] Result<domain::CustomAllocationAnswer> decide(
      const domain::CustomAllocationRequest& request);

  World& world_;
  Mood mood_ = Mood::serving;
  std::uint64_t mind_ = 0;
};

[[nodiscard]] const char* name_of(SimWebhook::Mood mood);

}  // namespace berth::sim
