#include "coordinator/fleet/permits.hpp"

#include <CppUTest/TestHarness.h>

#include "shared/protocol/sync/record_codec.hpp"
#include "tests/support/coordinator_side.hpp"

using namespace berth;
using namespace berth::testing;
using coordinator::Permits;

TEST_GROUP(Permits) {
  FakeClock clock;
  CoordinatorSide coordinator{clock};
  domain::Gateway gateway = coordinator.create_gateway("hall-3", "ulm").gateway.record;

  Permits::Issued issue(Permits & permits) {
    return must(permits.issue(gateway, coordinator.tenant));
  }
};

TEST(Permits, AreSignedByTheCa) {
  const auto issued = issue(coordinator.permits);
  CHECK_TRUE(coordinator.crypto->verify_p256(coordinator.ca.public_key(), issued.signed_permit.body,
                                             issued.signed_permit.signature));
  const auto permit = must(sync::decode<domain::Permit>(issued.signed_permit.body));
  CHECK_TRUE(permit.gateway_id == gateway.gateway_id);
  CHECK_TRUE(permit.id_scope == coordinator.tenant);
  CHECK_TRUE(permit.expiry == clock.wall() + std::chrono::days{7});
  UNSIGNED_LONGLONGS_EQUAL(gateway.scope_version, permit.scope_version);
}

TEST(Permits, HaveSerialsThatOnlyGrow) {
  const auto first = issue(coordinator.permits).permit.serial;
  CHECK_TRUE(issue(coordinator.permits).permit.serial > first);
  // Over a restart with the clock set back,
  clock.set_wall(clock.wall() - std::chrono::days{100});
  const auto last = issue(coordinator.permits).permit.serial;
  CHECK_TRUE(last > first);
  Permits restarted(coordinator.store, coordinator.ca, clock, {});
  CHECK_TRUE(issue(restarted).permit.serial > last);
}

TEST(Permits, HaveGreaterSerialsAfterABackUpWasRestored) {
  const auto before = issue(coordinator.permits).permit.serial;
  store::ChangeSet forget;
  forget.tenant = store::kNode;
  store::Change erase;
  erase.kind = store::Change::Kind::erase;
  erase.table = store::Table::node;
  erase.id = coordinator::kPermitSerialsId;
  forget.changes.push_back(erase);
  must(store::commit_one(coordinator.store, forget));
  clock.advance(std::chrono::seconds{1});
  Permits restored(coordinator.store, coordinator.ca, clock, {});
  CHECK_TRUE(issue(restored).permit.serial > before);
}

TEST(Permits, AreNotIssuedIfTheSerialCannotBeReserved) {
  Permits fresh(coordinator.store, coordinator.ca, clock, {});
  coordinator.store.fail_next(Errc::io);
  CHECK_FALSE(fresh.issue(gateway, coordinator.tenant).has_value());
}
