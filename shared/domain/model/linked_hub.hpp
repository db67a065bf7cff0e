// A place that devices are assigned to (service API 4.2). What gateways get to know is LinkedHub;
// the policy key that writes to the hub's registry is HubCredential and stays at the coordinator.
#pragma once

#include <cstdint>
#include <string>

#include "shared/base/bytes.hpp"
#include "shared/base/secret_bytes.hpp"
#include "shared/base/timestamp.hpp"
#include "shared/domain/model/ids.hpp"
#include "shared/domain/model/stamps.hpp"

namespace berth::domain {

inline constexpr std::uint32_t kMinAllocationWeight = 1;
inline constexpr std::uint32_t kMaxAllocationWeight = 1000;

enum class HubKind : std::uint8_t { azure_iot_hub, mosquitto };
// Who writes to the hub: the gateway that registers the device, or the coordinator for it.
enum class HubApply : std::uint8_t { gateway, coordinator };

struct LinkedHub {
  HubId hub_id;  // immutable; what allocation hashes
  HubKind kind = HubKind::azure_iot_hub;
  std::string host_name;     // what devices are told, and what enrollments name
  std::string registry_url;  // https://host[:port], where identities are written
  std::string location;      // free text, for people
  std::uint32_t allocation_weight = kMinAllocationWeight;
  bool apply_allocation_policy = true;  // false: linked, but receives no devices
  std::string probe_host;               // where latency is measured; empty: registry_url's host
  std::uint16_t probe_port = 0;         // 0: registry_url's port
  HubApply apply = HubApply::gateway;
  Bytes trusted_ca;  // DER of the CA that the registry's certificate must chain to;
                     // empty: the machine's CA bundle
  Stamps stamps;
};

// A shared access policy of the hub.
struct HubCredential {
  HubId hub_id;
  std::string policy_name;
  SecretBytes policy_key;
};

// What a gateway gets instead: a SAS token, good until `expiry`.
struct HubToken {
  HubId hub_id;
  SecretBytes authorization;  // the value of the Authorization header
  WallTime expiry{};
};

}  // namespace berth::domain
