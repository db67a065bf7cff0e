// How a registration ends, as the journal and the coordinator are given it (design 3.6 and 3.8): an
// assignment, or a failed attempt that is recorded beside what stands.
#pragma once

#include <string>

#include "gateway/core/ports/cache.hpp"
#include "shared/base/result.hpp"
#include "shared/base/timestamp.hpp"
#include "shared/domain/model/ids.hpp"
#include "shared/domain/model/journal.hpp"
#include "shared/domain/model/registration.hpp"

namespace berth::gateway {

// What the device was told of the error, and what the installer reads.
[[nodiscard]] domain::FailedAttempt attempt_failed_by(const Error& error, WallTime now);

// Keeps of `known`, the registration that this one follows, what outlives a new assignment.
[[nodiscard]] domain::OutboxEntry assigned_outcome(const domain::IdScope& tenant,
                                                   const domain::Intent& intent,
                                                   const domain::GatewayId& gateway,
                                                   const KnownRegistration& known,
                                                   const std::string& hub_etag, WallTime now);

[[nodiscard]] domain::OutboxEntry failed_outcome(const domain::IdScope& tenant,
                                                 const domain::Intent& intent,
                                                 const domain::GatewayId& gateway,
                                                 const Error& error, WallTime now);

}  // namespace berth::gateway
