#include "coordinator/store/linked_hubs.hpp"

#include <utility>

#include "coordinator/store/record_writes.hpp"
#include "coordinator/store/typed_records.hpp"
#include "shared/base/encoding.hpp"

namespace berth::coordinator {

Result<std::vector<Versioned<domain::LinkedHub>>> LinkedHubs::all(
    const domain::IdScope& tenant) const {
  return read_all<domain::LinkedHub>(store_, tenant, store::Table::linked_hub);
}

Result<std::optional<Versioned<domain::LinkedHub>>> LinkedHubs::find(
    const domain::IdScope& tenant, const domain::HubId& id) const {
  return read_record<domain::LinkedHub>(store_, tenant, store::Table::linked_hub, id.str());
}

Result<std::optional<Versioned<domain::LinkedHub>>> LinkedHubs::find_by_host_name(
    const domain::IdScope& tenant, std::string_view host_name) const {
  auto hubs = all(tenant);
  if (!hubs) return hubs.error();
  for (Versioned<domain::LinkedHub>& hub : *hubs) {
    if (equals_ignoring_case(hub.record.host_name, host_name)) {
      return std::optional<Versioned<domain::LinkedHub>>(std::move(hub));
    }
  }
  return std::optional<Versioned<domain::LinkedHub>>{};
}

Result<domain::HubCredential> LinkedHubs::credential(const domain::IdScope& tenant,
                                                     const domain::HubId& id) const {
  auto found =
      read_record<domain::HubCredential>(store_, tenant, store::Table::hub_credential, id.str());
  if (!found) return found.error();
  if (!*found) return Error{Errc::not_found, "the linked hub has no credential"};
  return std::move((*found)->record);
}

Result<Versioned<domain::LinkedHub>> LinkedHubs::put(
    const domain::IdScope& tenant, domain::LinkedHub hub,
    const std::optional<domain::HubCredential>& credential, std::uint64_t expected_version) {
  const auto hubs = all(tenant);
  if (!hubs) return hubs.error();
  for (const Versioned<domain::LinkedHub>& other : *hubs) {
    if (other.record.hub_id != hub.hub_id &&
        equals_ignoring_case(other.record.host_name, hub.host_name)) {
      return Error{Errc::already_exists, "a hub named " + hub.host_name + " is linked already"};
    }
  }
  if (expected_version == 0 && hubs->size() >= quotas_.linked_hubs) {
    return Error{Errc::forbidden,
                 "a tenant has at most " + std::to_string(quotas_.linked_hubs) + " linked hubs"};
  }
  stamp(hub.stamps, expected_version, clock_.wall());
  std::vector<store::Change> changes;
  changes.push_back(
      put_change(store::Table::linked_hub, hub.hub_id.str(), sync::encode(hub), expected_version));
  if (credential) {
    store::Change change;
    change.table = store::Table::hub_credential;
    change.id = hub.hub_id.str();
    change.body = sync::encode(*credential);
    changes.push_back(std::move(change));
  }
  const auto version = commit_changes(store_, tenant, std::move(changes));
  if (!version) return version.error();
  return Versioned<domain::LinkedHub>{std::move(hub), *version};
}

Result<void> LinkedHubs::erase(const domain::IdScope& tenant, const domain::HubId& id,
                               std::uint64_t expected_version) {
  std::vector<store::Change> changes;
  changes.push_back(erase_change(store::Table::linked_hub, id.str(), expected_version));
  const auto stored = store_.read(tenant, store::Table::hub_credential, id.str());
  if (!stored) return stored.error();
  if (*stored) {
    changes.push_back(erase_change(store::Table::hub_credential, id.str(), (*stored)->version));
  }
  const auto erased = commit_changes(store_, tenant, std::move(changes));
  if (!erased) return erased.error();
  return {};
}

}  // namespace berth::coordinator
