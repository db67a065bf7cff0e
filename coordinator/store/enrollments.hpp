// Individual enrollments and enrollment groups of all tenants, with the index entries that matching
// looks them up by.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "coordinator/store/quotas.hpp"
#include "coordinator/store/versioned.hpp"
#include "shared/base/result.hpp"
#include "shared/domain/model/enrollment.hpp"
#include "shared/ports/clock.hpp"
#include "shared/ports/crypto.hpp"
#include "shared/store/record_store.hpp"

namespace berth::coordinator {

// What names a hub.
struct HubReferences {
  std::uint64_t individuals = 0;
  std::uint64_t groups = 0;
};

class Enrollments {
 public:
  Enrollments(store::RecordStore& store, ports::Crypto& crypto, ports::Clock& clock,
              const Quotas& quotas)
      : store_(store), crypto_(crypto), clock_(clock), quotas_(quotas) {}

  [[nodiscard]] Result<std::optional<Versioned<domain::IndividualEnrollment>>> individual(
      const domain::IdScope& tenant, const domain::RegistrationId& id) const;
  [[nodiscard]] Result<std::optional<Versioned<domain::EnrollmentGroup>>> group(
      const domain::IdScope& tenant, const domain::EnrollmentGroupId& id) const;
  [[nodiscard]] Result<Listing<domain::IndividualEnrollment>> individuals(
      const domain::IdScope& tenant, const std::string& continuation, std::size_t limit) const;
  [[nodiscard]] Result<Listing<domain::EnrollmentGroup>> groups(const domain::IdScope& tenant,
                                                                const std::string& continuation,
                                                                std::size_t limit) const;

  // How many enrollments name the hub with this host name, in any letter case.
  [[nodiscard]] Result<HubReferences> naming(const domain::IdScope& tenant,
                                             std::string_view host_name) const;

  // Keys that stay keep their names, and a roll goes on where the record says nothing of it.
  // `expected_version` 0 creates (Errc::already_exists), otherwise replaces that version
  // (Errc::version_mismatch, Errc::not_found). The stamps are set here: a replacement keeps its
  // record's time of creation. Answers the record as stored. An individual past its quota, or
  // a group past that of its kind (by symmetric key, by certificate, of TPMs), is Errc::forbidden.
  [[nodiscard]] Result<Versioned<domain::IndividualEnrollment>> put(
      const domain::IdScope& tenant, domain::IndividualEnrollment record,
      std::uint64_t expected_version);
  [[nodiscard]] Result<Versioned<domain::EnrollmentGroup>> put(const domain::IdScope& tenant,
                                                               domain::EnrollmentGroup record,
                                                               std::uint64_t expected_version);

  [[nodiscard]] Result<void> erase(const domain::IdScope& tenant, const domain::RegistrationId& id,
                                   std::uint64_t expected_version);
  // With its list of TPMs, if it has one.
  [[nodiscard]] Result<void> erase(const domain::IdScope& tenant,
                                   const domain::EnrollmentGroupId& id,
                                   std::uint64_t expected_version);

 private:
  // Whether there may be one more individual.
  [[nodiscard]] Result<void> check_room(const domain::IdScope& tenant);
  // Whether the record may be one more of its kind.
  [[nodiscard]] Result<void> check_room(const domain::IdScope& tenant,
                                        const domain::EnrollmentGroup& record) const;

  store::RecordStore& store_;
  ports::Crypto& crypto_;
  ports::Clock& clock_;
  Quotas quotas_;
  // How many individuals may come before they have to be counted again.
  std::map<domain::IdScope, std::size_t> room_;
};

}  // namespace berth::coordinator
