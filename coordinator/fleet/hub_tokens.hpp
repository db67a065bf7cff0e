// What a gateway gets to write to linked hubs with (design section 4): for an Azure IoT Hub a SAS
// token that the coordinator mints from the hub's policy key, which never leaves it.
#pragma once

#include <vector>

#include "coordinator/store/linked_hubs.hpp"
#include "shared/base/result.hpp"
#include "shared/base/timestamp.hpp"
#include "shared/domain/model/ids.hpp"
#include "shared/domain/model/linked_hub.hpp"
#include "shared/ports/crypto.hpp"

namespace berth::coordinator {

// One for each hub of the tenant that gateways write to themselves, good until `expiry`, which is
// the permit's. A hub without a credential has none.
[[nodiscard]] Result<std::vector<domain::HubToken>> mint_hub_tokens(const LinkedHubs& hubs,
                                                                    const domain::IdScope& tenant,
                                                                    WallTime expiry,
                                                                    ports::Crypto& crypto);

}  // namespace berth::coordinator
