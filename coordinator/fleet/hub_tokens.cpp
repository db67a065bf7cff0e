#include "coordinator/fleet/hub_tokens.hpp"

#include <utility>

#include "shared/protocol/sas_token.hpp"

namespace berth::coordinator {

Result<std::vector<domain::HubToken>> mint_hub_tokens(const LinkedHubs& hubs,
                                                      const domain::IdScope& tenant,
                                                      WallTime expiry, ports::Crypto& crypto) {
  auto all = hubs.all(tenant);
  if (!all) return all.error();
  std::vector<domain::HubToken> tokens;
  for (const auto& [hub, version] : *all) {
    if (hub.apply != domain::HubApply::gateway || hub.kind != domain::HubKind::azure_iot_hub) {
      continue;
    }
    auto credential = hubs.credential(tenant, hub.hub_id);
    if (!credential) {
      if (credential.error().code == Errc::not_found) continue;
      return credential.error();
    }
    const std::string text =
        protocol::make_sas_token(hub.host_name, credential->policy_key, unix_seconds(expiry),
                                 credential->policy_name, crypto);
    domain::HubToken token;
    token.hub_id = hub.hub_id;
    token.authorization = SecretBytes::copy_of(as_bytes(text));
    token.expiry = expiry;
    tokens.push_back(std::move(token));
  }
  return tokens;
}

}  // namespace berth::coordinator
