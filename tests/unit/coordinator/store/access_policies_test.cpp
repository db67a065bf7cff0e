#include "coordinator/store/access_policies.hpp"

#include <string>

#include <CppUTest/TestHarness.h>

#include "tests/unit/coordinator/store/catalog_fixture.hpp"

using namespace berth;
using coordinator::check_key_name;

namespace {

domain::AccessPolicy policy(const std::string& name) {
  domain::AccessPolicy record;
  record.key_name = name;
  record.rights = static_cast<domain::AccessRights>(domain::AccessRight::enrollment_read);
  return record;
}

}  // namespace

TEST_GROUP(AccessPolicies) {
  berth::testing::CatalogFixture fixture;
  coordinator::AccessPolicies& policies = fixture.catalog.policies;
  const domain::IdScope& tenant = fixture.tenant;
};

TEST(AccessPolicies, MakesKeysThatAreNotGiven) {
  domain::AccessPolicy given = policy("reader");
  given.primary_key = SecretBytes(Bytes(32, 7));
  const auto made = policies.put(tenant, given, 0);
  CHECK(made->record.primary_key == SecretBytes(Bytes(32, 7)));
  CHECK_EQUAL(64U, made->record.secondary_key.size());
}

TEST(AccessPolicies, ReservesTheOperatorSName) {
  CHECK(policies.put(tenant, policy("operator"), 0).error().code == Errc::invalid);
  CHECK(policies.put(tenant, policy("Operator"), 0).error().code == Errc::invalid);
}

TEST(AccessPolicies, TakesTheLongestNameAndRefusesOneCharacterMore) {
  CHECK(check_key_name(std::string(coordinator::kMaxKeyNameLength, 'a')).has_value());
  CHECK_FALSE(check_key_name(std::string(coordinator::kMaxKeyNameLength + 1, 'a')).has_value());
  CHECK_FALSE(check_key_name("").has_value());
  CHECK(check_key_name("a_b-c@d.e").has_value());
  CHECK_FALSE(check_key_name("a b").has_value());
}

TEST(AccessPolicies, RefusesOnePolicyMoreThanTheLimit) {
  // The owner is there already.
  for (std::size_t i = 1; i < coordinator::kMaxAccessPolicies; ++i) {
    CHECK(policies.put(tenant, policy("p" + std::to_string(i)), 0).has_value());
  }
  CHECK(policies.put(tenant, policy("more"), 0).error().code == Errc::conflict);
}

TEST(AccessPolicies, ErasesAPolicy) {
  CHECK(policies.put(tenant, policy("reader"), 0).has_value());
  CHECK(policies.erase(tenant, "reader", 1).has_value());
  CHECK_FALSE(policies.find(tenant, "reader")->has_value());
}
