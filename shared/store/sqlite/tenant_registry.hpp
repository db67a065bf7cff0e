// TenantRegistry: the tenants of one file with their keys, opened once. Safe to use from several
// threads.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <shared_mutex>
#include <string>
#include <vector>

#include "shared/base/result.hpp"
#include "shared/domain/model/ids.hpp"
#include "shared/sqlite/connection.hpp"
#include "shared/store/tenant_vault.hpp"
#include "shared/vault/key_hierarchy.hpp"

namespace berth::store {

struct OpenTenant {
  std::int64_t number;  // in the file
  TenantVault vault;
};

// Owned by the registry, and by reads that were under way when the tenant was erased or got a new
// key.
using OpenTenantPtr = std::shared_ptr<const OpenTenant>;

class TenantRegistry {
 public:
  // `crypto` and `hierarchy` must outlive it.
  TenantRegistry(ports::Crypto& crypto, const vault::KeyHierarchy& hierarchy)
      : crypto_(crypto), hierarchy_(hierarchy) {}

  // All tenants of the file. One whose keys fail their seal is remembered as damaged, so that the
  // others can be served.
  [[nodiscard]] Result<void> load(sqlite::Connection& connection);

  // Errc::not_found if there is none, Errc::corrupt if its keys fail their seal.
  [[nodiscard]] Result<OpenTenantPtr> find(const domain::IdScope& scope) const;
  [[nodiscard]] Result<std::vector<domain::IdScope>> names() const;

  void put(OpenTenantPtr tenant);
  void erase(const domain::IdScope& scope);

 private:
  ports::Crypto& crypto_;
  const vault::KeyHierarchy& hierarchy_;
  mutable std::shared_mutex mutex_;
  std::map<std::string, OpenTenantPtr> tenants_;  // by folded ID scope
  std::vector<vault::BlindKey> damaged_;
};

}  // namespace berth::store
