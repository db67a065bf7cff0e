// What an attested device gets, from the records at hand: the domain's rules, fed from the cache,
// and written into the intent (design section 3.5).
#pragma once

#include <cstdint>
#include <optional>

#include "gateway/core/ports/cache.hpp"
#include "gateway/core/ports/probe.hpp"
#include "shared/base/result.hpp"
#include "shared/base/timestamp.hpp"
#include "shared/domain/allocation/custom.hpp"
#include "shared/domain/allocation/geo_latency.hpp"
#include "shared/domain/model/enrollment.hpp"
#include "shared/domain/model/ids.hpp"
#include "shared/domain/model/journal.hpp"
#include "shared/domain/model/linked_hub.hpp"
#include "shared/domain/model/registration.hpp"
#include "shared/ports/crypto.hpp"

namespace berth::gateway {

struct DecisionInputs {
  const Cache& cache;
  const Probe& probe;
  ports::Crypto& crypto;
  domain::GeoLatencyRules geo_latency;
};

// What is known of the device, as the domain's rules ask for it.
[[nodiscard]] std::optional<domain::Registration> registration_in(const KnownRegistration& known);

// What a decision came to.
enum class Decided : std::uint8_t {
  hub,      // the intent names it
  webhook,  // custom allocation: it is to be asked first
};

// Sets the intent's hub, device ID, twin and substatus, and how that came about. `device_id` is for
// a device without an assignment. Hubs that refused the device, by the intent's attempts, are left
// out. Errc::no_hub and Errc::allocation_failed are for an admin to put right; others are of
// reading.
[[nodiscard]] Result<Decided> decide(const DecisionInputs& inputs, const domain::IdScope& tenant,
                                     const domain::Provisioning& provisioning,
                                     const domain::DeviceId& device_id,
                                     const std::optional<domain::Registration>& registration,
                                     WallTime now, domain::Intent& intent);

// What to ask the webhook, from the records as they are now. Errors as decide().
[[nodiscard]] Result<domain::CustomAllocationRequest> allocation_request(
    const DecisionInputs& inputs, const domain::IdScope& tenant,
    const std::optional<domain::Registration>& previous, const domain::Intent& intent);

// Sets what decide() left open, by the webhook's answer. Errc::allocation_hub_missing or
// Errc::allocation_failed for an answer that is of no use.
[[nodiscard]] Result<void> take_allocation(const DecisionInputs& inputs,
                                           const domain::IdScope& tenant,
                                           const domain::Provisioning& provisioning,
                                           const domain::CustomAllocationAnswer& answer,
                                           const std::optional<domain::Registration>& registration,
                                           WallTime now, domain::Intent& intent);

// The record that a device was accepted on, if it still stands and is enabled; every attempt asks
// again (design section 3.6). Brings the intent's version of it up to date, and with it the
// symmetric keys that the hub is given. Errc::disabled or Errc::unauthorized (deleted) if not;
// other errors mean that it can't be told now.
[[nodiscard]] Result<domain::Provisioning> still_enrolled(const Cache& cache, ports::Crypto& crypto,
                                                          const domain::IdScope& tenant,
                                                          domain::Intent& intent);

// None: it is not linked (any more).
[[nodiscard]] Result<std::optional<domain::LinkedHub>> find_linked_hub(
    const Cache& cache, const domain::IdScope& tenant, const domain::HubId& hub);

}  // namespace berth::gateway
