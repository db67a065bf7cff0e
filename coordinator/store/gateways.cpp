#include "coordinator/store/gateways.hpp"

#include <utility>

#include "coordinator/store/record_writes.hpp"
#include "coordinator/store/typed_records.hpp"
#include "shared/base/encoding.hpp"

namespace berth::coordinator {
namespace {

constexpr std::size_t kMaxNameLength = 64;

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.';
}

}  // namespace

Result<void> check_name(std::string_view what, std::string_view name) {
  if (name.empty() || name.size() > kMaxNameLength) {
    return Error{Errc::invalid, std::string(what) + " has 1 to 64 characters"};
  }
  for (const char c : name) {
    if (!is_name_character(c)) {
      return Error{Errc::invalid, std::string(what) + " holds letters, digits and - _ . only"};
    }
  }
  return {};
}

Result<std::vector<Versioned<domain::Gateway>>> Gateways::all() const {
  return read_all<domain::Gateway>(store_, store::kNode, store::Table::gateway);
}

Result<std::optional<Versioned<domain::Gateway>>> Gateways::find(
    const domain::GatewayId& id) const {
  return read_record<domain::Gateway>(store_, store::kNode, store::Table::gateway, id.str());
}

Result<std::optional<Versioned<domain::Gateway>>> Gateways::find_by_name(
    std::string_view name) const {
  auto gateways = all();
  if (!gateways) return gateways.error();
  for (Versioned<domain::Gateway>& gateway : *gateways) {
    if (gateway.record.status != domain::GatewayStatus::removed &&
        equals_ignoring_case(gateway.record.name, name)) {
      return std::optional<Versioned<domain::Gateway>>(std::move(gateway));
    }
  }
  return std::optional<Versioned<domain::Gateway>>{};
}

Result<Versioned<domain::Gateway>> Gateways::put(domain::Gateway gateway,
                                                 std::uint64_t expected_version) {
  if (const auto name = check_name("a gateway's name", gateway.name); !name) return name.error();
  const auto gateways = all();
  if (!gateways) return gateways.error();
  for (const Versioned<domain::Gateway>& other : *gateways) {
    if (other.record.gateway_id != gateway.gateway_id &&
        other.record.status != domain::GatewayStatus::removed &&
        gateway.status != domain::GatewayStatus::removed &&
        equals_ignoring_case(other.record.name, gateway.name)) {
      return Error{Errc::already_exists, "a gateway named " + gateway.name + " exists already"};
    }
  }
  if (expected_version == 0 && gateways->size() >= kMaxGateways) {
    return Error{Errc::conflict, "there are at most " + std::to_string(kMaxGateways) + " gateways"};
  }
  stamp(gateway.stamps, expected_version, clock_.wall());

  std::vector<store::Change> changes;
  changes.push_back(put_change(store::Table::gateway, gateway.gateway_id.str(),
                               sync::encode(gateway), expected_version));
  // A removed gateway may outlive its site.
  if (gateway.status != domain::GatewayStatus::removed) {
    const auto stored = site(gateway.site);
    if (!stored) return stored.error();
    if (!*stored) return Error{Errc::invalid, "there is no site " + gateway.site.str()};
    store::Change site_stands;
    site_stands.kind = store::Change::Kind::require;
    site_stands.table = store::Table::site;
    site_stands.id = gateway.site.str();
    site_stands.expected_version = (*stored)->version;
    changes.push_back(std::move(site_stands));
  }
  const auto version = commit_changes(store_, store::kNode, std::move(changes));
  if (!version) return version.error();
  return Versioned<domain::Gateway>{std::move(gateway), *version};
}

Result<std::vector<Versioned<domain::Site>>> Gateways::sites() const {
  return read_all<domain::Site>(store_, store::kNode, store::Table::site);
}

Result<std::optional<Versioned<domain::Site>>> Gateways::site(const domain::SiteId& id) const {
  return read_record<domain::Site>(store_, store::kNode, store::Table::site, id.str());
}

Result<Versioned<domain::Site>> Gateways::create_site(const domain::SiteId& id) {
  if (const auto name = check_name("a site's name", id.str()); !name) return name.error();
  const auto existing = sites();
  if (!existing) return existing.error();
  if (existing->size() >= kMaxSites) {
    return Error{Errc::conflict, "there are at most " + std::to_string(kMaxSites) + " sites"};
  }
  domain::Site record;
  record.site_id = id;
  stamp(record.stamps, 0, clock_.wall());
  return put_record(store_, store::kNode, store::Table::site, id.str(), std::move(record), {}, 0);
}

Result<void> Gateways::erase_site(const domain::SiteId& id) {
  const auto stored = site(id);
  if (!stored) return stored.error();
  if (!*stored) return Error{Errc::not_found, "there is no site " + id.str()};
  const auto gateways = all();
  if (!gateways) return gateways.error();
  for (const Versioned<domain::Gateway>& gateway : *gateways) {
    if (gateway.record.site == id && gateway.record.status != domain::GatewayStatus::removed) {
      return Error{Errc::conflict,
                   "gateway " + gateway.record.name + " stands at site " + id.str()};
    }
  }
  const auto erased = commit_change(store_, store::kNode,
                                    erase_change(store::Table::site, id.str(), (*stored)->version));
  if (!erased) return erased.error();
  return {};
}

}  // namespace berth::coordinator
