#include "coordinator/store/tenants.hpp"

#include <algorithm>
#include <utility>

#include "coordinator/store/access_policies.hpp"
#include "coordinator/store/gateways.hpp"
#include "coordinator/store/record_writes.hpp"
#include "coordinator/store/typed_records.hpp"
#include "shared/base/encoding.hpp"

namespace berth::coordinator {
namespace {

constexpr const char* kSettingsId = "settings";
// Four random bytes make eight hex digits.
constexpr std::size_t kIdScopeEntropy = 4;

bool holds(const std::vector<std::string>& names, std::string_view name) {
  return std::any_of(names.begin(), names.end(),
                     [name](const std::string& held) { return equals_ignoring_case(held, name); });
}

}  // namespace

Result<std::vector<Versioned<domain::TenantSettings>>> Tenants::all() const {
  const auto ids = store_.tenants();
  if (!ids) return ids.error();
  std::vector<Versioned<domain::TenantSettings>> tenants;
  for (const domain::IdScope& id : *ids) {
    if (id == store::kNode) continue;
    auto settings = find(id);
    if (!settings) return settings.error();
    // A tenant whose making was cut short has keys and no settings; prepare() or another create()
    // makes a whole one.
    if (*settings) tenants.push_back(std::move(**settings));
  }
  std::sort(tenants.begin(), tenants.end(), [](const auto& a, const auto& b) {
    if (a.record.stamps.created != b.record.stamps.created) {
      return a.record.stamps.created < b.record.stamps.created;
    }
    return a.record.id_scope < b.record.id_scope;
  });
  return tenants;
}

Result<std::optional<Versioned<domain::TenantSettings>>> Tenants::find(
    const domain::IdScope& tenant) const {
  return read_record<domain::TenantSettings>(store_, tenant, store::Table::tenant_settings,
                                             kSettingsId);
}

Result<domain::TenantSettings> Tenants::by_host_name(std::string_view host_name) const {
  auto tenants = all();
  if (!tenants) return tenants.error();
  for (Versioned<domain::TenantSettings>& tenant : *tenants) {
    if (holds(tenant.record.host_names, host_name)) return std::move(tenant.record);
  }
  const auto by_default = default_tenant();
  if (!by_default) return by_default.error();
  for (Versioned<domain::TenantSettings>& tenant : *tenants) {
    if (tenant.record.id_scope == *by_default) return std::move(tenant.record);
  }
  return Error{Errc::not_found, "there is no default tenant"};
}

Result<domain::IdScope> Tenants::default_tenant() const {
  auto stated = read_record<domain::DefaultTenant>(store_, store::kNode, store::Table::node,
                                                   kDefaultTenantId);
  if (!stated) return stated.error();
  if (*stated) return std::move((*stated)->record.id_scope);
  auto tenants = all();
  if (!tenants) return tenants.error();
  if (tenants->empty()) return Error{Errc::not_found, "there is no tenant"};
  return std::move(tenants->front().record.id_scope);
}

Result<void> Tenants::make_default(const domain::IdScope& tenant) {
  store::Change change;
  change.table = store::Table::node;
  change.id = kDefaultTenantId;
  change.body = sync::encode(domain::DefaultTenant{tenant});
  const auto written = commit_change(store_, store::kNode, std::move(change));
  if (!written) return written.error();
  return {};
}

Result<Versioned<domain::TenantSettings>> Tenants::create(domain::TenantSettings settings) {
  const auto tenants = all();
  if (!tenants) return tenants.error();
  if (tenants->size() >= kMaxTenants) {
    return Error{Errc::conflict, "there are at most " + std::to_string(kMaxTenants) + " tenants"};
  }
  settings.id_scope = domain::IdScope("0ne" + to_upper_hex(entropy_.bytes(kIdScopeEntropy)));
  if (const auto unique = check_unique(settings); !unique) return unique.error();
  if (const auto made = store_.create_tenant(settings.id_scope); !made) return made.error();

  const WallTime now = clock_.wall();
  settings.stamps = {now, now};
  domain::AccessPolicy owner;
  owner.key_name = kOwnerKeyName;
  owner.primary_key = entropy_.secret(kGeneratedKeySize);
  owner.secondary_key = entropy_.secret(kGeneratedKeySize);
  owner.rights = domain::kAllAccessRights;
  owner.stamps = settings.stamps;

  std::vector<store::Change> changes;
  changes.push_back(
      put_change(store::Table::tenant_settings, kSettingsId, sync::encode(settings), 0));
  changes.push_back(
      put_change(store::Table::access_policy, owner.key_name, sync::encode(owner), 0));
  const auto version = commit_changes(store_, settings.id_scope, std::move(changes));
  if (!version) return version.error();
  return Versioned<domain::TenantSettings>{std::move(settings), *version};
}

Result<Versioned<domain::TenantSettings>> Tenants::put(domain::TenantSettings settings,
                                                       std::uint64_t expected_version) {
  if (const auto unique = check_unique(settings); !unique) return unique.error();
  stamp(settings.stamps, expected_version, clock_.wall());
  const domain::IdScope tenant = settings.id_scope;
  return put_record(store_, tenant, store::Table::tenant_settings, kSettingsId, std::move(settings),
                    {}, expected_version);
}

Result<void> Tenants::erase(const domain::IdScope& tenant) {
  const auto by_default = default_tenant();
  if (!by_default) return by_default.error();
  if (tenant == *by_default) {
    return Error{Errc::conflict, "it is the default tenant; make another one the default first"};
  }
  const auto gateways = read_all<domain::Gateway>(store_, store::kNode, store::Table::gateway);
  if (!gateways) return gateways.error();
  for (const Versioned<domain::Gateway>& gateway : *gateways) {
    if (gateway.record.status == domain::GatewayStatus::removed) continue;
    const auto& served = gateway.record.tenants;
    if (std::find(served.begin(), served.end(), tenant) != served.end()) {
      return Error{Errc::conflict, "gateway " + gateway.record.name + " still serves the tenant"};
    }
  }
  return store_.erase_tenant(tenant);
}

Result<void> Tenants::check_unique(const domain::TenantSettings& settings) const {
  const auto tenants = all();
  if (!tenants) return tenants.error();
  for (const Versioned<domain::TenantSettings>& other : *tenants) {
    if (other.record.id_scope == settings.id_scope) continue;
    if (equals_ignoring_case(other.record.name, settings.name)) {
      return Error{Errc::already_exists, "a tenant named " + settings.name + " exists already"};
    }
    for (const std::string& host_name : settings.host_names) {
      if (holds(other.record.host_names, host_name)) {
        return Error{Errc::already_exists,
                     "the host name " + host_name + " belongs to tenant " + other.record.name};
      }
    }
  }
  return {};
}

}  // namespace berth::coordinator
