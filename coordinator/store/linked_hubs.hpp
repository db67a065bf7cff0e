// Linked hubs and the policy keys that write to them. A hub and its credential are written
// together.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/store/quotas.hpp"
#include "coordinator/store/versioned.hpp"
#include "shared/base/result.hpp"
#include "shared/domain/model/linked_hub.hpp"
#include "shared/ports/clock.hpp"
#include "shared/store/record_store.hpp"

namespace berth::coordinator {

class LinkedHubs {
 public:
  LinkedHubs(store::RecordStore& store, ports::Clock& clock, const Quotas& quotas)
      : store_(store), clock_(clock), quotas_(quotas) {}

  [[nodiscard]] Result<std::vector<Versioned<domain::LinkedHub>>> all(
      const domain::IdScope& tenant) const;
  [[nodiscard]] Result<std::optional<Versioned<domain::LinkedHub>>> find(
      const domain::IdScope& tenant, const domain::HubId& id) const;
  // Host names are compared without regard to case.
  [[nodiscard]] Result<std::optional<Versioned<domain::LinkedHub>>> find_by_host_name(
      const domain::IdScope& tenant, std::string_view host_name) const;
  // Errc::not_found if there is none.
  [[nodiscard]] Result<domain::HubCredential> credential(const domain::IdScope& tenant,
                                                         const domain::HubId& id) const;

  // As Enrollments::put. A host name is linked once per tenant (Errc::already_exists); past the
  // quota Errc::forbidden. Without a credential the stored one stays.
  [[nodiscard]] Result<Versioned<domain::LinkedHub>> put(
      const domain::IdScope& tenant, domain::LinkedHub hub,
      const std::optional<domain::HubCredential>& credential, std::uint64_t expected_version);
  [[nodiscard]] Result<void> erase(const domain::IdScope& tenant, const domain::HubId& id,
                                   std::uint64_t expected_version);

 private:
  store::RecordStore& store_;
  ports::Clock& clock_;
  Quotas quotas_;
};

}  // namespace berth::coordinator
