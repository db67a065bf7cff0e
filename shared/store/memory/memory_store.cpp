#include "shared/store/memory/memory_store.hpp"

#include <algorithm>
#include <iterator>

#include "shared/base/encoding.hpp"
#include "shared/store/change_rules.hpp"

namespace berth::store {

// What a check callback reads through: the store itself, whose mutex commit() holds.
class MemoryStore::InTransaction final : public Reader {
 public:
  explicit InTransaction(const MemoryStore& store) : store_(store) {}

  [[nodiscard]] Result<std::optional<Record>> read(const domain::IdScope& tenant, Table table,
                                                   const std::string& id) const override {
    return store_.read_locked(tenant, table, id);
  }
  [[nodiscard]] Result<Page> list(const domain::IdScope& tenant, Table table,
                                  const std::string& continuation,
                                  std::size_t limit) const override {
    return store_.list_locked(tenant, table, continuation, limit);
  }
  [[nodiscard]] Result<Page> find(const domain::IdScope& tenant, Table table, const IndexTerm& term,
                                  const std::string& continuation,
                                  std::size_t limit) const override {
    return store_.find_locked(tenant, table, term, continuation, limit);
  }
  [[nodiscard]] Result<std::uint64_t> count(const domain::IdScope& tenant, Table table,
                                            const IndexTerm& term) const override {
    return store_.count_locked(tenant, table, term);
  }
  [[nodiscard]] Result<std::uint64_t> size(const domain::IdScope& tenant,
                                           Table table) const override {
    return store_.size_locked(tenant, table);
  }
  [[nodiscard]] Result<std::uint64_t> head(const domain::IdScope& tenant) const override {
    const auto found = store_.tenant_of(tenant);
    if (!found) return found.error();
    return (*found)->head;
  }

 private:
  const MemoryStore& store_;
};

MemoryStore::MemoryStore(std::string incarnation, std::uint64_t log_horizon)
    : incarnation_(std::move(incarnation)), log_horizon_(log_horizon) {}

MemoryStore::~MemoryStore() = default;

void MemoryStore::fail_next(Errc code) {
  const std::scoped_lock lock(mutex_);
  failure_ = code;
}

void MemoryStore::set_incarnation(std::string incarnation) {
  const std::scoped_lock lock(mutex_);
  incarnation_ = std::move(incarnation);
}

std::optional<Error> MemoryStore::take_failure() const {
  if (!failure_) return std::nullopt;
  const Error error{*failure_, "the memory store was told to fail"};
  failure_.reset();
  return error;
}

Result<const MemoryStore::Tenant*> MemoryStore::tenant_of(const domain::IdScope& scope) const {
  const auto found = tenants_.find(to_lower(scope.str()));
  if (found == tenants_.end()) return no_such_tenant(scope);
  return &found->second;
}

Result<std::optional<Record>> MemoryStore::read_locked(const domain::IdScope& tenant, Table table,
                                                       const std::string& id) const {
  const auto found = tenant_of(tenant);
  if (!found) return found.error();
  const auto stored = (*found)->records.find({table, id});
  if (stored == (*found)->records.end()) return std::optional<Record>();
  return std::optional<Record>(stored->second.record);
}

// A continuation is the last ID given, in base64url.
Result<Page> MemoryStore::list_locked(const domain::IdScope& tenant, Table table,
                                      const std::string& continuation, std::size_t limit) const {
  const auto found = tenant_of(tenant);
  if (!found) return found.error();
  const auto after = from_base64url(continuation);
  if (!after) return Error{Errc::invalid, "the continuation is not one of ours"};
  limit = std::clamp<std::size_t>(limit, 1, kMaxPage);
  const auto& records = (*found)->records;
  Page page;
  for (auto at = records.upper_bound({table, std::string(as_text(*after))});
       at != records.end() && at->first.first == table; ++at) {
    if (page.records.size() == limit) {
      page.continuation = to_base64url(as_bytes(page.records.back().id));
      break;
    }
    page.records.push_back(at->second.record);
  }
  return page;
}

Result<Page> MemoryStore::find_locked(const domain::IdScope& tenant, Table table,
                                      const IndexTerm& term, const std::string& continuation,
                                      std::size_t limit) const {
  const auto found = tenant_of(tenant);
  if (!found) return found.error();
  const auto after = from_base64url(continuation);
  if (!after) return Error{Errc::invalid, "the continuation is not one of ours"};
  limit = std::clamp<std::size_t>(limit, 1, kMaxPage);
  const auto& terms = (*found)->terms;
  Page page;
  for (auto at = terms.upper_bound({table, term.index, term.value, std::string(as_text(*after))});
       at != terms.end(); ++at) {
    const auto& [of_table, index, value, id] = *at;
    if (of_table != table || index != term.index || value != term.value) break;
    if (page.records.size() == limit) {
      page.continuation = to_base64url(as_bytes(page.records.back().id));
      break;
    }
    page.records.push_back((*found)->records.at({table, id}).record);
  }
  return page;
}

Result<std::uint64_t> MemoryStore::count_locked(const domain::IdScope& tenant, Table table,
                                                const IndexTerm& term) const {
  const auto found = tenant_of(tenant);
  if (!found) return found.error();
  const auto& terms = (*found)->terms;
  std::uint64_t counted = 0;
  for (auto at = terms.lower_bound({table, term.index, term.value, std::string()});
       at != terms.end(); ++at) {
    const auto& [of_table, index, value, id] = *at;
    if (of_table != table || index != term.index || value != term.value) break;
    ++counted;
  }
  return counted;
}

Result<std::uint64_t> MemoryStore::size_locked(const domain::IdScope& tenant, Table table) const {
  const auto found = tenant_of(tenant);
  if (!found) return found.error();
  const auto& records = (*found)->records;
  std::uint64_t counted = 0;
  for (auto at = records.lower_bound({table, std::string()});
       at != records.end() && at->first.first == table; ++at) {
    ++counted;
  }
  return counted;
}

void MemoryStore::replace(Tenant& tenant, const Key& key, std::optional<Stored> by) {
  const auto old = tenant.records.find(key);
  if (old != tenant.records.end()) {
    for (const IndexTerm& term : old->second.terms) {
      tenant.terms.erase({key.first, term.index, term.value, key.second});
    }
    tenant.records.erase(old);
  }
  if (!by) return;
  for (const IndexTerm& term : by->terms) {
    tenant.terms.insert({key.first, term.index, term.value, key.second});
  }
  tenant.records.emplace(key, *std::move(by));
}

Result<void> MemoryStore::apply_changes(const ChangeSet& set, Tenant& tenant, Committed& committed,
                                        std::vector<Undo>& undo) {
  for (const Change& change : set.changes) {
    const auto fits = check_limits(change);
    if (!fits) return fits.error();
    const Key key{change.table, change.id};
    const auto old = tenant.records.find(key);
    std::optional<Stored> before;
    if (old != tenant.records.end()) before = old->second;
    const auto current = before ? std::optional(before->record.version) : std::nullopt;
    const auto expected = check_expected(change, current);
    if (!expected) return expected.error();

    if (change.kind == Change::Kind::require) {
      committed.versions.push_back(current.value_or(0));
      continue;
    }
    if (change.kind == Change::Kind::erase && !before) {
      committed.versions.push_back(0);
      continue;
    }
    const bool logged = is_logged(change.table);
    if (logged) ++tenant.head;
    std::optional<Stored> after;
    if (change.kind == Change::Kind::put) {
      after =
          Stored{{change.table, change.id, next_version(change, current), tenant.head, change.body},
                 change.terms};
    }
    if (logged) {
      LogEntry entry{tenant.head, change.table, change.id, std::nullopt, std::nullopt};
      if (before) entry.before = before->record;
      if (after) entry.after = after->record;
      tenant.log.push_back(std::move(entry));
    }
    committed.versions.push_back(after ? after->record.version : 0);
    undo.push_back({key, before});
    replace(tenant, key, std::move(after));
  }
  return {};
}

Result<Committed> MemoryStore::apply(const ChangeSet& set) {
  const auto found = tenants_.find(to_lower(set.tenant.str()));
  if (found == tenants_.end()) return no_such_tenant(set.tenant);
  Tenant& tenant = found->second;
  if (set.check) {
    const auto checked = set.check(InTransaction(*this));
    if (!checked) return checked.error();
  }
  const std::uint64_t head = tenant.head;
  Committed committed;
  std::vector<Undo> undo;
  const auto applied = apply_changes(set, tenant, committed, undo);
  if (!applied) {
    for (auto at = undo.rbegin(); at != undo.rend(); ++at) {
      replace(tenant, at->key, std::move(at->before));
    }
    while (tenant.head > head) {
      tenant.log.pop_back();
      --tenant.head;
    }
    return applied.error();
  }
  while (tenant.log.size() > log_horizon_) tenant.log.pop_front();
  committed.sequence = tenant.head;
  return committed;
}

Result<std::optional<Record>> MemoryStore::read(const domain::IdScope& tenant, Table table,
                                                const std::string& id) const {
  const std::scoped_lock lock(mutex_);
  if (const auto failure = take_failure()) return *failure;
  return read_locked(tenant, table, id);
}

Result<Page> MemoryStore::list(const domain::IdScope& tenant, Table table,
                               const std::string& continuation, std::size_t limit) const {
  const std::scoped_lock lock(mutex_);
  if (const auto failure = take_failure()) return *failure;
  return list_locked(tenant, table, continuation, limit);
}

Result<Page> MemoryStore::find(const domain::IdScope& tenant, Table table, const IndexTerm& term,
                               const std::string& continuation, std::size_t limit) const {
  const std::scoped_lock lock(mutex_);
  if (const auto failure = take_failure()) return *failure;
  return find_locked(tenant, table, term, continuation, limit);
}

Result<std::uint64_t> MemoryStore::count(const domain::IdScope& tenant, Table table,
                                         const IndexTerm& term) const {
  const std::scoped_lock lock(mutex_);
  if (const auto failure = take_failure()) return *failure;
  return count_locked(tenant, table, term);
}

Result<std::uint64_t> MemoryStore::size(const domain::IdScope& tenant, Table table) const {
  const std::scoped_lock lock(mutex_);
  if (const auto failure = take_failure()) return *failure;
  return size_locked(tenant, table);
}

Result<std::uint64_t> MemoryStore::head(const domain::IdScope& tenant) const {
  const std::scoped_lock lock(mutex_);
  if (const auto failure = take_failure()) return *failure;
  const auto found = tenant_of(tenant);
  if (!found) return found.error();
  return (*found)->head;
}

Result<std::vector<LogEntry>> MemoryStore::changes(const domain::IdScope& tenant,
                                                   std::uint64_t after, std::size_t limit) const {
  const std::scoped_lock lock(mutex_);
  if (const auto failure = take_failure()) return *failure;
  const auto found = tenant_of(tenant);
  if (!found) return found.error();
  const Tenant& of = **found;
  const std::uint64_t trimmed = of.head - of.log.size();
  if (after < trimmed || after > of.head) {
    return Error{Errc::not_found, "the change log does not hold what follows that sequence"};
  }
  limit = std::clamp<std::size_t>(limit, 1, kMaxPage);
  const auto first = of.log.begin() + static_cast<std::ptrdiff_t>(after - trimmed);
  const auto count = std::min<std::size_t>(limit, of.head - after);
  return std::vector<LogEntry>(first, first + static_cast<std::ptrdiff_t>(count));
}

Result<std::vector<Result<Committed>>> MemoryStore::commit(std::span<const ChangeSet> sets) {
  return commit_concluded(sets, {});
}

Result<std::vector<Result<Committed>>> MemoryStore::commit_concluded(
    std::span<const ChangeSet> sets, const Conclusion& conclude) {
  const std::scoped_lock lock(mutex_);
  if (const auto failure = take_failure()) return *failure;
  auto before = conclude ? tenants_ : std::map<std::string, Tenant>{};
  std::vector<Result<Committed>> results;
  results.reserve(sets.size());
  for (const ChangeSet& set : sets) results.push_back(apply(set));
  if (!conclude) return results;
  const auto last = conclude(InTransaction(*this), results);
  const auto concluded = last ? apply(*last) : Result<Committed>(last.error());
  if (!concluded) {
    tenants_ = std::move(before);
    return concluded.error();
  }
  return results;
}

Result<void> MemoryStore::create_tenant(const domain::IdScope& tenant) {
  const std::scoped_lock lock(mutex_);
  if (const auto failure = take_failure()) return *failure;
  const auto [made, is_new] = tenants_.try_emplace(to_lower(tenant.str()));
  if (is_new) made->second.name = tenant;
  return {};
}

Result<void> MemoryStore::erase_tenant(const domain::IdScope& tenant) {
  const std::scoped_lock lock(mutex_);
  if (const auto failure = take_failure()) return *failure;
  tenants_.erase(to_lower(tenant.str()));
  return {};
}

Result<std::vector<domain::IdScope>> MemoryStore::tenants() const {
  const std::scoped_lock lock(mutex_);
  if (const auto failure = take_failure()) return *failure;
  std::vector<domain::IdScope> names;
  std::transform(tenants_.begin(), tenants_.end(), std::back_inserter(names),
                 [](const auto& entry) { return entry.second.name; });
  return names;
}

std::string MemoryStore::incarnation() const {
  const std::scoped_lock lock(mutex_);
  return incarnation_;
}

Result<Bytes> MemoryStore::digest_key(const domain::IdScope& tenant) const {
  const std::scoped_lock lock(mutex_);
  if (const auto failure = take_failure()) return *failure;
  const auto found = tenant_of(tenant);
  if (!found) return found.error();
  // Any 32 bytes that differ between tenants will do.
  Bytes key = to_bytes(to_lower(tenant.str()));
  key.resize(32, 0xd1);
  return key;
}

Result<void> MemoryStore::verify(const domain::IdScope& tenant) const {
  const std::scoped_lock lock(mutex_);
  if (const auto failure = take_failure()) return *failure;
  const auto found = tenant_of(tenant);
  if (!found) return found.error();
  return {};
}

}  // namespace berth::store
