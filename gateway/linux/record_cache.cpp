#include "gateway/linux/record_cache.hpp"

#include <utility>

#include "shared/base/encoding.hpp"
#include "shared/protocol/sync/record_codec.hpp"
#include "shared/protocol/sync/record_lookup.hpp"

namespace berth::gateway {
namespace {

template <class T>
Result<std::optional<domain::Versioned<T>>> read_record(const store::Reader& reader,
                                                        const domain::IdScope& tenant,
                                                        store::Table table, const std::string& id) {
  auto record = reader.read(tenant, table, id);
  if (!record) return record.error();
  if (!record->has_value()) return std::optional<domain::Versioned<T>>();
  auto decoded = sync::decode<T>((*record)->body);
  if (!decoded) return decoded.error();
  return std::optional<domain::Versioned<T>>({std::move(*decoded), (*record)->version});
}

}  // namespace

void RecordCache::keep_up() const {
  const std::uint64_t now = generation_.load(std::memory_order_acquire);
  if (kept_generation_ == now) return;
  // Also if the tenants can't be read: what was kept may hold what was taken back since.
  kept_.clear();
  const auto tenants = reader_.tenants();
  if (!tenants) return;
  kept_generation_ = now;
  tenants_.clear();
  for (const domain::IdScope& tenant : *tenants) {
    if (tenant != store::kNode) tenants_.emplace(to_lower(tenant.str()), tenant);
  }
}

RecordCache::Kept& RecordCache::kept(const domain::IdScope& tenant) const {
  keep_up();
  return kept_[tenant];
}

std::optional<domain::IdScope> RecordCache::tenant(std::string_view id_scope) const {
  keep_up();
  const auto found = tenants_.find(to_lower(id_scope));
  if (found == tenants_.end()) return std::nullopt;
  return found->second;
}

// One tenant's enrollments; the keys of its symmetric groups, which every registration may try, are
// kept.
class RecordCache::Lookup final : public sync::RecordLookup {
 public:
  Lookup(const store::Reader& reader, ports::Crypto& crypto, const domain::IdScope& tenant,
         Kept& kept)
      : RecordLookup(reader, crypto, tenant), kept_(kept) {}

  Result<std::vector<domain::GroupKeys>> symmetric_groups() override {
    if (!kept_.symmetric_groups) {
      auto groups = RecordLookup::symmetric_groups();
      if (!groups) return groups.error();
      kept_.symmetric_groups = std::move(*groups);
    }
    return *kept_.symmetric_groups;
  }

 private:
  Kept& kept_;
};

std::unique_ptr<domain::EnrollmentLookup> RecordCache::enrollments(
    const domain::IdScope& tenant) const {
  return std::make_unique<Lookup>(reader_, crypto_, tenant, kept(tenant));
}

Result<std::vector<domain::LinkedHub>> RecordCache::hubs(const domain::IdScope& tenant) const {
  auto& hubs = kept(tenant).hubs;
  if (!hubs) {
    std::vector<domain::LinkedHub> read;
    std::string continuation;
    do {
      const auto page =
          reader_.list(tenant, store::Table::linked_hub, continuation, store::kMaxPage);
      if (!page) return page.error();
      for (const store::Record& record : page->records) {
        auto hub = sync::decode<domain::LinkedHub>(record.body);
        if (!hub) return hub.error();
        read.push_back(std::move(*hub));
      }
      continuation = page->continuation;
    } while (!continuation.empty());
    hubs = std::move(read);
  }
  return *hubs;
}

Result<domain::TenantSettings> RecordCache::settings(const domain::IdScope& tenant) const {
  auto& settings = kept(tenant).settings;
  if (!settings) {
    auto read = read_record<domain::TenantSettings>(reader_, tenant, store::Table::tenant_settings,
                                                    "settings");
    if (!read) return read.error();
    if (!read->has_value()) {
      return Error{Errc::unavailable, "the tenant's settings were not received yet"};
    }
    settings = std::move((*read)->record);
  }
  return *settings;
}

Result<KnownRegistration> RecordCache::registration(const domain::IdScope& tenant,
                                                    const domain::RegistrationId& id) const {
  auto record =
      read_record<domain::Registration>(reader_, tenant, store::Table::registration, id.folded());
  if (!record) return record.error();
  KnownRegistration known;
  known.registration = std::move(*record);
  // Every registration held here was reported by this gateway or asked for.
  known.current = known.registration.has_value() || known_absent_.contains(tenant, id);
  return known;
}

}  // namespace berth::gateway
