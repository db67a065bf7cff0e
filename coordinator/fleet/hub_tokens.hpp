// What a gateway gets to write to linked hubs with (design section 4): for an Azure IoT Hub a SAS
// token that the coordinator mints from the hub's policy key, which never leaves it; for a
// Mosquitto the login of the gateway's own client (broker_accounts.hpp). And how much of it: a
// hub's limit is shared evenly by the gateways that write to it.
#pragma once

#include <cstddef>
#include <vector>

#include "coordinator/store/linked_hubs.hpp"
#include "shared/base/result.hpp"
#include "shared/base/timestamp.hpp"
#include "shared/domain/model/ids.hpp"
#include "shared/domain/model/linked_hub.hpp"
#include "shared/ports/crypto.hpp"

namespace berth::coordinator {

// Whom tokens are for.
struct TokenHolder {
  domain::GatewayId gateway;
  std::size_t gateways = 1;  // that share the tenant's hubs, this one among them
};

// One for each hub of the tenant that gateways write to themselves, good until `expiry`, which is
// the permit's. A hub without a credential has none.
[[nodiscard]] Result<std::vector<domain::HubToken>> mint_hub_tokens(const LinkedHubs& hubs,
                                                                    const domain::IdScope& tenant,
                                                                    const TokenHolder& holder,
                                                                    WallTime expiry,
                                                                    ports::Crypto& crypto);

}  // namespace berth::coordinator
