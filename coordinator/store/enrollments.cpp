#include "coordinator/store/enrollments.hpp"

#include <string>
#include <utility>
#include <variant>

#include "coordinator/store/admitted_tpms.hpp"
#include "coordinator/store/record_writes.hpp"
#include "coordinator/store/typed_records.hpp"
#include "shared/domain/key_roll.hpp"
#include "shared/store/index_terms.hpp"

namespace berth::coordinator {
namespace {

// Groups that are counted together.
struct Kind {
  const char* name = "";
  std::size_t most = 0;
};

Kind kind_of(const domain::EnrollmentGroup& group, const Quotas& quotas) {
  if (std::holds_alternative<domain::SymmetricKeyAttestation>(group.attestation)) {
    return {"symmetric keys", quotas.symmetric_groups};
  }
  if (std::holds_alternative<domain::TpmGroupAttestation>(group.attestation)) {
    return {"TPMs", quotas.tpm_groups};
  }
  return {"X.509 certificates", quotas.x509_groups};
}

// The names of keys, and where a roll of them stands, are not the writer's to know: they come
// along.
template <class Record>
void keep_credentials(const Record& before, Record& record) {
  domain::keep_key_names(before.attestation, record.attestation);
  if (record.key_roll == domain::KeyRoll{}) record.key_roll = before.key_roll;
}

// A list without a group of TPMs could be neither seen nor emptied, and would admit its chips again
// if the group were ever changed back.
Result<void> check_list(const store::Reader& reader, const domain::IdScope& tenant,
                        const domain::EnrollmentGroupId& group) {
  const auto listed = reader.count(tenant, store::Table::admitted_tpm,
                                   {store::Index::admitted_by_group, group.folded()});
  if (!listed) return listed.error();
  if (*listed == 0) return {};
  return Error{Errc::conflict,
               "'" + group.str() + "' has TPMs on its list (" + std::to_string(*listed) +
                   "): its attestation changes once the list is empty; or delete the "
                   "group, and its list with it"};
}

void add_hub_terms(std::vector<store::IndexTerm>& terms, const domain::Provisioning& provisioning) {
  for (store::IndexTerm& term : store::hub_terms_of(provisioning)) terms.push_back(std::move(term));
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
  if (expected_version == 0) {
    if (const auto room = check_room(tenant); !room) return room.error();
  }
  stamp(record.stamps, expected_version, clock_.wall());
  if (expected_version != 0) {
    const auto before = individual(tenant, record.registration_id);
    if (!before) return before.error();
    if (*before) keep_credentials((*before)->record, record);
  }
  domain::name_keys(expected_version + 1, record.stamps.created, record.attestation);
  const std::string id = record.registration_id.folded();
  std::vector<store::IndexTerm> terms = store::terms_of(record, crypto_);
  add_hub_terms(terms, record.provisioning);
  auto stored = put_record(store_, tenant, store::Table::individual_enrollment, id,
                           std::move(record), std::move(terms), expected_version);
  if (stored && expected_version == 0) --room_[tenant];
  return stored;
}

Result<Versioned<domain::EnrollmentGroup>> Enrollments::put(const domain::IdScope& tenant,
                                                            domain::EnrollmentGroup record,
                                                            std::uint64_t expected_version) {
  if (const auto room = check_room(tenant, record); !room) return room.error();
  stamp(record.stamps, expected_version, clock_.wall());
  Check check;
  if (expected_version != 0) {
    const auto before = group(tenant, record.group_id);
    if (!before) return before.error();
    if (*before) keep_credentials((*before)->record, record);
    if (!std::holds_alternative<domain::TpmGroupAttestation>(record.attestation)) {
      check = [tenant, group = record.group_id](const store::Reader& reader) {
        return check_list(reader, tenant, group);
      };
    }
  }
  domain::name_keys(expected_version + 1, record.stamps.created, record.attestation);
  const std::string id = record.group_id.folded();
  std::vector<store::IndexTerm> terms = store::terms_of(record, crypto_);
  add_hub_terms(terms, record.provisioning);
  return put_record(store_, tenant, store::Table::enrollment_group, id, std::move(record),
                    std::move(terms), expected_version, std::move(check));
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
  const auto stored = group(tenant, id);
  if (!stored) return stored.error();
  if (*stored && (*stored)->version == expected_version) {
    // Before the group, so that no other of its name finds the list of this one.
    AdmittedTpms lists(store_, clock_, quotas_.admitted_tpms);
    if (const auto erased = lists.erase_list(tenant, id); !erased) return erased.error();
  }
  const auto erased = commit_change(
      store_, tenant, erase_change(store::Table::enrollment_group, id.folded(), expected_version));
  if (!erased) return erased.error();
  return {};
}

// Counting a million takes its time, so it is done again only when the room that was left at the
// last count is used up: what is deleted meanwhile only makes more.
Result<void> Enrollments::check_room(const domain::IdScope& tenant) {
  std::size_t& room = room_[tenant];
  if (room > 0) return {};
  const auto counted = store_.size(tenant, store::Table::individual_enrollment);
  if (!counted) return counted.error();
  if (*counted < quotas_.individual_enrollments) {
    room = quotas_.individual_enrollments - static_cast<std::size_t>(*counted);
    return {};
  }
  return Error{Errc::forbidden, "a tenant has at most " +
                                    std::to_string(quotas_.individual_enrollments) +
                                    " individual enrollments"};
}

Result<HubReferences> Enrollments::naming(const domain::IdScope& tenant,
                                          std::string_view host_name) const {
  const store::IndexTerm term = store::hub_term(host_name);
  HubReferences references;
  const auto individuals = store_.count(tenant, store::Table::individual_enrollment, term);
  if (!individuals) return individuals.error();
  references.individuals = *individuals;
  const auto groups = store_.count(tenant, store::Table::enrollment_group, term);
  if (!groups) return groups.error();
  references.groups = *groups;
  return references;
}

Result<void> Enrollments::check_room(const domain::IdScope& tenant,
                                     const domain::EnrollmentGroup& record) const {
  const Kind wanted = kind_of(record, quotas_);
  const auto all =
      read_all<domain::EnrollmentGroup>(store_, tenant, store::Table::enrollment_group);
  if (!all) return all.error();
  std::size_t others = 0;
  for (const Versioned<domain::EnrollmentGroup>& group : *all) {
    if (group.record.attestation.index() != record.attestation.index()) continue;
    // One that is of the kind already takes no room.
    if (group.record.group_id == record.group_id) return {};
    ++others;
  }
  if (others < wanted.most) return {};
  return Error{Errc::forbidden, "a tenant has at most " + std::to_string(wanted.most) +
                                    " enrollment groups with " + wanted.name};
}

}  // namespace berth::coordinator
