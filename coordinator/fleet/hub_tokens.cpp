#include "coordinator/fleet/hub_tokens.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "coordinator/fleet/broker_accounts.hpp"
#include "shared/protocol/sas_token.hpp"

namespace berth::coordinator {

namespace {

SecretBytes sas_token(const domain::LinkedHub& hub, const domain::HubCredential& credential,
                      WallTime expiry, ports::Crypto& crypto) {
  const std::string text = protocol::make_sas_token(
      hub.host_name, credential.policy_key, unix_seconds(expiry), credential.policy_name, crypto);
  return SecretBytes::copy_of(as_bytes(text));
}

std::uint32_t share_of(std::uint32_t limit, std::size_t gateways) {
  if (limit == 0) return 0;
  const auto many = static_cast<std::uint32_t>(std::max<std::size_t>(gateways, 1));
  return std::max<std::uint32_t>(limit / many, 1);
}

}  // namespace

Result<std::vector<domain::HubToken>> mint_hub_tokens(const LinkedHubs& hubs,
                                                      const domain::IdScope& tenant,
                                                      const TokenHolder& holder, WallTime expiry,
                                                      ports::Crypto& crypto) {
  auto all = hubs.all(tenant);
  if (!all) return all.error();
  std::vector<domain::HubToken> tokens;
  for (const auto& [hub, version] : *all) {
    if (hub.apply != domain::HubApply::gateway) continue;
    auto credential = hubs.credential(tenant, hub.hub_id);
    if (!credential) {
      if (credential.error().code == Errc::not_found) continue;
      return credential.error();
    }
    domain::HubToken token;
    token.hub_id = hub.hub_id;
    token.expiry = expiry;
    token.requests_per_minute = share_of(hub.requests_per_minute, holder.gateways);
    switch (hub.kind) {
      case domain::HubKind::azure_iot_hub:
        token.authorization = sas_token(hub, *credential, expiry, crypto);
        break;
      case domain::HubKind::mosquitto: {
        BrokerAccount account = broker_account(*credential, holder.gateway, crypto);
        token.user_name = std::move(account.user_name);
        token.authorization = std::move(account.password);
        break;
      }
    }
    tokens.push_back(std::move(token));
  }
  return tokens;
}

}  // namespace berth::coordinator
