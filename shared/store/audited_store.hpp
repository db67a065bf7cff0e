// AuditedStore: a RecordStore that appends what the change sets note (ChangeSet::notes) to this
// node's audit chain, in the transaction that writes them: a change and its entry are durable
// together, or neither is. However many sets share a commit, their entries share one row.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "shared/store/audit_trail.hpp"
#include "shared/store/record_store.hpp"

namespace berth::store {

class AuditedStore final : public RecordStore {
 public:
  // Both outlive it.
  AuditedStore(RecordStore& store, const AuditTrail& trail) : store_(store), trail_(trail) {}

  [[nodiscard]] const AuditTrail& trail() const { return trail_; }

  [[nodiscard]] Result<std::vector<Result<Committed>>> commit(
      std::span<const ChangeSet> sets) override;
  // A conclusion of the caller's own has no notes.
  [[nodiscard]] Result<std::vector<Result<Committed>>> commit_concluded(
      std::span<const ChangeSet> sets, const Conclusion& conclude) override;
  // As commit(), also where it is known only inside the transaction what is to be noted: checks of
  // the sets may write their notes.
  [[nodiscard]] Result<std::vector<Result<Committed>>> commit_audited(
      std::span<const ChangeSet> sets);

  [[nodiscard]] Result<std::optional<Record>> read(const domain::IdScope& tenant, Table table,
                                                   const std::string& id) const override {
    return store_.read(tenant, table, id);
  }
  [[nodiscard]] Result<Page> list(const domain::IdScope& tenant, Table table,
                                  const std::string& continuation,
                                  std::size_t limit) const override {
    return store_.list(tenant, table, continuation, limit);
  }
  [[nodiscard]] Result<Page> find(const domain::IdScope& tenant, Table table, const IndexTerm& term,
                                  const std::string& continuation,
                                  std::size_t limit) const override {
    return store_.find(tenant, table, term, continuation, limit);
  }
  [[nodiscard]] Result<std::uint64_t> count(const domain::IdScope& tenant, Table table,
                                            const IndexTerm& term) const override {
    return store_.count(tenant, table, term);
  }
  [[nodiscard]] Result<std::uint64_t> size(const domain::IdScope& tenant,
                                           Table table) const override {
    return store_.size(tenant, table);
  }
  [[nodiscard]] Result<std::uint64_t> head(const domain::IdScope& tenant) const override {
    return store_.head(tenant);
  }
  [[nodiscard]] Result<std::vector<LogEntry>> changes(const domain::IdScope& tenant,
                                                      std::uint64_t after,
                                                      std::size_t limit) const override {
    return store_.changes(tenant, after, limit);
  }
  [[nodiscard]] Result<void> create_tenant(const domain::IdScope& tenant) override {
    return store_.create_tenant(tenant);
  }
  [[nodiscard]] Result<void> erase_tenant(const domain::IdScope& tenant) override {
    return store_.erase_tenant(tenant);
  }
  [[nodiscard]] Result<std::vector<domain::IdScope>> tenants() const override {
    return store_.tenants();
  }
  [[nodiscard]] std::string incarnation() const override { return store_.incarnation(); }
  [[nodiscard]] Result<Bytes> digest_key(const domain::IdScope& tenant) const override {
    return store_.digest_key(tenant);
  }
  [[nodiscard]] Result<void> verify(const domain::IdScope& tenant) const override {
    return store_.verify(tenant);
  }

 private:
  RecordStore& store_;
  const AuditTrail& trail_;
};

}  // namespace berth::store
