#include "shared/domain/allocation/candidates.hpp"

#include <algorithm>

#include "shared/base/encoding.hpp"

namespace berth::domain {
namespace {

Candidate candidate_of(const LinkedHub& hub, const HubLatencies& latencies) {
  Candidate candidate;
  candidate.hub_id = hub.hub_id;
  candidate.host_name = hub.host_name;
  candidate.weight = std::clamp(hub.allocation_weight, kMinAllocationWeight, kMaxAllocationWeight);
  const auto latency = latencies.find(hub.hub_id);
  if (latency != latencies.end()) candidate.latency = latency->second;
  return candidate;
}

}  // namespace

Result<std::vector<Candidate>> eligible_hubs(std::span<const std::string> names,
                                             std::span<const LinkedHub> linked,
                                             const HubLatencies& latencies) {
  for (const std::string& name : names) {
    const bool is_linked = std::ranges::any_of(
        linked, [&](const LinkedHub& hub) { return equals_ignoring_case(hub.host_name, name); });
    if (!is_linked) {
      return Error{Errc::no_hub, "the enrollment names the hub " + name + ", which is not linked"};
    }
  }
  std::vector<Candidate> candidates;
  for (const LinkedHub& hub : linked) {
    const bool is_named = names.empty() || std::ranges::any_of(names, [&](const std::string& name) {
                            return equals_ignoring_case(hub.host_name, name);
                          });
    if (is_named && hub.apply_allocation_policy) candidates.push_back(candidate_of(hub, latencies));
  }
  if (candidates.empty()) {
    return Error{Errc::no_hub,
                 linked.empty() ? "no hub is linked"
                                : "every hub that the device may get is excluded from allocation"};
  }
  // Every gateway sees the same order, whatever the order of its records.
  std::ranges::sort(candidates, {}, &Candidate::hub_id);
  return candidates;
}

}  // namespace berth::domain
