// An on-premises node that attests and assigns, its site, and the coordinator's word on how long it
// may act alone (design section 4).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "shared/base/bytes.hpp"
#include "shared/base/timestamp.hpp"
#include "shared/domain/model/ids.hpp"
#include "shared/domain/model/stamps.hpp"

namespace berth::domain {

enum class GatewayStatus : std::uint8_t { joining, active, disabled, removed };

struct Gateway {
  GatewayId gateway_id;
  std::string name;  // 1 to 64 characters, unique
  SiteId site;
  std::vector<IdScope> tenants;  // whom it serves
  GatewayStatus status = GatewayStatus::joining;
  Bytes public_key;       // DER SubjectPublicKeyInfo, once joined
  Bytes join_token_hash;  // SHA-256 of the one-time secret; empty once it is void
  WallTime join_token_expiry{};
  bool join_token_reused = false;  // somebody presented a used token with another key: alarm
  bool join_token_used = false;    // public_key joined with the present token
  WallTime certificate_expiry{};
  WallTime last_contact{};
  Stamps stamps;
  // Grows when the site or the tenants change: a cursor of another scope version needs a snapshot.
  std::uint64_t scope_version = 1;
};

// A named place with gateways.
struct Site {
  SiteId site_id;
  Stamps stamps;
};

// How a gateway past its link treats a device that it knows.
enum class ReturningDeviceRule : std::uint8_t { serve, refuse };

// One per gateway and tenant; signed by the coordinator, so that it can be kept and shown. Renewed
// at every contact.
struct Permit {
  GatewayId gateway_id;
  IdScope id_scope;
  std::uint64_t serial = 0;  // grows with every renewal
  WallTime issued{};
  WallTime expiry{};  // past it no new device is accepted
  ReturningDeviceRule returning_after_expiry = ReturningDeviceRule::serve;
  std::uint64_t new_device_quota = 0;  // devices never seen before, while out of contact
  std::uint64_t scope_version = 0;
};

struct SignedPermit {
  Bytes body;       // the encoded Permit, exactly as signed
  Bytes signature;  // ECDSA P-256 with SHA-256, DER, by the coordinator's CA key
};

}  // namespace berth::domain
