// One simulation: a coordinator, two gateways at two sites, hubs and devices, a storm of faults,
// and then a calm in which everything must come right.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tools/sim/scenario.hpp"

namespace berth::sim {

struct Report {
  std::string scenario;
  std::uint64_t seed = 0;
  std::uint64_t hash = 0;  // of everything that happened
  std::uint64_t events = 0;
  std::size_t assignments = 0;  // that devices were told of
  std::optional<std::string> failure;
  std::vector<std::string> last_lines;  // with a failure
};

// `print` gets every line of the trace; it may be empty.
[[nodiscard]] Report simulate(std::uint64_t seed, const Scenario& scenario,
                              const std::function<void(const std::string&)>& print = {});

}  // namespace berth::sim
