// Permits (design section 4): the coordinator's signed word on how long, and how, a gateway may act
// for a tenant without hearing from it.
#pragma once

#include <chrono>
#include <cstdint>

#include "coordinator/fleet/certificate_authority.hpp"
#include "shared/base/result.hpp"
#include "shared/domain/model/gateway.hpp"
#include "shared/ports/clock.hpp"
#include "shared/store/record_store.hpp"

namespace berth::coordinator {

// The record of serials, in Table::node of the node's own tenant.
inline constexpr const char* kPermitSerialsId = "permit-serials";

struct PermitSettings {
  std::chrono::seconds lifetime{std::chrono::days{7}};
  domain::ReturningDeviceRule returning_after_expiry = domain::ReturningDeviceRule::serve;
  // Devices never seen before that a gateway may accept while out of contact.
  std::uint64_t new_device_quota = 10'000;
};

class Permits {
 public:
  // All that is lent outlives this object.
  Permits(store::RecordStore& store, const CertificateAuthority& ca, ports::Clock& clock,
          PermitSettings settings)
      : store_(store), ca_(ca), clock_(clock), settings_(settings) {}

  struct Issued {
    domain::Permit permit;
    domain::SignedPermit signed_permit;
  };
  // Serials grow with every permit, also over restarts, restored back-ups and clocks set back.
  [[nodiscard]] Result<Issued> issue(const domain::Gateway& gateway, const domain::IdScope& tenant);

  [[nodiscard]] const PermitSettings& settings() const { return settings_; }

 private:
  [[nodiscard]] Result<std::uint64_t> next_serial();

  store::RecordStore& store_;
  const CertificateAuthority& ca_;
  ports::Clock& clock_;
  PermitSettings settings_;
  std::uint64_t last_serial_ = 0;
  std::uint64_t reserved_ = 0;
  bool restored_ = false;
};

}  // namespace berth::coordinator
