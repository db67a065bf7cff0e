// Registrations as the service API sees them: read and delete. Outcomes come in through
// coordinator/sync.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "coordinator/store/versioned.hpp"
#include "shared/base/result.hpp"
#include "shared/domain/model/authority.hpp"
#include "shared/domain/model/registration.hpp"
#include "shared/ports/clock.hpp"
#include "shared/store/record_store.hpp"

namespace berth::coordinator {

class Registrations {
 public:
  Registrations(store::RecordStore& store, ports::Clock& clock) : store_(store), clock_(clock) {}

  [[nodiscard]] Result<std::optional<Versioned<domain::Registration>>> find(
      const domain::IdScope& tenant, const domain::RegistrationId& id) const;
  // The registration; of an enrolled device that was only ever refused, what its last attempt came
  // to: failed, or disabled (service API 2.6).
  [[nodiscard]] Result<std::optional<Versioned<domain::Registration>>> state(
      const domain::IdScope& tenant, const domain::RegistrationId& id) const;
  [[nodiscard]] Result<Listing<domain::Registration>> list(const domain::IdScope& tenant,
                                                           const std::string& continuation,
                                                           std::size_t limit) const;
  [[nodiscard]] Result<Listing<domain::Registration>> list_of_group(
      const domain::IdScope& tenant, const domain::EnrollmentGroupId& group,
      const std::string& continuation, std::size_t limit) const;
  // As state(), of all devices: the registered ones, and then those that were only ever refused.
  [[nodiscard]] Result<Listing<domain::Registration>> states(const domain::IdScope& tenant,
                                                             const std::string& continuation,
                                                             std::size_t limit) const;
  // Of one group's.
  [[nodiscard]] Result<Listing<domain::Registration>> states_of_group(
      const domain::IdScope& tenant, const domain::EnrollmentGroupId& group,
      const std::string& continuation, std::size_t limit) const;

  // Of one enrollment: how many devices are registered, how many of them by that credential the
  // last time (Registration::credential_id; empty: unknown), and which.
  [[nodiscard]] Result<std::uint64_t> count_of(const domain::IdScope& tenant,
                                               const domain::EnrollmentRef& enrollment) const;
  // How many devices are in the hub with this host name, whichever ID it was linked with.
  [[nodiscard]] Result<std::uint64_t> count_in(const domain::IdScope& tenant,
                                               std::string_view host_name) const;
  [[nodiscard]] Result<std::uint64_t> count_using(const domain::IdScope& tenant,
                                                  const domain::EnrollmentRef& enrollment,
                                                  std::string_view credential_id) const;
  [[nodiscard]] Result<Listing<domain::Registration>> list_using(
      const domain::IdScope& tenant, const domain::EnrollmentRef& enrollment,
      std::string_view credential_id, const std::string& continuation, std::size_t limit) const;

  // What state() gave, at its version. Leaves a tombstone, so that an outcome which arrived before
  // does not bring the registration back (design section 3.4).
  [[nodiscard]] Result<void> erase(const domain::IdScope& tenant, const domain::RegistrationId& id,
                                   std::uint64_t expected_version);

  // Outcomes that intake could not apply (design section 4).
  [[nodiscard]] Result<Listing<domain::QuarantinedOutcome>> quarantined(
      const std::string& continuation, std::size_t limit) const;

 private:
  store::RecordStore& store_;
  ports::Clock& clock_;
};

}  // namespace berth::coordinator
