// One provisioning service instance, and the credentials that admins reach it with.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "shared/base/secret_bytes.hpp"
#include "shared/domain/model/enrollment.hpp"
#include "shared/domain/model/ids.hpp"
#include "shared/domain/model/stamps.hpp"

namespace berth::domain {

// The part of a tenant that gateways need.
struct TenantSettings {
  IdScope id_scope;
  std::string name;                     // 1 to 64 characters; chosen by people
  std::vector<std::string> host_names;  // the service API answers for this tenant under these
  AllocationPolicy allocation_policy = AllocationPolicy::hashed;  // never custom
  Stamps stamps;
};

// ARM's names (service API 1.10), as bits.
enum class AccessRight : std::uint8_t {
  service_config = 1,
  enrollment_read = 2,
  enrollment_write = 4,
  registration_status_read = 8,
  registration_status_write = 16,
  device_connect = 32,
};
using AccessRights = std::uint8_t;
inline constexpr AccessRights kAllAccessRights = 63;
constexpr bool allows(AccessRights rights, AccessRight right) {
  return (rights & static_cast<AccessRights>(right)) != 0;
}

struct AccessPolicy {
  std::string key_name;  // 1 to 256 of letters, digits and "_-@."
  SecretBytes primary_key;
  SecretBytes secondary_key;
  AccessRights rights = 0;
  Stamps stamps;
};

// The reserved key name that creates tenants, sites and gateways (design section 5).
inline constexpr const char* kOperatorKeyName = "operator";

}  // namespace berth::domain
