#include "coordinator/fleet/broker_accounts.hpp"

#include <CppUTest/TestHarness.h>

#include "tests/support/coordinator_side.hpp"

using namespace berth;
using namespace berth::testing;
using coordinator::BrokerAccount;

TEST_GROUP(BrokerAccounts) {
  FakeClock clock;
  CoordinatorSide coordinator{clock};
  domain::LinkedHub hub = coordinator.link_mosquitto("broker.example");

  domain::HubCredential credential() {
    return must(coordinator.catalog->hubs.credential(coordinator.tenant, hub.hub_id));
  }
  BrokerAccount account(const domain::HubCredential& of, const char* gateway) {
    return coordinator::broker_account(of, domain::GatewayId(gateway), *coordinator.crypto);
  }
  std::size_t count() {
    const auto accounts = must(coordinator::broker_accounts(
        coordinator.catalog->gateways, coordinator.tenant, credential(), *coordinator.crypto));
    LONGS_EQUAL(accounts.size(), must(coordinator.fleet.count_serving(coordinator.tenant)));
    return accounts.size();
  }
};

TEST(BrokerAccounts, AreNamedAfterLinkAndGateway) {
  const BrokerAccount one = account(credential(), "aa11");
  CHECK_TRUE(one.user_name == coordinator::broker_account_prefix(hub.hub_id) + "aa11");
  CHECK_TRUE(one.user_name.starts_with("berth-gateway-" + hub.hub_id.str().substr(0, 12)));
}

TEST(BrokerAccounts, NoPasswordTellsAnythingOfAnother) {
  auto other = credential();
  other.gateway_secret = coordinator.entropy.secret(32);
  const BrokerAccount one = account(credential(), "aa11");
  const BrokerAccount two = account(credential(), "aa12");
  const BrokerAccount renewed = account(other, "aa11");
  LONGS_EQUAL(64, one.password.size());
  CHECK_FALSE(one.password == two.password);
  CHECK_FALSE(one.password == renewed.password);
  CHECK_FALSE(one.fingerprint == renewed.fingerprint);
  CHECK_TRUE(account(credential(), "aa11").password == one.password);
  CHECK_FALSE(as_text(one.password.reveal()).starts_with(one.fingerprint));
}

TEST(BrokerAccounts, AreThoseOfGatewaysThatServeTheTenant) {
  LONGS_EQUAL(0, count());
  const auto one = coordinator.create_gateway("hall-1", "ulm").gateway.record.gateway_id;
  const auto two = coordinator.create_gateway("hall-2", "ulm").gateway.record.gateway_id;
  LONGS_EQUAL(2, count());
  must(coordinator.fleet.disable(one));
  LONGS_EQUAL(1, count());
  must(coordinator.fleet.enable(one));
  must(coordinator.fleet.remove(two));
  LONGS_EQUAL(1, count());
}
