#include "coordinator/store/registrations.hpp"

#include <utility>

#include "coordinator/store/record_writes.hpp"
#include "coordinator/store/typed_records.hpp"
#include "shared/base/encoding.hpp"
#include "shared/protocol/errors.hpp"
#include "shared/store/index_terms.hpp"

namespace berth::coordinator {
namespace {

// Where the refused devices of a group follow its registrations; no position in those begins so.
constexpr char kRefused = '~';

// What a refusal is to who asks for the device's state: by what the device was told
// (shared/protocol/errors).
Versioned<domain::Registration> state_of(Versioned<domain::LastAttempt> refused) {
  domain::LastAttempt& last = refused.record;
  Versioned<domain::Registration> state;
  state.version = refused.version;
  state.record.registration_id = std::move(last.registration_id);
  const bool is_disabled =
      last.attempt.error_code == protocol::device_error(Errc::disabled).error_code;
  state.record.status =
      is_disabled ? domain::RegistrationStatus::disabled : domain::RegistrationStatus::failed;
  state.record.enrollment = std::move(last.enrollment);
  state.record.created = last.attempt.at;
  state.record.updated = last.attempt.at;
  state.record.last_attempt = std::move(last.attempt);
  return state;
}

// Pages of `page`, first of the registrations and then of the refusals.
template <class Page>
Result<Listing<domain::Registration>> registered_then_refused(const Page& page,
                                                              const std::string& continuation,
                                                              std::size_t limit) {
  Listing<domain::Registration> states;
  std::string after;
  if (continuation.starts_with(kRefused)) {
    after = continuation.substr(1);
  } else {
    auto registered =
        decode_page<domain::Registration>(page(store::Table::registration, continuation, limit));
    if (!registered || !registered->continuation.empty()) return registered;
    states = std::move(*registered);
    if (states.records.size() >= limit) {
      // Whether there is more is told here, so that no last page is empty.
      const auto first = page(store::Table::last_attempt, after, 1);
      if (!first) return first.error();
      if (!first->records.empty()) states.continuation = kRefused;
      return states;
    }
  }
  auto refused = decode_page<domain::LastAttempt>(
      page(store::Table::last_attempt, after, limit - states.records.size()));
  if (!refused) return refused.error();
  for (Versioned<domain::LastAttempt>& one : refused->records) {
    states.records.push_back(state_of(std::move(one)));
  }
  if (!refused->continuation.empty()) states.continuation = kRefused + refused->continuation;
  return states;
}

}  // namespace

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
  return std::optional<Versioned<domain::Registration>>(state_of(std::move(**refused)));
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

Result<Listing<domain::Registration>> Registrations::states_of_group(
    const domain::IdScope& tenant, const domain::EnrollmentGroupId& group,
    const std::string& continuation, std::size_t limit) const {
  const store::IndexTerm term{store::Index::group_registrations, group.folded()};
  return registered_then_refused(
      [&](store::Table table, const std::string& after, std::size_t most) {
        return store_.find(tenant, table, term, after, most);
      },
      continuation, limit);
}

Result<Listing<domain::Registration>> Registrations::states(const domain::IdScope& tenant,
                                                            const std::string& continuation,
                                                            std::size_t limit) const {
  return registered_then_refused(
      [&](store::Table table, const std::string& after, std::size_t most) {
        return store_.list(tenant, table, after, most);
      },
      continuation, limit);
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

Result<std::uint64_t> Registrations::count_in(const domain::IdScope& tenant,
                                              std::string_view host_name) const {
  return store_.count(tenant, store::Table::registration, store::hub_term(host_name));
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
