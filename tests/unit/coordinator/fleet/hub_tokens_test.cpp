#include "coordinator/fleet/hub_tokens.hpp"

#include <CppUTest/TestHarness.h>

#include "coordinator/fleet/broker_accounts.hpp"
#include "shared/protocol/sas_token.hpp"
#include "tests/support/coordinator_side.hpp"

using namespace berth;
using namespace berth::testing;

TEST_GROUP(HubTokens) {
  FakeClock clock;
  CoordinatorSide coordinator{clock};
  domain::Gateway gateway = coordinator.create_gateway("hall-3", "ulm").gateway.record;
  WallTime expiry = clock.wall() + std::chrono::days{7};

  std::vector<domain::HubToken> mint(std::size_t gateways = 1) {
    return must(coordinator::mint_hub_tokens(coordinator.catalog->hubs, coordinator.tenant,
                                             {gateway.gateway_id, gateways}, expiry,
                                             *coordinator.crypto));
  }
  domain::HubCredential credential_of(const domain::LinkedHub& hub) {
    return must(coordinator.catalog->hubs.credential(coordinator.tenant, hub.hub_id));
  }
  void limit(domain::LinkedHub hub, std::uint32_t requests_per_minute) {
    hub.requests_per_minute = requests_per_minute;
    must(coordinator.catalog->hubs.put(coordinator.tenant, hub, std::nullopt, 1));
  }
};

TEST(HubTokens, AreSignedWithThePolicyKeyOfTheHubsThatGatewaysWriteTo) {
  const auto hub = coordinator.link_hub("hub-a.example");
  auto other = coordinator.link_hub("hub-b.example");
  other.apply = domain::HubApply::coordinator;
  must(coordinator.catalog->hubs.put(coordinator.tenant, other, std::nullopt, 1));
  const auto tokens = mint();
  LONGS_EQUAL(1, tokens.size());
  CHECK_TRUE(tokens[0].hub_id == hub.hub_id);
  CHECK_TRUE(tokens[0].expiry == expiry);
  CHECK_TRUE(tokens[0].user_name.empty());
  const auto parsed = must(protocol::parse_sas_token(as_text(tokens[0].authorization.reveal())));
  STRCMP_EQUAL("hub-a.example", must(protocol::decoded_resource(parsed)).c_str());
  CHECK_TRUE(protocol::signature_fits(parsed, credential_of(hub).policy_key, *coordinator.crypto));
}

TEST(HubTokens, OfAMosquittoAreTheLoginOfTheGatewaysOwnClient) {
  const auto hub = coordinator.link_mosquitto("broker.example");
  const auto tokens = mint();
  LONGS_EQUAL(1, tokens.size());
  const auto account =
      coordinator::broker_account(credential_of(hub), gateway.gateway_id, *coordinator.crypto);
  CHECK_TRUE(tokens[0].user_name == account.user_name);
  CHECK_TRUE(tokens[0].authorization == account.password);
  CHECK_TRUE(tokens[0].expiry == expiry);
}

TEST(HubTokens, ShareTheHubsLimitAmongItsGateways) {
  limit(coordinator.link_hub("hub-a.example"), 100);
  LONGS_EQUAL(100, mint(1).front().requests_per_minute);
  LONGS_EQUAL(33, mint(3).front().requests_per_minute);
  LONGS_EQUAL(1, mint(1000).front().requests_per_minute);
}

TEST(HubTokens, WithoutALimitThereIsNothingToShare) {
  coordinator.link_hub("hub-a.example");
  LONGS_EQUAL(0, mint(3).front().requests_per_minute);
}
