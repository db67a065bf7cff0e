#include "shared/domain/destination.hpp"

#include <utility>
#include <vector>

namespace berth::domain {
namespace {

Destination stay(const Registration& previous, DecisionTrace& trace) {
  trace.policy.reset();
  trace.policy_source = PolicySource::none;
  trace.reason = "stays: the enrollment's reprovision policy never moves it";
  return {Destination::Kind::stays, plan_to_stay(previous)};
}

// The webhook chooses among the hubs that the device may get, of which there must be one.
Result<Destination> leave_to_webhook(const DestinationRequest& request,
                                     const Provisioning& provisioning, DecisionTrace& trace) {
  if (!provisioning.custom_allocation) {
    return Error{Errc::allocation_failed,
                 "custom allocation needs a webhook, and the enrollment names none"};
  }
  const auto eligible =
      eligible_hubs(provisioning.iot_hubs, request.allocation.hubs, request.latencies);
  if (!eligible) return eligible.error();
  trace.candidates.clear();
  trace.candidates_left_out = 0;
  for (const Candidate& candidate : *eligible) {
    DecisionCandidate traced{candidate.hub_id,  candidate.host_name, candidate.weight,
                             candidate.latency, std::nullopt,        {}};
    if (request.allocation.current == candidate.hub_id) traced.remark = "the device is there";
    add_candidate(trace, std::move(traced));
  }
  return Destination{Destination::Kind::webhook, {}};
}

}  // namespace

Result<Destination> find_destination(DestinationRequest request, const Provisioning& provisioning,
                                     const std::optional<Registration>& previous,
                                     ports::Crypto& crypto, DecisionTrace& trace) {
  if (!needs_allocation(previous, provisioning)) {
    Destination there = stay(*previous, trace);
    trace_plan(there.plan, previous, trace);
    return there;
  }
  request.allocation.current.reset();
  if (is_assignment(previous)) request.allocation.current = previous->hub_id;
  const auto allocation =
      allocate(request.allocation, provisioning, request.latencies, crypto, &trace);
  if (!allocation) {
    if (allocation.error().code != Errc::unsupported) return allocation.error();
    return leave_to_webhook(request, provisioning, trace);
  }
  Destination there{Destination::Kind::chosen,
                    plan_provisioning(previous, provisioning, allocation->hub_id,
                                      allocation->host_name, request.device_id)};
  trace_plan(there.plan, previous, trace);
  return there;
}

void trace_plan(const ProvisioningPlan& plan, const std::optional<Registration>& previous,
                DecisionTrace& trace) {
  trace.hub_id = plan.hub_id;
  trace.host_name = plan.host_name;
  trace.hub_call = trace_text(describe(plan, previous));
}

}  // namespace berth::domain
