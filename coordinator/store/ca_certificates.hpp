// CA certificates that admins uploaded, and who refers to them (service API 4.3).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/store/quotas.hpp"
#include "coordinator/store/versioned.hpp"
#include "shared/base/result.hpp"
#include "shared/domain/model/ca_certificate.hpp"
#include "shared/ports/clock.hpp"
#include "shared/ports/crypto.hpp"
#include "shared/store/record_store.hpp"

namespace berth::coordinator {

// 1 to 256 of letters, digits and "-._" (service API 1.5 gives the length, Azure's portal the
// characters). Errc::invalid otherwise.
[[nodiscard]] Result<void> check_ca_certificate_name(std::string_view name);

class CaCertificates {
 public:
  CaCertificates(store::RecordStore& store, ports::Crypto& crypto, ports::Clock& clock,
                 const Quotas& quotas)
      : store_(store), crypto_(crypto), clock_(clock), quotas_(quotas) {}

  [[nodiscard]] Result<std::vector<Versioned<domain::CaCertificate>>> all(
      const domain::IdScope& tenant) const;
  // Names are compared without regard to case.
  [[nodiscard]] Result<std::optional<Versioned<domain::CaCertificate>>> find(
      const domain::IdScope& tenant, std::string_view name) const;

  // As Enrollments::put. A certificate is held under one name only (Errc::conflict); past the quota
  // Errc::forbidden.
  [[nodiscard]] Result<Versioned<domain::CaCertificate>> put(const domain::IdScope& tenant,
                                                             domain::CaCertificate certificate,
                                                             std::uint64_t expected_version);
  // Errc::conflict while an enrollment refers to it; the reason names one.
  [[nodiscard]] Result<void> erase(const domain::IdScope& tenant, std::string_view name,
                                   std::uint64_t expected_version);

 private:
  [[nodiscard]] Result<void> check_room_and_uniqueness(const domain::IdScope& tenant,
                                                       const domain::CaCertificate& certificate,
                                                       bool is_new) const;

  store::RecordStore& store_;
  ports::Crypto& crypto_;
  ports::Clock& clock_;
  Quotas quotas_;
};

}  // namespace berth::coordinator
