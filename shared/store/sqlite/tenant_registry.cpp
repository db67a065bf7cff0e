#include "shared/store/sqlite/tenant_registry.hpp"

#include <algorithm>
#include <iterator>
#include <mutex>
#include <utility>

#include "shared/base/encoding.hpp"
#include "shared/store/change_rules.hpp"

namespace berth::store {
namespace {

Error damaged_keys() {
  return {Errc::corrupt, "a tenant's keys fail their seal"};
}

}  // namespace

Result<void> TenantRegistry::load(sqlite::Connection& connection) {
  auto statement = connection.prepare("SELECT number, row_key, keys FROM tenant");
  if (!statement) return statement.error();
  sqlite::Run run = statement->run();
  const std::unique_lock lock(mutex_);
  for (;;) {
    const auto row = run.step();
    if (!row) return row.error();
    if (!*row) return {};
    vault::BlindKey row_key{};
    const ByteView stored_key = run.blob_at(1);
    if (stored_key.size() != row_key.size()) return damaged_keys();
    std::copy(stored_key.begin(), stored_key.end(), row_key.begin());
    auto keys = hierarchy_.open(row_key, run.blob_at(2));
    if (!keys) {
      damaged_.push_back(row_key);
      continue;
    }
    const std::string folded = to_lower(keys->tenant);
    tenants_[folded] = std::make_shared<const OpenTenant>(
        OpenTenant{run.integer_at(0), TenantVault(crypto_, std::move(keys).value())});
  }
}

Result<OpenTenantPtr> TenantRegistry::find(const domain::IdScope& scope) const {
  const std::shared_lock lock(mutex_);
  const auto found = tenants_.find(to_lower(scope.str()));
  if (found != tenants_.end()) return found->second;
  if (!damaged_.empty()) {
    const auto row_key = hierarchy_.blind_tenant(scope.str());
    if (std::find(damaged_.begin(), damaged_.end(), row_key) != damaged_.end()) {
      return damaged_keys();
    }
  }
  return no_such_tenant(scope);
}

Result<std::vector<domain::IdScope>> TenantRegistry::names() const {
  const std::shared_lock lock(mutex_);
  if (!damaged_.empty()) return damaged_keys();
  std::vector<domain::IdScope> names;
  std::transform(tenants_.begin(), tenants_.end(), std::back_inserter(names),
                 [](const auto& entry) { return domain::IdScope(entry.second->vault.tenant()); });
  return names;
}

void TenantRegistry::put(OpenTenantPtr tenant) {
  const std::unique_lock lock(mutex_);
  std::string folded = to_lower(tenant->vault.tenant());
  tenants_.insert_or_assign(std::move(folded), std::move(tenant));
}

void TenantRegistry::erase(const domain::IdScope& scope) {
  const std::unique_lock lock(mutex_);
  tenants_.erase(to_lower(scope.str()));
  std::erase(damaged_, hierarchy_.blind_tenant(scope.str()));
}

}  // namespace berth::store
