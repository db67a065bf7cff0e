// The core's view of the records in the gateway's store. One per shard, used on its thread only:
// what every registration reads (hubs, settings, symmetric groups) is kept decoded until the next
// change from the coordinator; everything else is read by its blind key.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/core/cache/known_absent.hpp"
#include "gateway/core/ports/cache.hpp"
#include "shared/ports/crypto.hpp"
#include "shared/store/record_store.hpp"

namespace berth::gateway {

class RecordCache final : public Cache {
 public:
  // `generation` grows whenever records from the coordinator were written. All outlive the cache.
  RecordCache(const store::RecordStore& store, ports::Crypto& crypto,
              const std::atomic<std::uint64_t>& generation, const KnownAbsent& known_absent)
      : reader_(store), crypto_(crypto), generation_(generation), known_absent_(known_absent) {}

  [[nodiscard]] std::optional<domain::IdScope> tenant(std::string_view id_scope) const override;
  [[nodiscard]] std::unique_ptr<domain::EnrollmentLookup> enrollments(
      const domain::IdScope& tenant) const override;
  [[nodiscard]] Result<std::vector<domain::LinkedHub>> hubs(
      const domain::IdScope& tenant) const override;
  [[nodiscard]] Result<domain::TenantSettings> settings(
      const domain::IdScope& tenant) const override;
  [[nodiscard]] Result<KnownRegistration> registration(
      const domain::IdScope& tenant, const domain::RegistrationId& id) const override;

 private:
  class Lookup;
  struct Kept {
    std::optional<std::vector<domain::GroupKeys>> symmetric_groups;
    std::optional<std::vector<domain::LinkedHub>> hubs;
    std::optional<domain::TenantSettings> settings;
  };
  // Drops what was kept of an earlier generation.
  void keep_up() const;
  // What is kept for the tenant at the present generation.
  Kept& kept(const domain::IdScope& tenant) const;

  const store::RecordStore& reader_;
  ports::Crypto& crypto_;
  const std::atomic<std::uint64_t>& generation_;
  const KnownAbsent& known_absent_;
  mutable std::optional<std::uint64_t> kept_generation_;
  mutable std::map<std::string, domain::IdScope> tenants_;  // by lower-case ID scope
  mutable std::map<domain::IdScope, Kept> kept_;
};

}  // namespace berth::gateway
