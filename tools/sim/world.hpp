// What all parts of one simulation share: time, chance, the log, and the weather.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "tools/sim/random.hpp"
#include "tools/sim/scheduler.hpp"
#include "tools/sim/sim_crypto.hpp"
#include "tools/sim/trace.hpp"

namespace berth::sim {

inline constexpr std::size_t kGateways = 2;

// What goes wrong now. Scenarios and the storm (storm.hpp) set it; all clear is all defaults.
struct Weather {
  // Of messages between a device and a gateway, and between a gateway and a hub, per mille.
  unsigned lost = 0;
  unsigned duplicated = 0;
  unsigned delayed = 0;
  std::array<bool, kGateways> partitioned{};  // gateway and coordinator don't reach each other
  std::array<bool, kGateways> cut_from_hubs{};
};

struct World {
  World(std::uint64_t seed, std::function<void(const std::string&)> print)
      : random(seed), trace(scheduler, std::move(print)) {}

  // A rule of the design was broken. The first one counts.
  void fail(const std::string& what) {
    if (!failure) {
      trace.line("FAILED", what);
      failure = what;
    }
  }
  SimTime latency() {
    return random.chance(20) ? random.between(SimTime{100'000}, SimTime{900'000})
                             : random.between(SimTime{500}, SimTime{20'000});
  }

  // How often sessions look at the time: seldom, where nothing happens for hours.
  SimTime tick{1'000'000};

  Scheduler scheduler;
  Random random;
  SimCrypto crypto;
  Trace trace;
  Weather weather;
  std::optional<std::string> failure;
};

}  // namespace berth::sim
