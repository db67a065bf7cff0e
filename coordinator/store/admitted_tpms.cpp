#include "coordinator/store/admitted_tpms.hpp"

#include <cstdint>
#include <map>
#include <utility>

#include "coordinator/store/record_writes.hpp"
#include "coordinator/store/typed_records.hpp"
#include "shared/base/encoding.hpp"
#include "shared/store/index_terms.hpp"

namespace berth::coordinator {
namespace {

constexpr store::Table kTable = store::Table::admitted_tpm;

std::string id_of(const domain::AdmittedTpm& tpm) {
  return to_hex(tpm.endorsement_key_sha256);
}

Error conflict(std::string reason) {
  return Error{Errc::conflict, std::move(reason)};
}

// What the list says of a chip already, against what is asked.
Result<AdmittedTpms::Outcome> compare(const domain::AdmittedTpm& listed,
                                      const domain::AdmittedTpm& asked) {
  if (listed.group_id != asked.group_id) {
    return conflict("the TPM is on the list of enrollment group '" + listed.group_id.str() + "'");
  }
  if (listed.registration_id != asked.registration_id) {
    return conflict(listed.registration_id
                        ? "the TPM is on the list with the registration ID '" +
                              listed.registration_id->str() + "'"
                        : "the TPM is on the list without a registration ID of its own");
  }
  return AdmittedTpms::Outcome::was_admitted;
}

}  // namespace

Result<std::vector<Result<AdmittedTpms::Outcome>>> AdmittedTpms::admit(
    const domain::IdScope& tenant, const Versioned<domain::EnrollmentGroup>& group,
    std::span<const domain::AdmittedTpm> delivery) {
  const auto listed = store_.count(
      tenant, kTable, {store::Index::admitted_by_group, group.record.group_id.folded()});
  if (!listed) return listed.error();
  std::uint64_t room = *listed < most_of_group_ ? most_of_group_ - *listed : 0;

  store::ChangeSet set;
  set.tenant = tenant;
  store::Change require;
  require.kind = store::Change::Kind::require;
  require.table = store::Table::enrollment_group;
  require.id = group.record.group_id.folded();
  require.expected_version = group.version;
  set.changes.push_back(std::move(require));

  std::map<std::string, domain::AdmittedTpm> added;
  std::map<domain::RegistrationId, std::string> given_now;
  const auto decide = [&](domain::AdmittedTpm tpm) -> Result<Outcome> {
    const std::string id = id_of(tpm);
    const auto repeated = added.find(id);
    if (repeated != added.end()) return compare(repeated->second, tpm);
    auto judged = judge(tenant, tpm);
    if (!judged || *judged == Outcome::was_admitted) return judged;
    if (tpm.registration_id && given_now.contains(*tpm.registration_id)) {
      return conflict("the registration ID '" + tpm.registration_id->str() +
                      "' is given to two TPMs of the delivery");
    }
    if (room == 0) {
      return Error{Errc::forbidden,
                   "an enrollment group lists at most " + std::to_string(most_of_group_) + " TPMs"};
    }
    --room;
    if (tpm.registration_id) given_now.emplace(*tpm.registration_id, id);
    stamp(tpm.stamps, 0, clock_.wall());
    store::Change change = put_change(kTable, id, sync::encode(tpm), 0);
    change.terms = store::terms_of(tpm);
    set.changes.push_back(std::move(change));
    added.emplace(id, std::move(tpm));
    return judged;
  };
  std::vector<Result<Outcome>> outcomes;
  outcomes.reserve(delivery.size());
  for (domain::AdmittedTpm tpm : delivery) {
    tpm.group_id = group.record.group_id;
    Result<Outcome> outcome = decide(std::move(tpm));
    // What could not be read refuses the whole delivery.
    if (!outcome && outcome.error().code != Errc::conflict &&
        outcome.error().code != Errc::forbidden) {
      return outcome.error();
    }
    outcomes.push_back(std::move(outcome));
  }
  if (added.empty()) return outcomes;
  const auto committed = store::commit_one(store_, std::move(set));
  if (!committed) return committed.error();
  return outcomes;
}

Result<Listing<domain::AdmittedTpm>> AdmittedTpms::of_group(const domain::IdScope& tenant,
                                                            const domain::EnrollmentGroupId& group,
                                                            const std::string& continuation,
                                                            std::size_t limit) const {
  return decode_page<domain::AdmittedTpm>(store_.find(
      tenant, kTable, {store::Index::admitted_by_group, group.folded()}, continuation, limit));
}

Result<void> AdmittedTpms::erase(const domain::IdScope& tenant,
                                 const domain::EnrollmentGroupId& group,
                                 ByteView endorsement_key_sha256) {
  const std::string id = to_hex(endorsement_key_sha256);
  const auto listed = read_record<domain::AdmittedTpm>(store_, tenant, kTable, id);
  if (!listed) return listed.error();
  if (!*listed || (*listed)->record.group_id != group) {
    return Error{Errc::not_found, "the TPM is not on the list of '" + group.str() + "'"};
  }
  const auto erased = commit_change(store_, tenant, erase_change(kTable, id, (*listed)->version));
  if (!erased) return erased.error();
  return {};
}

Result<void> AdmittedTpms::erase_list(const domain::IdScope& tenant,
                                      const domain::EnrollmentGroupId& group) {
  for (;;) {
    // Always the first page: what was on the one before is gone.
    const auto page = of_group(tenant, group, {}, store::kMaxPage);
    if (!page) return page.error();
    if (page->records.empty()) return {};
    std::vector<store::Change> changes;
    for (const Versioned<domain::AdmittedTpm>& tpm : page->records) {
      changes.push_back(erase_change(kTable, id_of(tpm.record), tpm.version));
    }
    const auto erased = commit_changes(store_, tenant, std::move(changes));
    if (!erased) return erased.error();
  }
}

Result<std::optional<domain::AdmittedTpm>> AdmittedTpms::given(
    const domain::IdScope& tenant, const domain::RegistrationId& id) const {
  const auto page = decode_page<domain::AdmittedTpm>(
      store_.find(tenant, kTable, {store::Index::admitted_id, id.folded()}, {}, 1));
  if (!page) return page.error();
  if (page->records.empty()) return std::optional<domain::AdmittedTpm>{};
  return std::optional<domain::AdmittedTpm>(page->records.front().record);
}

Result<AdmittedTpms::Outcome> AdmittedTpms::judge(const domain::IdScope& tenant,
                                                  const domain::AdmittedTpm& tpm) const {
  const auto listed = read_record<domain::AdmittedTpm>(store_, tenant, kTable, id_of(tpm));
  if (!listed) return listed.error();
  if (*listed) return compare((*listed)->record, tpm);
  if (!tpm.registration_id) return Outcome::admitted;
  const auto other = given(tenant, *tpm.registration_id);
  if (!other) return other.error();
  if (*other) {
    return conflict("the registration ID '" + tpm.registration_id->str() +
                    "' is given to another TPM, on the list of enrollment group '" +
                    (*other)->group_id.str() + "'");
  }
  return Outcome::admitted;
}

}  // namespace berth::coordinator
