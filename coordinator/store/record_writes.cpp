#include "coordinator/store/record_writes.hpp"

namespace berth::coordinator {

store::Change put_change(store::Table table, std::string id, Bytes body,
                         std::uint64_t expected_version) {
  store::Change change;
  change.table = table;
  change.id = std::move(id);
  change.expected_version = expected_version;
  change.body = std::move(body);
  return change;
}

store::Change erase_change(store::Table table, std::string id, std::uint64_t expected_version) {
  store::Change change;
  change.kind = store::Change::Kind::erase;
  change.table = table;
  change.id = std::move(id);
  change.expected_version = expected_version;
  return change;
}

Result<std::uint64_t> commit_change(store::RecordStore& store, const domain::IdScope& tenant,
                                    store::Change change, Check check) {
  std::vector<store::Change> changes;
  changes.push_back(std::move(change));
  return commit_changes(store, tenant, std::move(changes), std::move(check));
}

Result<std::uint64_t> commit_changes(store::RecordStore& store, const domain::IdScope& tenant,
                                     std::vector<store::Change> changes, Check check) {
  for (const store::Change& change : changes) {
    if (change.body.size() > store::kMaxRecordSize) {
      return Error{Errc::too_large,
                   "the record is larger than " + std::to_string(store::kMaxRecordSize) + " bytes"};
    }
  }
  store::ChangeSet set;
  set.tenant = tenant;
  set.changes = std::move(changes);
  set.check = std::move(check);
  const auto committed = store::commit_one(store, std::move(set));
  if (!committed) return committed.error();
  return committed->versions.front();
}

void stamp(domain::Stamps& stamps, std::uint64_t expected_version, WallTime now) {
  if (expected_version == 0) stamps.created = now;
  stamps.updated = now;
}

}  // namespace berth::coordinator
