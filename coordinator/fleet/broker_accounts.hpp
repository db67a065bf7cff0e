// The dynamic-security clients through which gateways write to a Mosquitto (design section 4): one
// for each gateway and linked hub, made and deleted by the coordinator, whose administrator's
// password no gateway ever sees. Names and passwords are derived, so that nothing is stored for
// them and nothing must be said to anybody in time.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "coordinator/store/gateways.hpp"
#include "shared/base/result.hpp"
#include "shared/base/secret_bytes.hpp"
#include "shared/domain/model/ids.hpp"
#include "shared/domain/model/linked_hub.hpp"
#include "shared/ports/crypto.hpp"

namespace berth::coordinator {

// Length of HubCredential::gateway_secret.
inline constexpr std::size_t kGatewaySecretSize = 32;

struct BrokerAccount {
  std::string user_name;
  SecretBytes password;
  // Tells one secret from the next, and nothing of either.
  std::string fingerprint;
};

// What the names of all gateways' clients of this link begin with. Two links to one broker do not
// meet.
[[nodiscard]] std::string broker_account_prefix(const domain::HubId& hub);

[[nodiscard]] BrokerAccount broker_account(const domain::HubCredential& credential,
                                           const domain::GatewayId& gateway, ports::Crypto& crypto);

// Those of the gateways that serve the tenant or are about to: not of disabled or removed ones.
[[nodiscard]] Result<std::vector<BrokerAccount>> broker_accounts(
    const Gateways& gateways, const domain::IdScope& tenant,
    const domain::HubCredential& credential, ports::Crypto& crypto);

// How many gateways serve the tenant or are about to.
[[nodiscard]] Result<std::size_t> count_gateways_of(const Gateways& gateways,
                                                    const domain::IdScope& tenant);

}  // namespace berth::coordinator
