#include "tools/sim/sim_store.hpp"

namespace berth::sim {
namespace {

Error no_power() {
  return {Errc::io, "the node has no power"};
}

}  // namespace

void SimStore::revive() {
  dead_ = false;
  failing_ = 0;
  commits_left_.reset();
}

Result<std::optional<store::Record>> SimStore::read(const domain::IdScope& tenant,
                                                    store::Table table,
                                                    const std::string& id) const {
  if (dead_) return no_power();
  return disk_.read(tenant, table, id);
}

Result<store::Page> SimStore::list(const domain::IdScope& tenant, store::Table table,
                                   const std::string& continuation, std::size_t limit) const {
  if (dead_) return no_power();
  return disk_.list(tenant, table, continuation, limit);
}

Result<store::Page> SimStore::find(const domain::IdScope& tenant, store::Table table,
                                   const store::IndexTerm& term, const std::string& continuation,
                                   std::size_t limit) const {
  if (dead_) return no_power();
  return disk_.find(tenant, table, term, continuation, limit);
}

Result<std::uint64_t> SimStore::count(const domain::IdScope& tenant, store::Table table,
                                      const store::IndexTerm& term) const {
  if (dead_) return no_power();
  return disk_.count(tenant, table, term);
}

Result<std::uint64_t> SimStore::size(const domain::IdScope& tenant, store::Table table) const {
  if (dead_) return no_power();
  return disk_.size(tenant, table);
}

Result<std::uint64_t> SimStore::head(const domain::IdScope& tenant) const {
  if (dead_) return no_power();
  return disk_.head(tenant);
}

Result<std::vector<store::LogEntry>> SimStore::changes(const domain::IdScope& tenant,
                                                       std::uint64_t after,
                                                       std::size_t limit) const {
  if (dead_) return no_power();
  const auto head = disk_.head(tenant);
  if (head && *head > after + log_horizon_) {
    return Error{Errc::not_found, "the change log no longer reaches back that far"};
  }
  return disk_.changes(tenant, after, limit);
}

Result<std::vector<Result<store::Committed>>> SimStore::commit(
    std::span<const store::ChangeSet> sets) {
  return commit_concluded(sets, {});
}

Result<std::vector<Result<store::Committed>>> SimStore::commit_concluded(
    std::span<const store::ChangeSet> sets, const store::Conclusion& conclude) {
  if (dead_) return no_power();
  if (failing_ > 0) {
    --failing_;
    return Error{Errc::io, "the disk does not write"};
  }
  const bool dies = commits_left_ && (*commits_left_)-- == 0;
  if (dies && !dies_after_writing_) {
    dead_ = true;
    return no_power();
  }
  auto committed = disk_.commit_concluded(sets, conclude);
  if (committed && on_committed) {
    for (std::size_t i = 0; i < sets.size(); ++i) {
      if ((*committed)[i]) on_committed(sets[i], *(*committed)[i]);
    }
  }
  if (dies) {
    dead_ = true;
    return no_power();
  }
  return committed;
}

Result<void> SimStore::create_tenant(const domain::IdScope& tenant) {
  if (dead_) return no_power();
  return disk_.create_tenant(tenant);
}

Result<void> SimStore::erase_tenant(const domain::IdScope& tenant) {
  if (dead_) return no_power();
  return disk_.erase_tenant(tenant);
}

Result<std::vector<domain::IdScope>> SimStore::tenants() const {
  if (dead_) return no_power();
  return disk_.tenants();
}

Result<Bytes> SimStore::digest_key(const domain::IdScope& tenant) const {
  if (dead_) return no_power();
  return disk_.digest_key(tenant);
}

Result<void> SimStore::verify(const domain::IdScope& tenant) const {
  if (dead_) return no_power();
  return disk_.verify(tenant);
}

}  // namespace berth::sim
