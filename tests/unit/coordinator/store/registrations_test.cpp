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

  void take_in(const std::string& id, const std::string& group) {
    domain::Registration record;
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
