// Which hub a device gets, and why: the policy chooses among the eligible hubs (design 3.5).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "shared/base/result.hpp"
#include "shared/domain/allocation/candidates.hpp"
#include "shared/domain/allocation/geo_latency.hpp"
#include "shared/domain/model/decision_trace.hpp"
#include "shared/domain/model/enrollment.hpp"
#include "shared/domain/model/ids.hpp"
#include "shared/domain/model/linked_hub.hpp"
#include "shared/ports/crypto.hpp"

namespace berth::domain {

struct AllocationRequest {
  RegistrationId registration_id;
  std::span<const LinkedHub> hubs;  // all linked hubs of the tenant
  AllocationPolicy service_default = AllocationPolicy::hashed;
  std::optional<HubId> current;  // where a registered device is
  // Hubs that definitely refused this device before anything was written there. Only hashed
  // allocation goes on to the next hub; other policies' choice is not ours to replace.
  std::vector<HubId> refused_by;
  GeoLatencyRules geo_latency;
};

struct Allocation {
  HubId hub_id;
  std::string host_name;
  AllocationPolicy policy = AllocationPolicy::hashed;  // which one chose
  std::string reason;                                  // one sentence for the installer
};

// The enrollment's own policy wins over the service's default; a legacy iotHubHostName without a
// policy is static.
[[nodiscard]] AllocationPolicy effective_policy(const Provisioning& provisioning,
                                                AllocationPolicy service_default);

// Where effective_policy() takes it from.
[[nodiscard]] PolicySource policy_source(const Provisioning& provisioning);

// Errc::no_hub if no hub may be given; Errc::unsupported for custom allocation, which is not ours
// to decide (custom.hpp). Fills the policy, the candidates and the choice of `trace`, if there is
// one, as far as it comes.
[[nodiscard]] Result<Allocation> allocate(const AllocationRequest& request,
                                          const Provisioning& provisioning,
                                          const HubLatencies& latencies, ports::Crypto& crypto,
                                          DecisionTrace* trace = nullptr);

}  // namespace berth::domain
