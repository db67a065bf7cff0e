// Brings the gateways' clients in a Mosquitto to what they shall be (broker_accounts.hpp): makes
// what is missing, deletes what is left of gateways that are gone, changes passwords after the
// link's secret was renewed. Sans-I/O: driven as hub operations are. It looks before it writes, and
// may be repeated whenever there is doubt.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "coordinator/fleet/broker_accounts.hpp"
#include "shared/protocol/hub/connector.hpp"

namespace berth::coordinator {

// Clients that one broker may hold before its gateways' clients are no longer looked for.
inline constexpr std::size_t kMaxBrokerClients = 200'000;

// `prefix`: broker_account_prefix() of the link. `marker`: hub::ownership_marker(). Errors of the
// outcome as of hub::HubOperation.
[[nodiscard]] std::unique_ptr<hub::HubOperation> broker_upkeep(std::string prefix,
                                                               std::string marker,
                                                               std::vector<BrokerAccount> wanted);

}  // namespace berth::coordinator
