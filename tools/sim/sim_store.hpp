// A node's disk: what is committed outlives the node's crash, everything else does not. It can
// refuse to write, and it can take the node down with it in the middle of its work: at a commit,
// with or without it.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "shared/store/memory/memory_store.hpp"

namespace berth::sim {

class SimStore final : public store::RecordStore {
 public:
  SimStore(std::string incarnation, std::uint64_t log_horizon)
      : disk_(std::move(incarnation)), log_horizon_(log_horizon) {}

  // Called with every set that was committed.
  std::function<void(const store::ChangeSet&, const store::Committed&)> on_committed;

  // The next so many commits fail with Errc::io.
  void fail_commits(int count) { failing_ = count; }
  // The power goes at the commit after so many others; with `written`, just after it.
  void lose_power_at(int commits, bool written) {
    commits_left_ = commits;
    dies_after_writing_ = written;
  }
  [[nodiscard]] bool is_dead() const { return dead_; }
  // The power is back.
  void revive();

  [[nodiscard]] Result<std::optional<store::Record>> read(const domain::IdScope& tenant,
                                                          store::Table table,
                                                          const std::string& id) const override;
  [[nodiscard]] Result<store::Page> list(const domain::IdScope& tenant, store::Table table,
                                         const std::string& continuation,
                                         std::size_t limit) const override;
  [[nodiscard]] Result<store::Page> find(const domain::IdScope& tenant, store::Table table,
                                         const store::IndexTerm& term,
                                         const std::string& continuation,
                                         std::size_t limit) const override;
  [[nodiscard]] Result<std::uint64_t> count(const domain::IdScope& tenant, store::Table table,
                                            const store::IndexTerm& term) const override;
  [[nodiscard]] Result<std::uint64_t> size(const domain::IdScope& tenant,
                                           store::Table table) const override;
  [[nodiscard]] Result<std::uint64_t> head(const domain::IdScope& tenant) const override;
  [[nodiscard]] Result<std::vector<store::LogEntry>> changes(const domain::IdScope& tenant,
                                                             std::uint64_t after,
                                                             std::size_t limit) const override;
  [[nodiscard]] Result<std::vector<Result<store::Committed>>> commit(
      std::span<const store::ChangeSet> sets) override;
  [[nodiscard]] Result<std::vector<Result<store::Committed>>> commit_concluded(
      std::span<const store::ChangeSet> sets, const store::Conclusion& conclude) override;
  [[nodiscard]] Result<void> create_tenant(const domain::IdScope& tenant) override;
  [[nodiscard]] Result<void> erase_tenant(const domain::IdScope& tenant) override;
  [[nodiscard]] Result<std::vector<domain::IdScope>> tenants() const override;
  [[nodiscard]] std::string incarnation() const override { return disk_.incarnation(); }
  [[nodiscard]] Result<Bytes> digest_key(const domain::IdScope& tenant) const override;
  [[nodiscard]] Result<void> verify(const domain::IdScope& tenant) const override;

  // What is on the disk, for those who look from outside, also while the node is down.
  [[nodiscard]] const store::MemoryStore& disk() const { return disk_; }

 private:
  store::MemoryStore disk_;
  std::uint64_t log_horizon_;  // what readers of the change log get; the disk remembers all
  int failing_ = 0;
  std::optional<int> commits_left_;
  bool dies_after_writing_ = false;
  bool dead_ = false;
};

}  // namespace berth::sim
