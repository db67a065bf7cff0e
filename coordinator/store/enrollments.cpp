#include "coordinator/store/enrollments.hpp"

#include <utility>
#include <variant>

#include "coordinator/store/record_writes.hpp"
#include "coordinator/store/typed_records.hpp"
#include "shared/store/index_terms.hpp"

namespace berth::coordinator {
namespace {

bool is_symmetric(const domain::EnrollmentGroup& group) {
  return std::holds_alternative<domain::SymmetricKeyAttestation>(group.attestation);
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
  const std::string id = record.registration_id.folded();
  std::vector<store::IndexTerm> terms = store::terms_of(record, crypto_);
  return put_record(store_, tenant, store::Table::individual_enrollment, id, std::move(record),
                    std::move(terms), expected_version);
}

Result<Versioned<domain::EnrollmentGroup>> Enrollments::put(const domain::IdScope& tenant,
                                                            domain::EnrollmentGroup record,
                                                            std::uint64_t expected_version) {
  if (is_symmetric(record)) {
    bool was_symmetric = false;
    if (expected_version != 0) {
      const auto stored = group(tenant, record.group_id);
      if (!stored) return stored.error();
      was_symmetric = *stored && is_symmetric((*stored)->record);
    }
    if (!was_symmetric) {
      if (const auto room = check_room_for_symmetric_group(tenant); !room) return room.error();
    }
  }
  stamp(record.stamps, expected_version, clock_.wall());
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

Result<void> Enrollments::check_room_for_symmetric_group(const domain::IdScope& tenant) const {
  const store::IndexTerm term{store::Index::symmetric_groups, store::kSymmetricGroupTerm};
  const auto page =
      store_.find(tenant, store::Table::enrollment_group, term, {}, kMaxSymmetricGroups);
  if (!page) return page.error();
  if (page->records.size() < kMaxSymmetricGroups) return {};
  return Error{Errc::conflict, "a tenant has at most " + std::to_string(kMaxSymmetricGroups) +
                                   " enrollment groups with symmetric keys"};
}

}  // namespace berth::coordinator
