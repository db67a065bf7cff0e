#include "coordinator/fleet/broker_accounts.hpp"

#include <algorithm>
#include <string_view>

#include "shared/base/encoding.hpp"

namespace berth::coordinator {
namespace {

// Enough of a hub's ID, which is random, to tell links to one broker apart.
constexpr std::size_t kHubIdDigits = 12;
constexpr std::size_t kFingerprintDigits = 16;

constexpr std::string_view kPasswordPurpose = "berth broker password";
constexpr std::string_view kFingerprintPurpose = "berth broker fingerprint";

ports::Sha256Digest derive(const domain::HubCredential& credential, std::string_view purpose,
                           const domain::GatewayId& gateway, ports::Crypto& crypto) {
  const std::string what = std::string(purpose) + '\0' + gateway.str();
  return crypto.hmac_sha256(credential.gateway_secret.reveal(), as_bytes(what));
}

bool serves(const domain::Gateway& gateway, const domain::IdScope& tenant) {
  const bool is_there = gateway.status == domain::GatewayStatus::active ||
                        gateway.status == domain::GatewayStatus::joining;
  return is_there &&
         std::find(gateway.tenants.begin(), gateway.tenants.end(), tenant) != gateway.tenants.end();
}

}  // namespace

std::string broker_account_prefix(const domain::HubId& hub) {
  return "berth-gateway-" + hub.str().substr(0, kHubIdDigits) + "-";
}

BrokerAccount broker_account(const domain::HubCredential& credential,
                             const domain::GatewayId& gateway, ports::Crypto& crypto) {
  BrokerAccount account;
  account.user_name = broker_account_prefix(credential.hub_id) + gateway.str();
  ports::Sha256Digest password = derive(credential, kPasswordPurpose, gateway, crypto);
  account.password = SecretBytes::copy_of(as_bytes(to_hex(password)));
  wipe(password);
  account.fingerprint = to_hex(derive(credential, kFingerprintPurpose, gateway, crypto))
                            .substr(0, kFingerprintDigits);
  return account;
}

Result<std::vector<BrokerAccount>> broker_accounts(const Gateways& gateways,
                                                   const domain::IdScope& tenant,
                                                   const domain::HubCredential& credential,
                                                   ports::Crypto& crypto) {
  const auto all = gateways.all();
  if (!all) return all.error();
  std::vector<BrokerAccount> accounts;
  for (const auto& [gateway, version] : *all) {
    if (!serves(gateway, tenant)) continue;
    accounts.push_back(broker_account(credential, gateway.gateway_id, crypto));
  }
  return accounts;
}

Result<std::size_t> count_gateways_of(const Gateways& gateways, const domain::IdScope& tenant) {
  const auto all = gateways.all();
  if (!all) return all.error();
  std::size_t count = 0;
  for (const auto& [gateway, version] : *all) {
    if (serves(gateway, tenant)) ++count;
  }
  return count;
}

}  // namespace berth::coordinator
