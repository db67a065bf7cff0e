#include "shared/domain/reprovision.hpp"

#include <algorithm>
#include <utility>

#include "shared/base/assert.hpp"
#include "shared/base/encoding.hpp"

namespace berth::domain {

bool is_assignment(const std::optional<Registration>& previous) {
  return previous && previous->status == RegistrationStatus::assigned && !previous->hub_id.empty();
}

Result<void> check_binding(const std::optional<Registration>& previous,
                           const EnrollmentRef& enrollment) {
  if (!is_assignment(previous) || !enrollment.is_group) return {};
  const EnrollmentRef& bound_to = previous->enrollment;
  if (bound_to.is_group && equals_ignoring_case(bound_to.id, enrollment.id)) return {};
  return Error{Errc::forbidden,
               "the registration belongs to " +
                   std::string(bound_to.is_group ? "enrollment group " : "individual enrollment ") +
                   bound_to.id + "; enrollment group " + enrollment.id +
                   " may not take it over until the registration is deleted"};
}

std::optional<Registration> in_linked_hub(std::optional<Registration> previous,
                                          std::span<const LinkedHub> linked) {
  if (!is_assignment(previous)) return previous;
  const auto has_id = [&](const LinkedHub& hub) { return hub.hub_id == previous->hub_id; };
  if (std::ranges::any_of(linked, has_id)) return previous;
  const auto again = std::ranges::find_if(linked, [&](const LinkedHub& hub) {
    return equals_ignoring_case(hub.host_name, previous->assigned_hub);
  });
  if (again != linked.end()) previous->hub_id = again->hub_id;
  return previous;
}

bool needs_allocation(const std::optional<Registration>& previous,
                      const Provisioning& provisioning) {
  if (!is_assignment(previous)) return true;
  return provisioning.reprovision_policy.value_or(ReprovisionPolicy{}).update_hub_assignment;
}

ProvisioningPlan plan_to_stay(const Registration& previous) {
  ProvisioningPlan plan;
  plan.hub_id = previous.hub_id;
  plan.host_name = previous.assigned_hub;
  plan.device_id = previous.device_id;
  plan.twin = TwinAction::leave;
  // What DPS tells a device that stays (service API 2.6).
  plan.substatus = RegistrationSubstatus::initial_assignment;
  return plan;
}

std::string describe(const ProvisioningPlan& plan, const std::optional<Registration>& previous) {
  const std::string device = "device " + plan.device_id.str();
  const std::string there = "hub " + plan.host_name;
  const std::string left = previous ? "hub " + previous->assigned_hub : std::string("its hub");
  switch (plan.twin) {
    case TwinAction::initialise:
      return device + " is created in " + there + " with its enrollment's initial twin";
    case TwinAction::leave:
      return device + " stays in " + there + "; its credentials there are written again";
    case TwinAction::reset:
      return device + " moves to " + there +
             " with its enrollment's initial twin, and then goes from " + left;
    case TwinAction::migrate:
      return device + " moves to " + there +
             " with the tags and desired properties of its twin in " + left +
             ", and then goes from there";
  }
  return {};
}

ProvisioningPlan plan_provisioning(const std::optional<Registration>& previous,
                                   const Provisioning& provisioning, const HubId& hub_id,
                                   const std::string& host_name, const DeviceId& device_id) {
  BERTH_ASSERT(!hub_id.empty());
  ProvisioningPlan plan;
  plan.hub_id = hub_id;
  plan.host_name = host_name;
  if (!is_assignment(previous)) {
    plan.device_id = device_id;
    return plan;
  }
  if (previous->hub_id == hub_id || !needs_allocation(previous, provisioning)) {
    plan = plan_to_stay(*previous);
    // A linked hub may have been given another name since.
    if (previous->hub_id == hub_id) plan.host_name = host_name;
    return plan;
  }
  plan.device_id = previous->device_id;
  plan.leaves = previous->hub_id;
  const ReprovisionPolicy policy = provisioning.reprovision_policy.value_or(ReprovisionPolicy{});
  if (policy.migrate_device_data) {
    plan.twin = TwinAction::migrate;
    plan.substatus = RegistrationSubstatus::device_data_migrated;
  } else {
    plan.twin = TwinAction::reset;
    plan.substatus = RegistrationSubstatus::device_data_reset;
  }
  return plan;
}

}  // namespace berth::domain
