#include "coordinator/store/registrations.hpp"

#include <utility>

#include "coordinator/store/record_writes.hpp"
#include "coordinator/store/typed_records.hpp"

namespace berth::coordinator {

Result<std::optional<Versioned<domain::Registration>>> Registrations::find(
    const domain::IdScope& tenant, const domain::RegistrationId& id) const {
  return read_record<domain::Registration>(store_, tenant, store::Table::registration, id.folded());
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

Result<void> Registrations::erase(const domain::IdScope& tenant, const domain::RegistrationId& id,
                                  std::uint64_t expected_version) {
  domain::RegistrationTombstone tombstone;
  tombstone.registration_id = id;
  tombstone.deleted = clock_.wall();
  store::Change mark;
  mark.table = store::Table::registration_tombstone;
  mark.id = id.folded();
  mark.body = sync::encode(tombstone);

  std::vector<store::Change> changes;
  changes.push_back(erase_change(store::Table::registration, id.folded(), expected_version));
  changes.push_back(std::move(mark));
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
