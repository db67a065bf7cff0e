#include "gateway/core/registration/decision.hpp"

#include <algorithm>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include "gateway/core/registration/hub_attempts.hpp"
#include "shared/domain/allocation/allocate.hpp"
#include "shared/domain/attestation/symmetric_key.hpp"
#include "shared/domain/reprovision.hpp"

namespace berth::gateway {
namespace {

Result<domain::Allocation> allocate(const DecisionInputs& inputs, const domain::IdScope& tenant,
                                    const domain::Provisioning& provisioning,
                                    const std::optional<domain::Registration>& previous,
                                    const domain::Intent& intent) {
  const Result<std::vector<domain::LinkedHub>> hubs = inputs.cache.hubs(tenant);
  if (!hubs) return hubs.error();
  const Result<domain::TenantSettings> settings = inputs.cache.settings(tenant);
  if (!settings) return settings.error();

  domain::AllocationRequest request;
  request.registration_id = intent.registration_id;
  request.hubs = *hubs;
  request.service_default = settings->allocation_policy;
  request.geo_latency = inputs.geo_latency;
  if (domain::is_assignment(previous)) request.current = previous->hub_id;
  request.refused_by = hubs_that_refused(intent);
  domain::HubLatencies latencies;
  for (const domain::LinkedHub& hub : *hubs) {
    if (const auto latency = inputs.probe.latency(hub.hub_id)) latencies[hub.hub_id] = *latency;
  }
  return domain::allocate(request, provisioning, latencies, inputs.crypto);
}

// Keys that were rolled since the device was accepted are not given to its hub any more.
void refresh_keys(const domain::SymmetricKeyAttestation& keys, domain::Intent& intent) {
  if (auto* credential = std::get_if<domain::SymmetricKeyCredential>(&intent.credential)) {
    credential->primary = keys.primary;
    credential->secondary = keys.secondary;
  }
}

Result<domain::Provisioning> enabled_group(domain::EnrollmentLookup& enrollments,
                                           ports::Crypto& crypto, domain::Intent& intent) {
  domain::EnrollmentRef& ref = intent.enrollment;
  const Result<domain::EnrollmentGroupId> id = domain::EnrollmentGroupId::parse(ref.id);
  if (!id) return Error{Errc::unauthorized, "the intent names no enrollment group"};
  const auto group = enrollments.group(*id);
  if (!group) return group.error();
  if (!group->has_value()) {
    return Error{Errc::unauthorized, "enrollment group " + ref.id + " was deleted meanwhile"};
  }
  if ((*group)->record.provisioning.status == domain::ProvisioningStatus::disabled) {
    return Error{Errc::disabled, "enrollment group " + ref.id + " was disabled meanwhile"};
  }
  ref.version = (*group)->version;
  const auto* keys = std::get_if<domain::SymmetricKeyAttestation>(&(*group)->record.attestation);
  if (keys != nullptr) {
    refresh_keys(domain::derive_device_keys(*keys, intent.registration_id.str(), crypto), intent);
  }
  return (*group)->record.provisioning;
}

}  // namespace

std::optional<domain::Registration> registration_in(const KnownRegistration& known) {
  if (!known.registration) return std::nullopt;
  return known.registration->record;
}

Result<void> decide(const DecisionInputs& inputs, const domain::IdScope& tenant,
                    const domain::Provisioning& provisioning, const domain::DeviceId& device_id,
                    const std::optional<domain::Registration>& previous, WallTime now,
                    domain::Intent& intent) {
  domain::ProvisioningPlan plan;
  if (domain::needs_allocation(previous, provisioning)) {
    const Result<domain::Allocation> allocation =
        allocate(inputs, tenant, provisioning, previous, intent);
    if (!allocation) return allocation.error();
    plan = domain::plan_provisioning(previous, provisioning, allocation->hub_id,
                                     allocation->host_name, device_id);
  } else {
    plan = domain::plan_to_stay(*previous);
  }
  intent.device_id = plan.device_id;
  intent.substatus = plan.substatus;
  intent.twin = provisioning.initial_twin;
  intent.replace_twin =
      plan.twin == domain::TwinAction::reset || plan.twin == domain::TwinAction::migrate;
  intent.migrate_twin = plan.twin == domain::TwinAction::migrate;
  if (plan.is_move()) {
    intent.previous = domain::PreviousAssignment{previous->hub_id, previous->assigned_hub,
                                                 previous->device_id, previous->hub_etag};
  }
  begin_attempt(intent, plan.hub_id, plan.host_name, now);
  return {};
}

Result<domain::Provisioning> still_enrolled(const Cache& cache, ports::Crypto& crypto,
                                            const domain::IdScope& tenant, domain::Intent& intent) {
  const auto enrollments = cache.enrollments(tenant);
  const auto individual = enrollments->individual(intent.registration_id);
  if (!individual) return individual.error();
  const Result<bool> blocked = enrollments->is_blocked(intent.registration_id);
  if (!blocked) return blocked.error();
  // A disabled individual blocks its device whatever a group says (design section 3.2).
  const bool is_disabled =
      *blocked || (individual->has_value() && (*individual)->record.provisioning.status ==
                                                  domain::ProvisioningStatus::disabled);
  if (is_disabled) {
    return Error{Errc::disabled, "the individual enrollment was disabled meanwhile"};
  }
  if (intent.enrollment.is_group) return enabled_group(*enrollments, crypto, intent);
  if (!individual->has_value()) {
    return Error{Errc::unauthorized, "the individual enrollment was deleted meanwhile"};
  }
  intent.enrollment.version = (*individual)->version;
  const auto* keys =
      std::get_if<domain::SymmetricKeyAttestation>(&(*individual)->record.attestation);
  if (keys != nullptr) refresh_keys(*keys, intent);
  return (*individual)->record.provisioning;
}

Result<std::optional<domain::LinkedHub>> find_linked_hub(const Cache& cache,
                                                         const domain::IdScope& tenant,
                                                         const domain::HubId& hub) {
  Result<std::vector<domain::LinkedHub>> hubs = cache.hubs(tenant);
  if (!hubs) return hubs.error();
  const auto found = std::find_if(hubs->begin(), hubs->end(),
                                  [&](const domain::LinkedHub& h) { return h.hub_id == hub; });
  if (found == hubs->end()) return std::optional<domain::LinkedHub>();
  return std::optional<domain::LinkedHub>(std::move(*found));
}

}  // namespace berth::gateway
