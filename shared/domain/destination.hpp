// Where an attested device goes: the reprovision policy first, then allocation, then what follows
// for its hubs (design 3.5). A gateway asks when a device registers; the coordinator asks
// beforehand, to tell what a gateway would do. Both ask here, so that they cannot differ.
#pragma once

#include <cstdint>
#include <optional>

#include "shared/base/result.hpp"
#include "shared/domain/allocation/allocate.hpp"
#include "shared/domain/model/enrollment.hpp"
#include "shared/domain/model/ids.hpp"
#include "shared/domain/model/registration.hpp"
#include "shared/domain/reprovision.hpp"
#include "shared/ports/crypto.hpp"

namespace berth::domain {

struct DestinationRequest {
  AllocationRequest allocation;  // its `current` is taken from the registration
  HubLatencies latencies;
  DeviceId device_id;  // for a device without an assignment
};

struct Destination {
  enum class Kind : std::uint8_t {
    stays,    // its reprovision policy leaves it where it is, and nothing was chosen
    chosen,   // by the policy; this may be the hub where it is
    webhook,  // is to be asked first; there is no plan yet
  };
  Kind kind = Kind::chosen;
  ProvisioningPlan plan;
};

// `previous` is as in_linked_hub() gives it. Errors are allocate()'s, and Errc::allocation_failed
// for custom allocation without a webhook. Writes into `trace` what was decided and why.
[[nodiscard]] Result<Destination> find_destination(DestinationRequest request,
                                                   const Provisioning& provisioning,
                                                   const std::optional<Registration>& previous,
                                                   ports::Crypto& crypto, DecisionTrace& trace);

// Writes into `trace` where the plan leads, and what it asks of the hubs.
void trace_plan(const ProvisioningPlan& plan, const std::optional<Registration>& previous,
                DecisionTrace& trace);

}  // namespace berth::domain
