#include "coordinator/explain/prospect.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "shared/domain/destination.hpp"

namespace berth::coordinator {
namespace {

bool is_linked(const Ground& ground, const domain::HubId& hub) {
  return std::ranges::any_of(ground.hubs, [&](const auto& one) { return one.hub_id == hub; });
}

// What the gateway that decided last had measured.
domain::HubLatencies kept_latencies(const std::optional<domain::Registration>& registration) {
  domain::HubLatencies latencies;
  if (!registration) return latencies;
  for (const domain::DecisionCandidate& candidate : registration->decision.candidates) {
    if (candidate.latency) latencies[candidate.hub_id] = *candidate.latency;
  }
  return latencies;
}

// Whether the choice hangs on round trips that nobody here knows: with none, or without that of the
// device's own hub, which it leaves only for a nearer one.
bool hangs_on_measuring(const Ground& ground, const domain::Provisioning& provisioning,
                        const std::optional<domain::Registration>& previous,
                        const domain::HubLatencies& latencies) {
  if (domain::effective_policy(provisioning, ground.service_default) !=
      domain::AllocationPolicy::geo_latency) {
    return false;
  }
  const auto eligible = domain::eligible_hubs(provisioning.iot_hubs, ground.hubs, latencies);
  if (!eligible || eligible->size() == 1) return false;
  bool is_any_measured = false;
  for (const domain::Candidate& candidate : *eligible) {
    if (candidate.latency) is_any_measured = true;
    const bool is_there = domain::is_assignment(previous) && previous->hub_id == candidate.hub_id;
    if (is_there && !candidate.latency) return true;
  }
  return !is_any_measured;
}

void name_the_policy(const Ground& ground, const domain::Provisioning& provisioning,
                     const domain::HubLatencies& latencies, domain::DecisionTrace& trace) {
  trace.policy = domain::effective_policy(provisioning, ground.service_default);
  trace.policy_source = domain::policy_source(provisioning);
  const auto eligible = domain::eligible_hubs(provisioning.iot_hubs, ground.hubs, latencies);
  if (!eligible) return;
  for (const domain::Candidate& candidate : *eligible) {
    domain::add_candidate(trace, {candidate.hub_id,
                                  candidate.host_name,
                                  candidate.weight,
                                  candidate.latency,
                                  std::nullopt,
                                  {}});
  }
}

}  // namespace

Result<Ground> present_ground(const Catalog& catalog, const domain::IdScope& tenant) {
  Ground ground;
  auto hubs = catalog.hubs.all(tenant);
  if (!hubs) return hubs.error();
  for (auto& hub : *hubs) ground.hubs.push_back(std::move(hub.record));
  const auto settings = catalog.tenants.find(tenant);
  if (!settings) return settings.error();
  if (!*settings) return Error{Errc::not_found, "the tenant has no settings"};
  ground.service_default = (*settings)->record.allocation_policy;
  return ground;
}

std::string_view outcome_text(Outcome outcome) {
  switch (outcome) {
    case Outcome::assigned: return "assigned";
    case Outcome::stays: return "stays";
    case Outcome::moves: return "moves";
    case Outcome::webhook: return "webhook";
    case Outcome::unmeasured: return "unmeasured";
    case Outcome::refused: return "refused";
    case Outcome::undecided: return "undecided";
  }
  return {};
}

Prospect foresee(const Ground& ground, const domain::RegistrationId& id,
                 const Supposition& accepted,
                 const std::optional<domain::Registration>& registration, ports::Crypto& crypto,
                 domain::DecisionTrace trace) {
  Prospect prospect;
  prospect.trace = std::move(trace);
  const std::optional<domain::Registration> previous =
      domain::in_linked_hub(registration, ground.hubs);
  domain::DestinationRequest request;
  request.allocation.registration_id = id;
  request.allocation.hubs = ground.hubs;
  request.allocation.service_default = ground.service_default;
  request.device_id = accepted.device_id;
  request.latencies = ground.latencies;
  const bool is_asked = domain::needs_allocation(previous, accepted.provisioning);
  if (is_asked && request.latencies.empty()) {
    request.latencies = kept_latencies(registration);
    prospect.by_kept_latencies =
        !request.latencies.empty() &&
        domain::effective_policy(accepted.provisioning, ground.service_default) ==
            domain::AllocationPolicy::geo_latency;
  }
  if (is_asked && hangs_on_measuring(ground, accepted.provisioning, previous, request.latencies)) {
    name_the_policy(ground, accepted.provisioning, request.latencies, prospect.trace);
    prospect.outcome = Outcome::unmeasured;
    return prospect;
  }
  const auto destination = domain::find_destination(std::move(request), accepted.provisioning,
                                                    previous, crypto, prospect.trace);
  if (!destination) {
    prospect.outcome = Outcome::refused;
    prospect.error = destination.error();
    return prospect;
  }
  if (destination->kind == domain::Destination::Kind::webhook) {
    prospect.outcome = Outcome::webhook;
    return prospect;
  }
  prospect.plan = destination->plan;
  if (!is_linked(ground, prospect.plan.hub_id)) {
    prospect.outcome = Outcome::refused;
    prospect.error = Error{Errc::hub_refused, "the device stays in hub " + prospect.plan.host_name +
                                                  ", which is no longer linked"};
    return prospect;
  }
  const bool is_new = !domain::is_assignment(previous);
  prospect.outcome = is_new                    ? Outcome::assigned
                     : prospect.plan.is_move() ? Outcome::moves
                                               : Outcome::stays;
  return prospect;
}

}  // namespace berth::coordinator
