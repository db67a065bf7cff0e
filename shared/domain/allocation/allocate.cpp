#include "shared/domain/allocation/allocate.hpp"

#include <algorithm>
#include <utility>

#include "shared/domain/allocation/hashed.hpp"
#include "shared/domain/allocation/static_hub.hpp"

namespace berth::domain {
namespace {

std::string milliseconds(std::chrono::microseconds time) {
  const auto tenths = time.count() / 100;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " ms";
}

Allocation allocation_of(const Candidate& candidate, AllocationPolicy policy, std::string reason) {
  return Allocation{candidate.hub_id, candidate.host_name, policy, std::move(reason)};
}

Result<Allocation> allocate_hashed(const AllocationRequest& request,
                                   std::vector<Candidate> candidates, ports::Crypto& crypto) {
  const std::size_t eligible = candidates.size();
  std::erase_if(candidates, [&](const Candidate& candidate) {
    return std::ranges::find(request.refused_by, candidate.hub_id) != request.refused_by.end();
  });
  if (candidates.empty()) {
    return Error{Errc::no_hub, "all " + std::to_string(eligible) + " eligible hubs refused it"};
  }
  const Candidate& chosen = choose_hashed(request.registration_id, candidates, crypto);
  return allocation_of(chosen, AllocationPolicy::hashed,
                       "hashed among " + std::to_string(candidates.size()) + " hubs");
}

Result<Allocation> allocate_by_latency(const AllocationRequest& request,
                                       const std::vector<Candidate>& candidates,
                                       ports::Crypto& crypto) {
  const Candidate& chosen = choose_by_latency(request.registration_id, candidates, request.current,
                                              request.geo_latency, crypto);
  std::string reason;
  if (request.current == chosen.hub_id) {
    reason = "stays: no hub is nearer by more than the hysteresis";
  } else if (chosen.latency) {
    reason = "nearest of " + std::to_string(candidates.size()) + " hubs, at " +
             milliseconds(*chosen.latency);
  } else {
    reason =
        "no hub was ever measured: hashed among " + std::to_string(candidates.size()) + " hubs";
  }
  return allocation_of(chosen, AllocationPolicy::geo_latency, std::move(reason));
}

}  // namespace

AllocationPolicy effective_policy(const Provisioning& provisioning,
                                  AllocationPolicy service_default) {
  if (provisioning.allocation_policy) return *provisioning.allocation_policy;
  if (!provisioning.iot_hub_host_name.empty()) return AllocationPolicy::static_hub;
  return service_default;
}

Result<Allocation> allocate(const AllocationRequest& request, const Provisioning& provisioning,
                            const HubLatencies& latencies, ports::Crypto& crypto) {
  const AllocationPolicy policy = effective_policy(provisioning, request.service_default);
  std::vector<std::string> names = provisioning.iot_hubs;
  if (policy == AllocationPolicy::static_hub) {
    auto name = static_hub_name(provisioning);
    if (!name) return name.error();
    names = {*name};
  } else if (policy == AllocationPolicy::custom) {
    return Error{Errc::unsupported, "custom allocation is not offered"};
  }
  auto candidates = eligible_hubs(names, request.hubs, latencies);
  if (!candidates) return candidates.error();
  switch (policy) {
    case AllocationPolicy::hashed: return allocate_hashed(request, std::move(*candidates), crypto);
    case AllocationPolicy::geo_latency: return allocate_by_latency(request, *candidates, crypto);
    case AllocationPolicy::static_hub: return allocation_of(candidates->front(), policy, "static");
    case AllocationPolicy::custom: break;
  }
  return Error{Errc::internal, "an allocation policy that does not exist"};
}

}  // namespace berth::domain
