// The oracle must notice: each test breaks one rule behind the product's back.
#include "tools/sim/oracle.hpp"

#include <memory>
#include <string>
#include <vector>

#include <CppUTest/TestHarness.h>

#include "shared/protocol/sync/record_codec.hpp"
#include "tools/sim/must.hpp"

using namespace berth;
using namespace berth::sim;
using store::Table;

TEST_GROUP(Oracle) {
  World world{1, {}};
  SimCoordinator coordinator{world, {}, store::kLogHorizon};
  std::vector<std::unique_ptr<SimHub>> hubs;
  std::vector<std::unique_ptr<SimGateway>> gateways;
  std::vector<std::unique_ptr<SimDevice>> devices;
  SimWebhook webhook{world};
  Oracle oracle{world, coordinator, hubs, gateways};

  void setup() override {
    domain::LinkedHub hub;
    hub.hub_id = domain::HubId("00000000000000000000000000000001");
    hub.host_name = "hub.example";
    hub.registry_url = "https://hub.example";
    SimEntropy entropy{2};
    domain::HubCredential credential{hub.hub_id, "iothubowner", entropy.secret(32)};
    hub = must(coordinator.catalog().hubs.put(coordinator.tenant(), hub, credential, 0)).record;
    hubs.push_back(std::make_unique<SimHub>(world, hub, std::move(credential)));
    domain::IndividualEnrollment enrollment;
    enrollment.registration_id = must(domain::RegistrationId::parse("dev-1"));
    enrollment.attestation =
        domain::SymmetricKeyAttestation{entropy.secret(32), entropy.secret(32)};
    must(coordinator.catalog().enrollments.put(coordinator.tenant(), enrollment, 0));
    gateways.push_back(std::make_unique<SimGateway>(world, coordinator, hubs, webhook, 0, "site"));
    gateways[0]->boot();
    world.scheduler.run(SimTime{5'000'000}, [] {});
    CHECK_TRUE(gateways[0]->is_linked());
  }

  void fails_with(const std::string& text) {
    CHECK_TRUE(world.failure.has_value());
    const std::string shown = *world.failure + " lacks: " + text;
    CHECK_TEXT(world.failure->find(text) != std::string::npos, shown.c_str());
  }
  static void write(SimStore & disk, const domain::IdScope& tenant, store::Change change) {
    store::ChangeSet set;
    set.tenant = tenant;
    set.changes.push_back(std::move(change));
    must(store::commit_one(disk, std::move(set)));
  }
  static store::Change erase(Table table, const std::string& id) {
    store::Change change;
    change.kind = store::Change::Kind::erase;
    change.table = table;
    change.id = id;
    return change;
  }
  domain::Intent intent(std::uint64_t version) {
    domain::Intent made;
    made.registration_id = must(domain::RegistrationId::parse("dev-1"));
    made.enrollment = {false, "dev-1", version};
    made.is_new_device = true;
    return made;
  }
};

TEST(Oracle, IsContentWithAQuietWorld) {
  oracle.check_copies();
  oracle.check_told();
  oracle.check_quiet(devices);
  oracle.accepted(*gateways[0], intent(1));
  CHECK_FALSE(world.failure.has_value());
}

TEST(Oracle, MissesADeviceThatIsForgotten) {
  oracle.told("dev-1", {"hub.example", "dev-1", SimTime{1}, SimTime{2}});
  oracle.check_told();
  fails_with("invariant 1: dev-1");
}

TEST(Oracle, SparesADeviceWhoseRegistrationAnAdminDeleted) {
  oracle.told("dev-1", {"hub.example", "dev-1", SimTime{1}, SimTime{2}});
  oracle.deleting("dev-1");
  oracle.check_told();
  CHECK_FALSE(world.failure.has_value());
}

TEST(Oracle, FindsAnIdentityWithoutARegistration) {
  hubs[0]->plant("dev-1", "berth:" + coordinator.id().str());
  oracle.check_quiet(devices);
  fails_with("invariant 2: dev-1");
}

TEST(Oracle, LeavesForeignIdentitiesAlone) {
  hubs[0]->plant("dev-1", "somebody else's");
  oracle.check_quiet(devices);
  CHECK_FALSE(world.failure.has_value());
}

TEST(Oracle, FindsACopyThatLacksARecord) {
  write(gateways[0]->store(), coordinator.tenant(), erase(Table::individual_enrollment, "dev-1"));
  oracle.check_copies();
  fails_with("invariant 3: gateway-0");
}

TEST(Oracle, FindsARecordThatACopyShouldNotHold) {
  store::Change change;
  change.table = Table::refusal_stub;
  change.id = "dev-2";
  write(gateways[0]->store(), coordinator.tenant(), std::move(change));
  oracle.check_copies();
  fails_with("not in its scope");
}

TEST(Oracle, FindsADeviceThatWasAcceptedOnADisabledEnrollment) {
  auto stored = must(coordinator.catalog().enrollments.individual(
      coordinator.tenant(), must(domain::RegistrationId::parse("dev-1"))));
  stored->record.provisioning.status = domain::ProvisioningStatus::disabled;
  must(coordinator.catalog().enrollments.put(coordinator.tenant(), stored->record, 1));
  // The gateway has not heard of it, so its journal may go by what it has.
  oracle.accepted(*gateways[0], intent(1));
  CHECK_FALSE(world.failure.has_value());
  must(
      *coordinator.call([](coordinator::Catalog&, coordinator::Fleet&) { return Result<void>{}; }));
  world.scheduler.run(SimTime{10'000'000}, [] {});
  oracle.accepted(*gateways[0], intent(2));
  fails_with("invariant 4: gateway-0 accepted dev-1 on a disabled enrollment");
}

TEST(Oracle, FindsADeviceThatWasAcceptedPastThePermit) {
  world.scheduler.run(std::chrono::days{8}, [this] {
    if (gateways[0]->is_up()) gateways[0]->crash();
  });
  gateways[0]->boot();
  oracle.accepted(*gateways[0], intent(1));
  fails_with("past its permit");
}

TEST(Oracle, MissesAnAdminsChange) {
  oracle.change_begins(Table::individual_enrollment, "dev-1");
  oracle.change_acknowledged(Table::individual_enrollment, "dev-1");
  oracle.check_acknowledged();
  CHECK_FALSE(world.failure.has_value());
  write(coordinator.store(), coordinator.tenant(), erase(Table::individual_enrollment, "dev-1"));
  oracle.check_acknowledged();
  fails_with("invariant 5: individual_enrollment dev-1");
}
