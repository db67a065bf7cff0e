// What becomes of a device that has a registration when it registers again (service API 2.9), and
// which enrollment may speak for an existing registration (design 3.5). Reads in this order:
// check_binding, needs_allocation, then plan_provisioning with allocation's choice.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "shared/base/result.hpp"
#include "shared/domain/model/enrollment.hpp"
#include "shared/domain/model/ids.hpp"
#include "shared/domain/model/linked_hub.hpp"
#include "shared/domain/model/registration.hpp"

namespace berth::domain {

// What to do with the device's twin in the hub that it gets.
enum class TwinAction : std::uint8_t {
  initialise,  // the enrollment's initial twin, unless an identity of ours is found there
  leave,       // the device stays: its twin is its own
  reset,       // moved: the enrollment's initial twin replaces what is there
  migrate,     // moved: tags and desired properties come along from the old hub
};

struct ProvisioningPlan {
  HubId hub_id;
  std::string host_name;
  DeviceId device_id;
  TwinAction twin = TwinAction::initialise;
  RegistrationSubstatus substatus = RegistrationSubstatus::initial_assignment;
  std::optional<HubId> leaves;  // the hub to clean up once the move is journaled
  [[nodiscard]] bool is_move() const { return leaves.has_value(); }
};

// Whether `previous` is an assignment that a later registration has to respect.
[[nodiscard]] bool is_assignment(const std::optional<Registration>& previous);

// A registration belongs to the enrollment that made it. An individual enrollment of the ID may
// take it over; another group may not, until the registration is deleted. Errc::forbidden.
[[nodiscard]] Result<void> check_binding(const std::optional<Registration>& previous,
                                         const EnrollmentRef& enrollment);

// A hub that was unlinked and linked again has another ID, and is the same place: the assignment,
// with the ID that its hub has now.
[[nodiscard]] std::optional<Registration> in_linked_hub(std::optional<Registration> previous,
                                                        std::span<const LinkedHub> linked);

// False if the device stays where it is and allocation is not evaluated (policy `never`).
[[nodiscard]] bool needs_allocation(const std::optional<Registration>& previous,
                                    const Provisioning& provisioning);

// The device stays in its hub: its credentials there are refreshed, nothing else. `previous` must
// be an assignment.
[[nodiscard]] ProvisioningPlan plan_to_stay(const Registration& previous);

// For people: what the plan asks of the hubs, in one sentence.
[[nodiscard]] std::string describe(const ProvisioningPlan& plan,
                                   const std::optional<Registration>& previous);

// What follows from allocation's choice (`hub_id`, `host_name`). `device_id` is for a first
// assignment; an assigned device keeps its own (service API 2.7).
[[nodiscard]] ProvisioningPlan plan_provisioning(const std::optional<Registration>& previous,
                                                 const Provisioning& provisioning,
                                                 const HubId& hub_id, const std::string& host_name,
                                                 const DeviceId& device_id);

}  // namespace berth::domain
