#include "coordinator/store/registrations.hpp"

#include <string>

#include <CppUTest/TestHarness.h>

#include "coordinator/store/record_writes.hpp"
#include "shared/protocol/sync/record_codec.hpp"
#include "shared/store/index_terms.hpp"
#include "tests/unit/coordinator/store/catalog_fixture.hpp"

using namespace berth;

TEST_GROUP(Registrations) {
  berth::testing::CatalogFixture fixture;
  coordinator::Registrations& registrations = fixture.catalog.registrations;

  void take_in(const std::string& id, const std::string& group,
               const std::string& credential_id = {}) {
    domain::Registration record;
    record.credential_id = credential_id;
    record.registration_id = *domain::RegistrationId::parse(id);
    record.status = domain::RegistrationStatus::assigned;
    record.enrollment.is_group = !group.empty();
    record.enrollment.id = group;
    store::Change change;
    change.table = store::Table::registration;
    change.id = record.registration_id.folded();
    change.body = sync::encode(record);
    change.terms = store::terms_of(record);
    CHECK(coordinator::commit_change(fixture.store, fixture.tenant, change).has_value());
  }
};

TEST(Registrations, ListsThoseOfAGroupInAnyLetterCase) {
  take_in("dev-1", "Grp-1");
  take_in("dev-2", "grp-2");
  take_in("dev-3", "");
  const auto listed = registrations.list_of_group(
      fixture.tenant, *domain::EnrollmentGroupId::parse("GRP-1"), {}, 10);
  CHECK_EQUAL(1U, listed->records.size());
  STRCMP_EQUAL("dev-1", listed->records[0].record.registration_id.str().c_str());
  CHECK_EQUAL(3U, registrations.list(fixture.tenant, {}, 10)->records.size());
}

TEST(Registrations, CountsAndListsThoseWhoUsedAKeyLast) {
  take_in("dev-1", "Grp-1", "p1");
  take_in("dev-2", "grp-1", "p1");
  take_in("dev-3", "grp-1", "s1");
  take_in("dev-4", "grp-1");
  take_in("dev-5", "grp-2", "p1");
  const domain::EnrollmentRef group{true, "GRP-1", 9};
  LONGS_EQUAL(4, registrations.count_of(fixture.tenant, group).value());
  LONGS_EQUAL(2, registrations.count_using(fixture.tenant, group, "p1").value());
  LONGS_EQUAL(1, registrations.count_using(fixture.tenant, group, "").value());
  LONGS_EQUAL(0, registrations.count_using(fixture.tenant, group, "p").value());
  const auto listed = registrations.list_using(fixture.tenant, group, "s1", {}, 10);
  CHECK_EQUAL(1U, listed->records.size());
  STRCMP_EQUAL("dev-3", listed->records[0].record.registration_id.str().c_str());
  // Registered again with another key, it counts there.
  take_in("dev-1", "Grp-1", "s1");
  LONGS_EQUAL(1, registrations.count_using(fixture.tenant, group, "p1").value());
}

TEST(Registrations, CountsASingleEnrollmentsDeviceUnlessAGroupRegisteredIt) {
  take_in("dev-1", "grp-1");
  const domain::EnrollmentRef own{false, "Dev-1", 1};
  LONGS_EQUAL(0, registrations.count_of(fixture.tenant, own).value());
  LONGS_EQUAL(0, registrations.count_of(fixture.tenant, {false, "dev-2", 1}).value());
  take_in("dev-2", "");
  LONGS_EQUAL(1, registrations.count_of(fixture.tenant, {false, "dev-2", 1}).value());
}

TEST(Registrations, LeavesATombstoneWhereOneWasErased) {
  take_in("Dev-1", "");
  const auto id = *domain::RegistrationId::parse("dev-1");
  CHECK(registrations.erase(fixture.tenant, id, 1).has_value());
  CHECK_FALSE(registrations.find(fixture.tenant, id)->has_value());
  const auto mark =
      fixture.store.read(fixture.tenant, store::Table::registration_tombstone, "dev-1");
  CHECK(mark->has_value());
  CHECK(sync::decode<domain::RegistrationTombstone>((*mark)->body)->deleted ==
        fixture.clock.wall());
}

TEST(Registrations, ErasesOnlyTheExpectedVersion) {
  take_in("dev-1", "");
  const auto id = *domain::RegistrationId::parse("dev-1");
  CHECK(registrations.erase(fixture.tenant, id, 9).error().code == Errc::version_mismatch);
  CHECK(registrations.find(fixture.tenant, id)->has_value());
}
