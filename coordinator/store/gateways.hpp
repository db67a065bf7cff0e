// Gateways and the sites they stand at.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/store/versioned.hpp"
#include "shared/base/result.hpp"
#include "shared/domain/model/gateway.hpp"
#include "shared/ports/clock.hpp"
#include "shared/store/record_store.hpp"

namespace berth::coordinator {

inline constexpr std::size_t kMaxGateways = 10000;
inline constexpr std::size_t kMaxSites = 10000;

// 1 to 64 of a-z, A-Z, 0-9, '-', '_', '.'; Errc::invalid otherwise. For sites and gateways.
[[nodiscard]] Result<void> check_name(std::string_view what, std::string_view name);

class Gateways {
 public:
  Gateways(store::RecordStore& store, ports::Clock& clock) : store_(store), clock_(clock) {}

  [[nodiscard]] Result<std::vector<Versioned<domain::Gateway>>> all() const;
  [[nodiscard]] Result<std::optional<Versioned<domain::Gateway>>> find(
      const domain::GatewayId& id) const;
  // Names are compared without regard to case; removed gateways have given theirs back.
  [[nodiscard]] Result<std::optional<Versioned<domain::Gateway>>> find_by_name(
      std::string_view name) const;

  // As Enrollments::put. A name is held once (Errc::already_exists); the site must exist
  // (Errc::invalid); at most kMaxGateways (Errc::conflict).
  [[nodiscard]] Result<Versioned<domain::Gateway>> put(domain::Gateway gateway,
                                                       std::uint64_t expected_version);

  [[nodiscard]] Result<std::vector<Versioned<domain::Site>>> sites() const;
  [[nodiscard]] Result<std::optional<Versioned<domain::Site>>> site(const domain::SiteId& id) const;
  // Errc::already_exists; at most kMaxSites (Errc::conflict).
  [[nodiscard]] Result<Versioned<domain::Site>> create_site(const domain::SiteId& id);
  // Errc::conflict while a gateway that was not removed stands there.
  [[nodiscard]] Result<void> erase_site(const domain::SiteId& id);

 private:
  store::RecordStore& store_;
  ports::Clock& clock_;
};

}  // namespace berth::coordinator
