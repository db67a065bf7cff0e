// What may go wrong in a simulation. Scenarios have names, so that one can be asked for.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/sim/random.hpp"

namespace berth::sim {

struct Scenario {
  std::string name;
  std::string about;           // one line for people
  bool partitions = false;     // gateways lose the coordinator: held back, then reset or healed
  bool crashes = false;        // nodes lose what is not committed
  bool hubs = false;           // hubs are down, throttle, refuse, are cut off
  bool messages = false;       // to gateways and hubs: lost, repeated, late
  bool admin = false;          // enrollments, hubs, registrations and gateways change
  bool clocks = false;         // gateways' wall clocks are set
  bool disks = false;          // commits fail
  bool short_permits = false;  // minutes instead of days
  bool short_log = false;      // the change log forgets soon: snapshots
  bool webhooks = false;       // webhooks choose hubs, change their mind, and fail
  bool moves = false;          // enrollments get other hubs and policies, a hub is unlinked
  bool full_hubs = false;      // hubs are full
};

// All that can be asked for; the first is the default.
[[nodiscard]] const std::vector<Scenario>& scenarios();
// The scenario of that name as `random` plays it: "swarm" draws its faults. None of that name:
// none.
[[nodiscard]] std::optional<Scenario> find_scenario(std::string_view name, Random& random);

}  // namespace berth::sim
