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
  std::string registry_url;  // where identities are written: https://host[:port], and
                             // mqtts://host[:port] of a Mosquitto
  std::string location;      // free text, for people
  std::uint32_t allocation_weight = kMinAllocationWeight;
  bool apply_allocation_policy = true;  // false: linked, but receives no devices
  std::string probe_host;               // where latency is measured; empty: registry_url's host
  std::uint16_t probe_port = 0;         // 0: registry_url's port
  HubApply apply = HubApply::gateway;
  Bytes trusted_ca;  // DER of the CA that the registry's certificate must chain to;
                     // empty: the machine's CA bundle
  // Requests to its registry that the hub takes in a minute, from all gateways together; 0: as many
  // as it likes.
  std::uint32_t requests_per_minute = 0;
  Stamps stamps;
};

// A shared access policy of the hub; of a Mosquitto, the administrator's user name and password.
struct HubCredential {
  HubId hub_id;
  std::string policy_name;
  SecretBytes policy_key;
  // Mosquitto: random, made with the link. The passwords of the gateways' own clients are derived
  // from it, so that none tells anything of another, or of the administrator's.
  SecretBytes gateway_secret{};
};

// What a gateway gets instead, good until `expiry`.
struct HubToken {
  HubId hub_id;
  SecretBytes authorization;  // the value of the Authorization header; Mosquitto: a password
  WallTime expiry{};
  std::string user_name{};  // Mosquitto: of the gateway's own client
  // This gateway's share of LinkedHub::requests_per_minute; 0: no limit.
  std::uint32_t requests_per_minute = 0;
};

}  // namespace berth::domain
