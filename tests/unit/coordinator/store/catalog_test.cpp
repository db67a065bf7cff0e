#include "coordinator/store/catalog.hpp"

#include <CppUTest/TestHarness.h>

#include "tests/unit/coordinator/store/catalog_fixture.hpp"

using namespace berth;

TEST_GROUP(Catalog) {
  berth::testing::CatalogFixture fixture;
};

TEST(Catalog, MakesIdentityOperatorAndDefaultTenantOnce) {
  const auto identity = fixture.catalog.coordinator_id();
  CHECK_EQUAL(32U, identity->str().size());
  const auto operator_policy = fixture.catalog.policies.operator_policy();
  CHECK_EQUAL(64U, (*operator_policy)->primary_key.size());

  CHECK(fixture.catalog.prepare().has_value());
  CHECK(*fixture.catalog.coordinator_id() == *identity);
  CHECK((*fixture.catalog.policies.operator_policy())->primary_key ==
        (*operator_policy)->primary_key);
  CHECK_EQUAL(1U, fixture.catalog.tenants.all()->size());
}

TEST(Catalog, GivesTheDefaultTenantAnOwnerWithAllRights) {
  CHECK(domain::parse_id_scope(fixture.tenant.str()).has_value());
  const auto owner = fixture.catalog.policies.find(fixture.tenant, "provisioningserviceowner");
  CHECK((*owner)->record.rights == domain::kAllAccessRights);
  CHECK_EQUAL(64U, (*owner)->record.primary_key.size());
  CHECK_FALSE((*owner)->record.primary_key == (*owner)->record.secondary_key);
}

TEST(Catalog, ReportsAStoreThatFails) {
  fixture.store.fail_next(Errc::io);
  CHECK(fixture.catalog.prepare().error().code == Errc::io);
}
