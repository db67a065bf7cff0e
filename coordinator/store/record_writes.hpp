// Writing one record as a change set of its own, for the tables of this folder.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "coordinator/store/versioned.hpp"
#include "shared/base/result.hpp"
#include "shared/domain/model/stamps.hpp"
#include "shared/protocol/sync/record_codec.hpp"
#include "shared/store/record_store.hpp"

namespace berth::coordinator {

// Asked in the transaction, before anything is written.
using Check = std::function<Result<void>(const store::Reader&)>;

// `expected_version` 0 demands absence.
[[nodiscard]] store::Change put_change(store::Table table, std::string id, Bytes body,
                                       std::uint64_t expected_version);
[[nodiscard]] store::Change erase_change(store::Table table, std::string id,
                                         std::uint64_t expected_version);

// Commits one change; answers the version it left.
[[nodiscard]] Result<std::uint64_t> commit_change(store::RecordStore& store,
                                                  const domain::IdScope& tenant,
                                                  store::Change change, Check check = {});
[[nodiscard]] Result<std::uint64_t> commit_changes(store::RecordStore& store,
                                                   const domain::IdScope& tenant,
                                                   std::vector<store::Change> changes,
                                                   Check check = {});

// A replacement keeps the time of creation of the record that it was made from.
void stamp(domain::Stamps& stamps, std::uint64_t expected_version, WallTime now);

// Writes one record and answers it as it stands now.
template <class T>
Result<Versioned<T>> put_record(store::RecordStore& store, const domain::IdScope& tenant,
                                store::Table table, std::string id, T record,
                                std::vector<store::IndexTerm> terms, std::uint64_t expected_version,
                                Check check = {}) {
  store::Change change = put_change(table, std::move(id), sync::encode(record), expected_version);
  change.terms = std::move(terms);
  const auto version = commit_change(store, tenant, std::move(change), std::move(check));
  if (!version) return version.error();
  return Versioned<T>{std::move(record), *version};
}

}  // namespace berth::coordinator
