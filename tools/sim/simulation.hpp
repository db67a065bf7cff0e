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

// One run of the scenario of that name; none if there is no such scenario. `print` gets every line
// of the trace; it may be empty.
[[nodiscard]] std::optional<Report> play(const std::string& scenario, std::uint64_t seed,
                                         const std::function<void(const std::string&)>& print = {});

}  // namespace berth::sim
