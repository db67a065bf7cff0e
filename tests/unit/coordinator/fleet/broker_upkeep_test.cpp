#include "coordinator/fleet/broker_upkeep.hpp"

#include <string>
#include <vector>

#include <CppUTest/TestHarness.h>

#include "tests/support/fake_broker.hpp"

using namespace berth;
using namespace berth::hub;
using berth::testing::FakeBroker;
using coordinator::BrokerAccount;

namespace {

constexpr const char* kPrefix = "berth-gateway-001122334455-";
constexpr const char* kMarker = "berth:c0ffee";
constexpr int kMostExchanges = 1000;

BrokerAccount account(const std::string& gateway, const std::string& password) {
  return {kPrefix + gateway, SecretBytes::copy_of(as_bytes(password)),
          "fingerprint of " + password};
}

}  // namespace

TEST_GROUP(BrokerUpkeep) {
  FakeBroker broker;

  Result<HubOutcome> keep(std::vector<BrokerAccount> wanted) {
    auto upkeep = coordinator::broker_upkeep(kPrefix, kMarker, std::move(wanted));
    for (int i = 0; i < kMostExchanges; ++i) {
      const auto request = std::get<dynsec::Request>(upkeep->next());
      CHECK_TRUE(request.commands.size() <= dynsec::kMaxCommands);
      if (auto end = upkeep->receive(broker.answer(request))) return *end;
    }
    FAIL("the upkeep does not end");
    return Error{};
  }
  void stranger(const std::string& name) {
    broker.clients[name].shown.user_name = name;
    broker.clients[name].shown.text_name = "by hand";
  }
};

TEST(BrokerUpkeep, MakesAClientForEachGateway) {
  CHECK_TRUE(keep({account("a", "one"), account("b", "two")}).has_value());
  LONGS_EQUAL(2, broker.clients.size());
  const FakeBroker::Client& client = broker.clients.at(std::string(kPrefix) + "a");
  STRCMP_EQUAL("one", client.password.c_str());
  STRCMP_EQUAL(kMarker, client.shown.text_name.c_str());
  STRCMP_EQUAL("berth-gateway", client.shown.roles.front().role.c_str());
  CHECK_TRUE(client.shown.client_id.empty());
}

TEST(BrokerUpkeep, GatewaysMayAdministerDevicesAndWriteTheirTwins) {
  CHECK_TRUE(keep({}).has_value());
  for (const dynsec::Acl& acl : broker.roles.at("berth-gateway").acls) {
    CHECK_TRUE(acl.allow);
    CHECK_TRUE(acl.topic == "$CONTROL/dynamic-security/#" || acl.topic == "devices/+/twin/desired");
  }
}

TEST(BrokerUpkeep, ChangesNothingWhereAllIsAsItShallBe) {
  CHECK_TRUE(keep({account("a", "one")}).has_value());
  const std::size_t changes = broker.changes;
  CHECK_TRUE(keep({account("a", "one")}).has_value());
  LONGS_EQUAL(changes, broker.changes);
}

TEST(BrokerUpkeep, DeletesTheClientsOfGatewaysThatAreGone) {
  CHECK_TRUE(keep({account("a", "one"), account("b", "two")}).has_value());
  CHECK_TRUE(keep({account("b", "two")}).has_value());
  LONGS_EQUAL(1, broker.clients.size());
  CHECK_TRUE(broker.clients.contains(std::string(kPrefix) + "b"));
}

TEST(BrokerUpkeep, LeavesOtherClientsAlone) {
  stranger("admin");
  stranger("berth-gateway-ffffffffffff-a");
  CHECK_TRUE(keep({account("a", "one")}).has_value());
  LONGS_EQUAL(3, broker.clients.size());
}

TEST(BrokerUpkeep, GivesANewPasswordAfterTheLinksSecretWasRenewed) {
  CHECK_TRUE(keep({account("a", "one")}).has_value());
  CHECK_TRUE(keep({account("a", "two")}).has_value());
  STRCMP_EQUAL("two", broker.clients.at(std::string(kPrefix) + "a").password.c_str());
}

TEST(BrokerUpkeep, LetsAGatewayInThatSomebodyShutOut) {
  CHECK_TRUE(keep({account("a", "one")}).has_value());
  broker.clients.at(std::string(kPrefix) + "a").shown.disabled = true;
  CHECK_TRUE(keep({account("a", "one")}).has_value());
  CHECK_FALSE(broker.clients.at(std::string(kPrefix) + "a").shown.disabled);
}

TEST(BrokerUpkeep, NeverOverwritesWhatIsForeign) {
  stranger(std::string(kPrefix) + "a");
  CHECK_TRUE(keep({account("a", "one")}).error().code == Errc::hub_conflict);
  broker = FakeBroker{};
  broker.roles["berth-gateway"].name = "berth-gateway";
  CHECK_TRUE(keep({account("a", "one")}).error().code == Errc::hub_conflict);
  CHECK_TRUE(broker.clients.empty());
}

TEST(BrokerUpkeep, MendsTheRole) {
  broker.roles["berth-gateway"].name = "berth-gateway";
  broker.roles["berth-gateway"].text_name = kMarker;
  CHECK_TRUE(keep({}).has_value());
  LONGS_EQUAL(6, broker.roles.at("berth-gateway").acls.size());
}

TEST(BrokerUpkeep, FindsItsClientsAmongMany) {
  for (int i = 0; i < 1234; ++i) stranger("device-" + std::to_string(i));
  std::vector<BrokerAccount> wanted;
  for (int i = 0; i < 150; ++i) wanted.push_back(account(std::to_string(i), "one"));
  CHECK_TRUE(keep(wanted).has_value());
  LONGS_EQUAL(1234 + 150, broker.clients.size());
  wanted.resize(1);
  CHECK_TRUE(keep(wanted).has_value());
  LONGS_EQUAL(1234 + 1, broker.clients.size());
}

TEST(BrokerUpkeep, UnknownWordsOfTheBrokerAreTriedAgainLater) {
  auto upkeep = coordinator::broker_upkeep(kPrefix, kMarker, {});
  dynsec::Answer answer = broker.answer(std::get<dynsec::Request>(upkeep->next()));
  answer.replies.front().error = "Internal error";
  const auto end = upkeep->receive(answer);
  CHECK_TRUE(end && !*end && end->error().code == Errc::unavailable);
}
