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

bool refused(const AllocationRequest& request, const HubId& hub) {
  return std::ranges::find(request.refused_by, hub) != request.refused_by.end();
}

// Each candidate as the policy sees it.
void trace_candidates(const AllocationRequest& request, AllocationPolicy policy,
                      std::span<const Candidate> candidates, ports::Crypto& crypto,
                      DecisionTrace& trace) {
  trace.candidates.clear();
  trace.candidates_left_out = 0;
  for (const Candidate& candidate : candidates) {
    DecisionCandidate traced{candidate.hub_id,  candidate.host_name, candidate.weight,
                             candidate.latency, std::nullopt,        {}};
    if (policy == AllocationPolicy::hashed) {
      traced.score = rendezvous_score(request.registration_id, candidate, crypto);
      if (refused(request, candidate.hub_id)) traced.remark = "it refused the device";
    }
    if (request.current == candidate.hub_id) traced.remark = "the device is there";
    add_candidate(trace, std::move(traced));
  }
}

Result<Allocation> allocate_hashed(const AllocationRequest& request,
                                   std::vector<Candidate> candidates, ports::Crypto& crypto) {
  const std::size_t eligible = candidates.size();
  std::erase_if(candidates,
                [&](const Candidate& candidate) { return refused(request, candidate.hub_id); });
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

Result<Allocation> allocate_by(AllocationPolicy policy, const AllocationRequest& request,
                               const Provisioning& provisioning, const HubLatencies& latencies,
                               ports::Crypto& crypto, DecisionTrace* trace) {
  std::vector<std::string> names = provisioning.iot_hubs;
  if (policy == AllocationPolicy::static_hub) {
    auto name = static_hub_name(provisioning);
    if (!name) return name.error();
    names = {*name};
  } else if (policy == AllocationPolicy::custom) {
    return Error{Errc::unsupported, "custom allocation is the webhook's to decide"};
  }
  auto candidates = eligible_hubs(names, request.hubs, latencies);
  if (!candidates) return candidates.error();
  if (trace != nullptr) trace_candidates(request, policy, *candidates, crypto, *trace);
  switch (policy) {
    case AllocationPolicy::hashed: return allocate_hashed(request, std::move(*candidates), crypto);
    case AllocationPolicy::geo_latency: return allocate_by_latency(request, *candidates, crypto);
    case AllocationPolicy::static_hub:
      return allocation_of(candidates->front(), policy, "the enrollment names this one hub");
    case AllocationPolicy::custom: break;
  }
  return Error{Errc::internal, "an allocation policy that does not exist"};
}

}  // namespace

AllocationPolicy effective_policy(const Provisioning& provisioning,
                                  AllocationPolicy service_default) {
  if (provisioning.allocation_policy) return *provisioning.allocation_policy;
  if (!provisioning.iot_hub_host_name.empty()) return AllocationPolicy::static_hub;
  return service_default;
}

PolicySource policy_source(const Provisioning& provisioning) {
  if (provisioning.allocation_policy) return PolicySource::enrollment;
  if (!provisioning.iot_hub_host_name.empty()) return PolicySource::legacy_host_name;
  return PolicySource::service_default;
}

Result<Allocation> allocate(const AllocationRequest& request, const Provisioning& provisioning,
                            const HubLatencies& latencies, ports::Crypto& crypto,
                            DecisionTrace* trace) {
  const AllocationPolicy policy = effective_policy(provisioning, request.service_default);
  if (trace != nullptr) {
    trace->policy = policy;
    trace->policy_source = policy_source(provisioning);
  }
  auto allocation = allocate_by(policy, request, provisioning, latencies, crypto, trace);
  if (trace != nullptr && allocation) {
    trace->hub_id = allocation->hub_id;
    trace->host_name = allocation->host_name;
    trace->reason = trace_text(allocation->reason);
  }
  return allocation;
}

}  // namespace berth::domain
