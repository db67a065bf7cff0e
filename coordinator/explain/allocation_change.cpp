#include "coordinator/explain/allocation_change.hpp"

#include <algorithm>
#include <utility>

#include "shared/base/encoding.hpp"

namespace berth::coordinator {
namespace {

auto find_hub(std::vector<domain::LinkedHub>& hubs, const std::string& host_name) {
  return std::ranges::find_if(
      hubs, [&](const auto& hub) { return equals_ignoring_case(hub.host_name, host_name); });
}

template <class Key>
void apply(const std::map<Key, AllocationChange::Enrollment>& changes, const Result<Key>& key,
           domain::Provisioning& provisioning) {
  if (!key) return;
  const auto found = changes.find(*key);
  if (found == changes.end()) return;
  const AllocationChange::Enrollment& change = found->second;
  if (change.policy) provisioning.allocation_policy = change.policy;
  if (change.hubs) provisioning.iot_hubs = *change.hubs;
  if (change.reprovisioning) provisioning.reprovision_policy = change.reprovisioning;
}

}  // namespace

Result<void> apply_change(const AllocationChange& change, Ground& ground) {
  if (change.service_default) ground.service_default = *change.service_default;
  for (const AllocationChange::Hub& one : change.hubs) {
    const auto hub = find_hub(ground.hubs, one.host_name);
    if (hub == ground.hubs.end()) {
      return Error{Errc::invalid, "hub " + one.host_name + " is not linked"};
    }
    if (one.weight) hub->allocation_weight = *one.weight;
    if (one.takes_part) hub->apply_allocation_policy = *one.takes_part;
    if (one.is_removed) ground.hubs.erase(hub);
  }
  for (const domain::LinkedHub& hub : change.added) {
    if (find_hub(ground.hubs, hub.host_name) != ground.hubs.end()) {
      return Error{Errc::invalid, "hub " + hub.host_name + " is linked already"};
    }
    ground.hubs.push_back(hub);
  }
  return {};
}

void apply_change(const AllocationChange& change, Supposition& supposed) {
  const std::string& id = supposed.enrollment.id;
  if (supposed.enrollment.is_group) {
    apply(change.groups, domain::EnrollmentGroupId::parse(id), supposed.provisioning);
  } else {
    apply(change.individuals, domain::RegistrationId::parse(id), supposed.provisioning);
  }
}

}  // namespace berth::coordinator
