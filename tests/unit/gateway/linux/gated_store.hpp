// A RecordStore whose commits a test counts, holds back and lets go.
#pragma once

#include <condition_variable>
#include <mutex>
#include <vector>

#include "tests/support/memory_store.hpp"

namespace berth::testing {

class GatedStore final : public store::RecordStore {
 public:
  // Commits wait until open() from now on.
  void close() {
    const std::lock_guard lock(mutex_);
    is_open_ = false;
  }
  void open() {
    const std::lock_guard lock(mutex_);
    is_open_ = true;
    changed_.notify_all();
  }
  // Until so many commits have come as far as the gate.
  void await_commits(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return groups_.size() >= count; });
  }
  // The number of change sets of each commit.
  [[nodiscard]] std::vector<std::size_t> groups() const {
    const std::lock_guard lock(mutex_);
    return groups_;
  }

  Result<std::optional<store::Record>> read(const domain::IdScope& tenant, store::Table table,
                                            const std::string& id) const override {
    return memory.read(tenant, table, id);
  }
  Result<store::Page> list(const domain::IdScope& tenant, store::Table table,
                           const std::string& continuation, std::size_t limit) const override {
    return memory.list(tenant, table, continuation, limit);
  }
  Result<store::Page> find(const domain::IdScope& tenant, store::Table table,
                           const store::IndexTerm& term, const std::string& continuation,
                           std::size_t limit) const override {
    return memory.find(tenant, table, term, continuation, limit);
  }
  Result<std::uint64_t> count(const domain::IdScope& tenant, store::Table table,
                              const store::IndexTerm& term) const override {
    return memory.count(tenant, table, term);
  }
  Result<std::uint64_t> size(const domain::IdScope& tenant, store::Table table) const override {
    return memory.size(tenant, table);
  }
  Result<std::uint64_t> head(const domain::IdScope& tenant) const override {
    return memory.head(tenant);
  }
  Result<std::vector<store::LogEntry>> changes(const domain::IdScope& tenant, std::uint64_t after,
                                               std::size_t limit) const override {
    return memory.changes(tenant, after, limit);
  }
  Result<std::vector<Result<store::Committed>>> commit(
      std::span<const store::ChangeSet> sets) override {
    return commit_concluded(sets, {});
  }
  Result<std::vector<Result<store::Committed>>> commit_concluded(
      std::span<const store::ChangeSet> sets, const store::Conclusion& conclude) override {
    {
      std::unique_lock lock(mutex_);
      groups_.push_back(sets.size());
      changed_.notify_all();
      changed_.wait(lock, [this] { return is_open_; });
    }
    return memory.commit_concluded(sets, conclude);
  }
  Result<void> create_tenant(const domain::IdScope& tenant) override {
    return memory.create_tenant(tenant);
  }
  Result<void> erase_tenant(const domain::IdScope& tenant) override {
    return memory.erase_tenant(tenant);
  }
  Result<std::vector<domain::IdScope>> tenants() const override { return memory.tenants(); }
  std::string incarnation() const override { return memory.incarnation(); }
  Result<Bytes> digest_key(const domain::IdScope& tenant) const override {
    return memory.digest_key(tenant);
  }
  Result<void> verify(const domain::IdScope& tenant) const override {
    return memory.verify(tenant);
  }

  MemoryStore memory;

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool is_open_ = true;
  std::vector<std::size_t> groups_;
};

}  // namespace berth::testing
