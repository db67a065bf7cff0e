#include "coordinator/store/gateways.hpp"

#include <string>

#include <CppUTest/TestHarness.h>

#include "tests/unit/coordinator/store/catalog_fixture.hpp"

using namespace berth;

namespace {

domain::Gateway gateway(const std::string& id, const std::string& name) {
  domain::Gateway record;
  record.gateway_id = domain::GatewayId(id);
  record.name = name;
  record.site = domain::SiteId("plant-1");
  return record;
}

}  // namespace

TEST_GROUP(Gateways) {
  berth::testing::CatalogFixture fixture;
  coordinator::Gateways& gateways = fixture.catalog.gateways;

  void setup() override {
    CHECK(gateways.create_site(domain::SiteId("plant-1")).has_value());
  }
};

TEST(Gateways, HoldsANameOnceWhateverItsLetterCase) {
  CHECK(gateways.put(gateway("g1", "gw-1"), 0).has_value());
  CHECK(gateways.put(gateway("g2", "GW-1"), 0).error().code == Errc::already_exists);
  CHECK((*gateways.find_by_name("Gw-1"))->record.gateway_id == domain::GatewayId("g1"));
}

TEST(Gateways, GivesTheNameOfARemovedGatewayBack) {
  auto first = gateways.put(gateway("g1", "gw-1"), 0);
  first->record.status = domain::GatewayStatus::removed;
  CHECK(gateways.put(first->record, 1).has_value());
  CHECK(gateways.put(gateway("g2", "gw-1"), 0).has_value());
  CHECK((*gateways.find_by_name("gw-1"))->record.gateway_id == domain::GatewayId("g2"));
}

TEST(Gateways, RefusesASiteThatDoesNotExist) {
  domain::Gateway record = gateway("g1", "gw-1");
  record.site = domain::SiteId("nowhere");
  CHECK(gateways.put(record, 0).error().code == Errc::invalid);
}

TEST(Gateways, KeepsASiteWhereAGatewayStands) {
  auto first = gateways.put(gateway("g1", "gw-1"), 0);
  CHECK(gateways.erase_site(domain::SiteId("plant-1")).error().code == Errc::conflict);
  first->record.status = domain::GatewayStatus::removed;
  CHECK(gateways.put(first->record, 1).has_value());
  CHECK(gateways.erase_site(domain::SiteId("plant-1")).has_value());
  CHECK(gateways.erase_site(domain::SiteId("plant-1")).error().code == Errc::not_found);
}

TEST(Gateways, TakesTheLongestNameAndRefusesOneCharacterMore) {
  CHECK(coordinator::check_name("a name", std::string(64, 'a')).has_value());
  CHECK_FALSE(coordinator::check_name("a name", std::string(65, 'a')).has_value());
  CHECK_FALSE(coordinator::check_name("a name", "").has_value());
  CHECK_FALSE(coordinator::check_name("a name", "a/b").has_value());
}

TEST(Gateways, CreatesASiteOnce) {
  CHECK(gateways.create_site(domain::SiteId("plant-1")).error().code == Errc::already_exists);
  CHECK_EQUAL(1U, gateways.sites()->size());
}
