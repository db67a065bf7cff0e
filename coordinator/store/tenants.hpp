// Tenants: which there are, under which host names the service API answers for each, and their
// settings. One of them, the first unless the operator says otherwise, is the default tenant, which
// a bare address or an unknown host name means (design section 5).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/store/versioned.hpp"
#include "shared/base/result.hpp"
#include "shared/domain/model/tenant.hpp"
#include "shared/ports/clock.hpp"
#include "shared/ports/entropy.hpp"
#include "shared/store/record_store.hpp"

namespace berth::coordinator {

inline constexpr std::size_t kMaxTenants = 256;
inline constexpr std::size_t kMaxTenantHostNames = 16;
// The record of the node that says which tenant is the default one.
inline constexpr const char* kDefaultTenantId = "default-tenant";

class Tenants {
 public:
  Tenants(store::RecordStore& store, ports::Clock& clock, ports::Entropy& entropy)
      : store_(store), clock_(clock), entropy_(entropy) {}

  // Oldest first.
  [[nodiscard]] Result<std::vector<Versioned<domain::TenantSettings>>> all() const;
  [[nodiscard]] Result<std::optional<Versioned<domain::TenantSettings>>> find(
      const domain::IdScope& tenant) const;
  // Errc::not_found if there is no tenant at all.
  [[nodiscard]] Result<domain::IdScope> default_tenant() const;
  [[nodiscard]] Result<void> make_default(const domain::IdScope& tenant);
  // The tenant that answers for a host name (without port), which is the default one if nobody
  // claims it. Errc::not_found if there is no tenant at all.
  [[nodiscard]] Result<domain::TenantSettings> by_host_name(std::string_view host_name) const;

  // Makes a tenant with a random ID scope, `settings`' name, host names and allocation policy, and
  // the owner policy with all rights. Names and host names are each held once
  // (Errc::already_exists).
  [[nodiscard]] Result<Versioned<domain::TenantSettings>> create(domain::TenantSettings settings);
  [[nodiscard]] Result<Versioned<domain::TenantSettings>> put(domain::TenantSettings settings,
                                                              std::uint64_t expected_version);
  // Forgets the tenant with all that it owns. Errc::conflict for the default one, and while a
  // gateway serves it.
  [[nodiscard]] Result<void> erase(const domain::IdScope& tenant);

 private:
  [[nodiscard]] Result<void> check_unique(const domain::TenantSettings& settings) const;

  store::RecordStore& store_;
  ports::Clock& clock_;
  ports::Entropy& entropy_;
};

}  // namespace berth::coordinator
