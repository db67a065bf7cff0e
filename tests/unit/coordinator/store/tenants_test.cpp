#include "coordinator/store/tenants.hpp"

#include <chrono>
#include <string>

#include <CppUTest/TestHarness.h>

#include "tests/unit/coordinator/store/catalog_fixture.hpp"

using namespace berth;

namespace {

domain::TenantSettings named(const std::string& name, std::vector<std::string> host_names = {}) {
  domain::TenantSettings settings;
  settings.name = name;
  settings.host_names = std::move(host_names);
  return settings;
}

}  // namespace

TEST_GROUP(Tenants) {
  berth::testing::CatalogFixture fixture;
  coordinator::Tenants& tenants = fixture.catalog.tenants;

  // Later than the default tenant.
  domain::TenantSettings create(const std::string& name, std::vector<std::string> host_names) {
    fixture.clock.advance(std::chrono::seconds(1));
    const auto made = tenants.create(named(name, std::move(host_names)));
    CHECK(made.has_value());
    return made->record;
  }
};

TEST(Tenants, ChoosesByHostNameInAnyLetterCase) {
  const auto acme = create("acme", {"acme.test"});
  CHECK(tenants.by_host_name("ACME.test")->id_scope == acme.id_scope);
}

TEST(Tenants, FallsBackToTheFirstTenantUntilAnotherIsTheDefault) {
  create("acme", {"acme.test"});
  CHECK(tenants.by_host_name("127.0.0.2")->id_scope == fixture.tenant);
  CHECK(tenants.by_host_name("")->id_scope == fixture.tenant);
  const auto other = create("other", {});
  CHECK(tenants.make_default(other.id_scope).has_value());
  CHECK(tenants.by_host_name("127.0.0.2")->id_scope == other.id_scope);
  CHECK(*tenants.default_tenant() == other.id_scope);
}

TEST(Tenants, HoldsNamesAndHostNamesOnce) {
  create("acme", {"acme.test"});
  CHECK(tenants.create(named("ACME")).error().code == Errc::already_exists);
  CHECK(tenants.create(named("other", {"Acme.Test"})).error().code == Errc::already_exists);
}

TEST(Tenants, LetsATenantKeepItsOwnNames) {
  auto acme = create("acme", {"acme.test"});
  acme.allocation_policy = domain::AllocationPolicy::geo_latency;
  CHECK_EQUAL(2U, tenants.put(acme, 1)->version);
}

TEST(Tenants, KeepsTheDefaultOne) {
  CHECK(tenants.erase(fixture.tenant).error().code == Errc::conflict);
  const auto acme = create("acme", {});
  CHECK(tenants.make_default(acme.id_scope).has_value());
  CHECK(tenants.erase(acme.id_scope).error().code == Errc::conflict);
  CHECK(tenants.make_default(fixture.tenant).has_value());
  CHECK(tenants.erase(acme.id_scope).has_value());
  CHECK_EQUAL(1U, tenants.all()->size());
}

TEST(Tenants, KeepsATenantThatAGatewayServes) {
  const auto acme = create("acme", {});
  CHECK(fixture.catalog.gateways.create_site(domain::SiteId("plant-1")).has_value());
  domain::Gateway gateway;
  gateway.gateway_id = domain::GatewayId("g1");
  gateway.name = "gw-1";
  gateway.site = domain::SiteId("plant-1");
  gateway.tenants = {acme.id_scope};
  CHECK(fixture.catalog.gateways.put(gateway, 0).has_value());
  CHECK(tenants.erase(acme.id_scope).error().code == Errc::conflict);
}

TEST(Tenants, RefusesOneTenantMoreThanTheLimit) {
  for (std::size_t i = 1; i < coordinator::kMaxTenants; ++i) {
    CHECK(tenants.create(named("t" + std::to_string(i))).has_value());
  }
  CHECK(tenants.create(named("more")).error().code == Errc::conflict);
}
