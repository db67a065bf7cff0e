// What the registration engine reads of the records that this gateway holds (design section 3.3).
// Reads are synchronous and local; nothing here waits on a network. A platform implements it over
// its record store; Errc::corrupt and Errc::io pass through and cost one device its answer, no
// more.
//
// Every tenant that is passed in was given out by tenant() before, so an implementation may use it
// as a key as it is. Engines of several shards call one cache from their own threads.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "shared/base/result.hpp"
#include "shared/domain/attestation/match.hpp"
#include "shared/domain/model/ids.hpp"
#include "shared/domain/model/linked_hub.hpp"
#include "shared/domain/model/registration.hpp"
#include "shared/domain/model/tenant.hpp"

namespace berth::gateway {

// What is known about a registration ID here.
struct KnownRegistration {
  std::optional<domain::Versioned<domain::Registration>> registration;
  // What stands above, also its absence, is what the coordinator has at the cursor: this gateway
  // reported the registration or asked for it and has received its changes since. False: only a
  // look-back can tell (design section 3.4).
  bool current = false;
};

class Cache {
 public:
  virtual ~Cache() = default;

  // The tenant of that ID scope, spelled as its records spell it; none if this gateway does not
  // serve it. Compared without regard to case.
  [[nodiscard]] virtual std::optional<domain::IdScope> tenant(std::string_view id_scope) const = 0;

  // The tenant's enrollments as they are now. The engine drops it before it returns.
  [[nodiscard]] virtual std::unique_ptr<domain::EnrollmentLookup> enrollments(
      const domain::IdScope& tenant) const = 0;

  // All linked hubs of the tenant.
  [[nodiscard]] virtual Result<std::vector<domain::LinkedHub>> hubs(
      const domain::IdScope& tenant) const = 0;
  [[nodiscard]] virtual Result<domain::TenantSettings> settings(
      const domain::IdScope& tenant) const = 0;

  // Includes outcomes that this gateway journaled and the coordinator has not seen yet.
  [[nodiscard]] virtual Result<KnownRegistration> registration(
      const domain::IdScope& tenant, const domain::RegistrationId& id) const = 0;
};

}  // namespace berth::gateway
