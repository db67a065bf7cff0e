// Which hubs a device may be given (service API 2.8), before any policy chooses among them.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "shared/base/result.hpp"
#include "shared/domain/model/enrollment.hpp"
#include "shared/domain/model/ids.hpp"
#include "shared/domain/model/linked_hub.hpp"

namespace berth::domain {

// Smoothed round trips as this gateway measures them. A hub that cannot be reached keeps its last
// one; a hub never reached has none.
using HubLatencies = std::map<HubId, std::chrono::microseconds>;

struct Candidate {
  HubId hub_id;
  std::string host_name;
  std::uint32_t weight = kMinAllocationWeight;
  std::optional<std::chrono::microseconds> latency;
};

// The hubs that `names` (host names, compared without regard to case) stand for, or all linked hubs
// if it is empty; minus those that take no part in allocation. Sorted by hub ID.
// Errc::no_hub if a name is of no linked hub, or if nothing is left.
[[nodiscard]] Result<std::vector<Candidate>> eligible_hubs(std::span<const std::string> names,
                                                           std::span<const LinkedHub> linked,
                                                           const HubLatencies& latencies);

}  // namespace berth::domain
