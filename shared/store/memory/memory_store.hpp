// MemoryStore: a RecordStore without files and seals, for tests and the simulator. It passes the
// conformance suite as SqliteStore does, and can be told to fail.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "shared/store/record_store.hpp"

namespace berth::store {

class MemoryStore final : public RecordStore {
 public:
  explicit MemoryStore(std::string incarnation = "memory-1",
                       std::uint64_t log_horizon = kLogHorizon);
  ~MemoryStore() override;

  // The next call of any other function that returns a Result fails with this, and changes nothing.
  void fail_next(Errc code);
  // As a restored back-up or a new disk would show.
  void set_incarnation(std::string incarnation);

  [[nodiscard]] Result<std::optional<Record>> read(const domain::IdScope& tenant, Table table,
                                                   const std::string& id) const override;
  [[nodiscard]] Result<Page> list(const domain::IdScope& tenant, Table table,
                                  const std::string& continuation,
                                  std::size_t limit) const override;
  [[nodiscard]] Result<Page> find(const domain::IdScope& tenant, Table table, const IndexTerm& term,
                                  const std::string& continuation,
                                  std::size_t limit) const override;
  [[nodiscard]] Result<std::uint64_t> count(const domain::IdScope& tenant, Table table,
                                            const IndexTerm& term) const override;
  [[nodiscard]] Result<std::uint64_t> size(const domain::IdScope& tenant,
                                           Table table) const override;
  [[nodiscard]] Result<std::uint64_t> head(const domain::IdScope& tenant) const override;
  [[nodiscard]] Result<std::vector<LogEntry>> changes(const domain::IdScope& tenant,
                                                      std::uint64_t after,
                                                      std::size_t limit) const override;
  [[nodiscard]] Result<std::vector<Result<Committed>>> commit(
      std::span<const ChangeSet> sets) override;
  [[nodiscard]] Result<std::vector<Result<Committed>>> commit_concluded(
      std::span<const ChangeSet> sets, const Conclusion& conclude) override;
  [[nodiscard]] Result<void> create_tenant(const domain::IdScope& tenant) override;
  [[nodiscard]] Result<void> erase_tenant(const domain::IdScope& tenant) override;
  [[nodiscard]] Result<std::vector<domain::IdScope>> tenants() const override;
  [[nodiscard]] std::string incarnation() const override;
  [[nodiscard]] Result<Bytes> digest_key(const domain::IdScope& tenant) const override;
  [[nodiscard]] Result<void> verify(const domain::IdScope& tenant) const override;

 private:
  struct Stored {
    Record record;
    std::vector<IndexTerm> terms;
  };
  using Key = std::pair<Table, std::string>;
  struct Tenant {
    domain::IdScope name;
    std::map<Key, Stored> records;
    // Table, index, value, ID.
    std::set<std::tuple<Table, Index, std::string, std::string>> terms;
    std::deque<LogEntry> log;
    std::uint64_t head = 0;
  };
  struct Undo {
    Key key;
    std::optional<Stored> before;
  };
  class InTransaction;

  // All of these are called with the mutex held.
  [[nodiscard]] std::optional<Error> take_failure() const;
  [[nodiscard]] Result<const Tenant*> tenant_of(const domain::IdScope& scope) const;
  [[nodiscard]] Result<std::optional<Record>> read_locked(const domain::IdScope& tenant,
                                                          Table table, const std::string& id) const;
  [[nodiscard]] Result<Page> list_locked(const domain::IdScope& tenant, Table table,
                                         const std::string& continuation, std::size_t limit) const;
  [[nodiscard]] Result<Page> find_locked(const domain::IdScope& tenant, Table table,
                                         const IndexTerm& term, const std::string& continuation,
                                         std::size_t limit) const;
  [[nodiscard]] Result<std::uint64_t> count_locked(const domain::IdScope& tenant, Table table,
                                                   const IndexTerm& term) const;
  [[nodiscard]] Result<std::uint64_t> size_locked(const domain::IdScope& tenant, Table table) const;
  [[nodiscard]] Result<Committed> apply(const ChangeSet& set);
  [[nodiscard]] static Result<void> apply_changes(const ChangeSet& set, Tenant& tenant,
                                                  Committed& committed, std::vector<Undo>& undo);
  static void replace(Tenant& tenant, const Key& key, std::optional<Stored> by);

  mutable std::mutex mutex_;
  mutable std::optional<Errc> failure_;
  std::string incarnation_;
  std::uint64_t log_horizon_;
  std::map<std::string, Tenant> tenants_;  // by folded ID scope
};

}  // namespace berth::store
