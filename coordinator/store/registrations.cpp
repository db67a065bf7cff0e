#include "coordinator/store/registrations.hpp"

#include <utility>

#include "coordinator/store/record_writes.hpp"
#include "coordinator/store/typed_records.hpp"
#include "shared/base/encoding.hpp"
#include "shared/protocol/errors.hpp"
#include "shared/store/index_terms.hpp"

namespace berth::coordinator {
Result<std::optional<Versioned<domain::Registration>>> Registrations::find(
    const domain::IdScope& tenant, const domain::RegistrationId& id) const {
  return read_record<domain::Registration>(store_, tenant, store::Table::registration, id.folded());
}

Result<std::optional<Versioned<domain::Registration>>> Registrations::state(
    const domain::IdScope& tenant, const domain::RegistrationId& id) const {
  auto registration = find(tenant, id);
  if (!registration || *registration) return registration;
  auto refused =
      read_record<domain::LastAttempt>(store_, tenant, store::Table::last_attempt, id.folded());
  if (!refused) return refused.error();
  if (!*refused) return std::optional<Versioned<domain::Registration>>{};
  domain::LastAttempt& last = (*refused)->record;
  Versioned<domain::Registration> state;
  state.version = (*refused)->version;
  state.record.registration_id = std::move(last.registration_id);
  // By what the device was told (shared/protocol/errors).
  const bool is_disabled =
      last.attempt.error_code == protocol::device_error(Errc::disabled).error_code;
  state.record.status =
      is_disabled ? domain::RegistrationStatus::disabled : domain::RegistrationStatus::failed;
  state.record.created = last.attempt.at;
  state.record.updated = last.attempt.at;
  state.record.last_attempt = std::move(last.attempt);
  return std::optional<Versioned<domain::Registration>>(std::move(state));
}

Result<Listing<domain::Registration>> Registrations::list(const domain::IdScope& tenant,
                                                          const std::string& continuation,
                                                          std::size_t limit) const {
  return decode_page<domain::Registration>(
      store_.list(tenant, store::Table::registration, continuation, limit));
}

Result<Listing<domain::Registration>> Registrations::list_of_group(
    const domain::IdScope& tenant, const domain::EnrollmentGroupId& group,
    const std::string& continuation, std::size_t limit) const {
  const store::IndexTerm term{store::Index::group_registrations, group.folded()};
  return decode_page<domain::Registration>(
      store_.find(tenant, store::Table::registration, term, continuation, limit));
}

Result<std::uint64_t> Registrations::count_of(const domain::IdScope& tenant,
                                              const domain::EnrollmentRef& enrollment) const {
  if (enrollment.is_group) {
    return store_.count(tenant, store::Table::registration,
                        {store::Index::group_registrations, to_lower(enrollment.id)});
  }
  const auto record = read_record<domain::Registration>(store_, tenant, store::Table::registration,
                                                        to_lower(enrollment.id));
  if (!record) return record.error();
  // A group may have registered the ID before it was enrolled by itself.
  return *record && !(*record)->record.enrollment.is_group ? 1U : 0U;
}

Result<std::uint64_t> Registrations::count_using(const domain::IdScope& tenant,
                                                 const domain::EnrollmentRef& enrollment,
                                                 std::string_view credential_id) const {
  return store_.count(tenant, store::Table::registration,
                      store::use_term(enrollment, credential_id));
}

Result<Listing<domain::Registration>> Registrations::list_using(
    const domain::IdScope& tenant, const domain::EnrollmentRef& enrollment,
    std::string_view credential_id, const std::string& continuation, std::size_t limit) const {
  return decode_page<domain::Registration>(store_.find(tenant, store::Table::registration,
                                                       store::use_term(enrollment, credential_id),
                                                       continuation, limit));
}

Result<void> Registrations::erase(const domain::IdScope& tenant, const domain::RegistrationId& id,
                                  std::uint64_t expected_version) {
  domain::RegistrationTombstone tombstone;
  tombstone.registration_id = id;
  tombstone.deleted = clock_.wall();
  store::Change mark;
  mark.table = store::Table::registration_tombstone;
  mark.id = id.folded();
  mark.body = sync::encode(tombstone);

  const auto assigned = find(tenant, id);
  if (!assigned) return assigned.error();
  const store::Table shown = *assigned ? store::Table::registration : store::Table::last_attempt;
  std::vector<store::Change> changes;
  changes.push_back(erase_change(shown, id.folded(), expected_version));
  changes.push_back(std::move(mark));
  if (*assigned) {
    // An attempt from before the assignment would otherwise be what is left.
    store::Change attempt;
    attempt.kind = store::Change::Kind::erase;
    attempt.table = store::Table::last_attempt;
    attempt.id = id.folded();
    changes.push_back(std::move(attempt));
  }
  const auto erased = commit_changes(store_, tenant, std::move(changes));
  if (!erased) return erased.error();
  return {};
}

Result<Listing<domain::QuarantinedOutcome>> Registrations::quarantined(
    const std::string& continuation, std::size_t limit) const {
  return decode_page<domain::QuarantinedOutcome>(
      store_.list(store::kNode, store::Table::quarantined_outcome, continuation, limit));
}

}  // namespace berth::coordinator
