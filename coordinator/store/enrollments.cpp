#include "coordinator/store/enrollments.hpp"

#include <utility>
#include <variant>

#include "coordinator/store/record_writes.hpp"
#include "coordinator/store/typed_records.hpp"
#include "shared/domain/key_roll.hpp"
#include "shared/store/index_terms.hpp"

namespace berth::coordinator {
namespace {

bool is_symmetric(const domain::EnrollmentGroup& group) {
  return std::holds_alternative<domain::SymmetricKeyAttestation>(group.attestation);
}

// The names of keys, and where a roll of them stands, are not the writer's to know: they come
// along.
template <class Record>
void keep_credentials(const Record& before, Record& record) {
  domain::keep_key_names(before.attestation, record.attestation);
  if (record.key_roll == domain::KeyRoll{}) record.key_roll = before.key_roll;
}

}  // namespace

Result<std::optional<Versioned<domain::IndividualEnrollment>>> Enrollments::individual(
    const domain::IdScope& tenant, const domain::RegistrationId& id) const {
  return read_record<domain::IndividualEnrollment>(
      store_, tenant, store::Table::individual_enrollment, id.folded());
}

Result<std::optional<Versioned<domain::EnrollmentGroup>>> Enrollments::group(
    const domain::IdScope& tenant, const domain::EnrollmentGroupId& id) const {
  return read_record<domain::EnrollmentGroup>(store_, tenant, store::Table::enrollment_group,
                                              id.folded());
}

Result<Listing<domain::IndividualEnrollment>> Enrollments::individuals(
    const domain::IdScope& tenant, const std::string& continuation, std::size_t limit) const {
  return decode_page<domain::IndividualEnrollment>(
      store_.list(tenant, store::Table::individual_enrollment, continuation, limit));
}

Result<Listing<domain::EnrollmentGroup>> Enrollments::groups(const domain::IdScope& tenant,
                                                             const std::string& continuation,
                                                             std::size_t limit) const {
  return decode_page<domain::EnrollmentGroup>(
      store_.list(tenant, store::Table::enrollment_group, continuation, limit));
}

Result<Versioned<domain::IndividualEnrollment>> Enrollments::put(
    const domain::IdScope& tenant, domain::IndividualEnrollment record,
    std::uint64_t expected_version) {
  stamp(record.stamps, expected_version, clock_.wall());
  if (expected_version != 0) {
    const auto before = individual(tenant, record.registration_id);
    if (!before) return before.error();
    if (*before) keep_credentials((*before)->record, record);
  }
  domain::name_keys(expected_version + 1, record.stamps.created, record.attestation);
  const std::string id = record.registration_id.folded();
  std::vector<store::IndexTerm> terms = store::terms_of(record, crypto_);
  return put_record(store_, tenant, store::Table::individual_enrollment, id, std::move(record),
                    std::move(terms), expected_version);
}

Result<Versioned<domain::EnrollmentGroup>> Enrollments::put(const domain::IdScope& tenant,
                                                            domain::EnrollmentGroup record,
                                                            std::uint64_t expected_version) {
  if (const auto room = check_room(tenant, record); !room) return room.error();
  stamp(record.stamps, expected_version, clock_.wall());
  if (expected_version != 0) {
    const auto before = group(tenant, record.group_id);
    if (!before) return before.error();
    if (*before) keep_credentials((*before)->record, record);
  }
  domain::name_keys(expected_version + 1, record.stamps.created, record.attestation);
  const std::string id = record.group_id.folded();
  std::vector<store::IndexTerm> terms = store::terms_of(record, crypto_);
  return put_record(store_, tenant, store::Table::enrollment_group, id, std::move(record),
                    std::move(terms), expected_version);
}

Result<void> Enrollments::erase(const domain::IdScope& tenant, const domain::RegistrationId& id,
                                std::uint64_t expected_version) {
  const auto erased = commit_change(
      store_, tenant,
      erase_change(store::Table::individual_enrollment, id.folded(), expected_version));
  if (!erased) return erased.error();
  return {};
}

Result<void> Enrollments::erase(const domain::IdScope& tenant, const domain::EnrollmentGroupId& id,
                                std::uint64_t expected_version) {
  const auto erased = commit_change(
      store_, tenant, erase_change(store::Table::enrollment_group, id.folded(), expected_version));
  if (!erased) return erased.error();
  return {};
}

Result<void> Enrollments::check_room(const domain::IdScope& tenant,
                                     const domain::EnrollmentGroup& record) const {
  const bool wanted = is_symmetric(record);
  const std::size_t most = wanted ? quotas_.symmetric_groups : quotas_.x509_groups;
  const auto all =
      read_all<domain::EnrollmentGroup>(store_, tenant, store::Table::enrollment_group);
  if (!all) return all.error();
  std::size_t others = 0;
  for (const Versioned<domain::EnrollmentGroup>& group : *all) {
    if (is_symmetric(group.record) != wanted) continue;
    // One that is of the kind already takes no room.
    if (group.record.group_id == record.group_id) return {};
    ++others;
  }
  if (others < most) return {};
  return Error{Errc::forbidden, "a tenant has at most " + std::to_string(most) +
                                    " enrollment groups with " +
                                    (wanted ? "symmetric keys" : "X.509 certificates")};
}

}  // namespace berth::coordinator
