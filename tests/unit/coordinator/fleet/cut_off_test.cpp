#include "coordinator/fleet/cut_off.hpp"

#include <CppUTest/TestHarness.h>

#include "shared/protocol/sync/record_codec.hpp"
#include "shared/store/index_terms.hpp"
#include "tests/support/coordinator_side.hpp"

using namespace berth;
using namespace berth::testing;
using coordinator::CutOff;
using coordinator::CutOffPlace;
using domain::ProvisioningStatus;

TEST_GROUP(CutOff) {
  FakeClock clock;
  CoordinatorSide coordinator{clock};
  domain::LinkedHub hub = coordinator.link_mosquitto("broker.example");
  std::optional<CutOffPlace> place;

  // All that is to be done since the last look, as "+device" and "-device".
  std::string look() {
    std::string seen;
    for (;;) {
      auto page = must(
          coordinator::next_cut_offs(coordinator.store, coordinator.tenant, hub.hub_id, place));
      for (const CutOff& one : page.work) {
        seen += (one.disable ? "-" : "+") + one.device_id.str() + " ";
        last = one;
      }
      place = page.next;
      if (page.is_all) return seen;
    }
  }
  void registered(const std::string& id, const domain::EnrollmentRef& enrollment,
                  const domain::HubId& at) {
    domain::Registration registration;
    registration.registration_id = must(domain::RegistrationId::parse(id));
    registration.status = domain::RegistrationStatus::assigned;
    registration.hub_id = at;
    registration.device_id = domain::DeviceId("device-" + id);
    registration.enrollment = enrollment;
    store::Change change;
    change.table = store::Table::registration;
    change.id = id;
    change.body = sync::encode(registration);
    change.terms = store::terms_of(registration);
    store::ChangeSet set;
    set.tenant = coordinator.tenant;
    set.changes.push_back(std::move(change));
    must(store::commit_one(coordinator.store, std::move(set)));
  }
  void registered(const std::string& id) {
    registered(id, {false, id, 1}, hub.hub_id);
  }
  void of_group(const std::string& id) {
    registered(id, {true, "Line-7", 1}, hub.hub_id);
  }
  void enroll(const std::string& id, bool disabled = false) {
    coordinator.enroll(id, {}, disabled);
  }
  void group(ProvisioningStatus status) {
    domain::EnrollmentGroup record;
    record.group_id = must(domain::EnrollmentGroupId::parse("Line-7"));
    record.attestation = domain::SymmetricKeyAttestation{coordinator.entropy.secret(32), {}};
    record.provisioning.status = status;
    const auto present =
        must(coordinator.catalog->enrollments.group(coordinator.tenant, record.group_id));
    must(coordinator.catalog->enrollments.put(coordinator.tenant, record,
                                              present ? present->version : 0));
  }
  void forget(const std::string& id) {
    const auto parsed = must(domain::RegistrationId::parse(id));
    const auto present =
        must(coordinator.catalog->enrollments.individual(coordinator.tenant, parsed));
    must(coordinator.catalog->enrollments.erase(coordinator.tenant, parsed, present->version));
  }
  bool holds(const CutOff& one) {
    return must(coordinator::still_holds(coordinator.store, coordinator.tenant, hub.hub_id, one));
  }
  CutOff last;
};

TEST(CutOff, FollowsAnIndividualEnrollment) {
  enroll("a");
  registered("a");
  look();
  STRCMP_EQUAL("", look().c_str());
  enroll("a", true);
  STRCMP_EQUAL("-device-a ", look().c_str());
  enroll("a");
  STRCMP_EQUAL("+device-a ", look().c_str());
}

TEST(CutOff, AChangeOfSomethingElseIsNoReason) {
  enroll("a");
  registered("a");
  look();
  enroll("a");
  STRCMP_EQUAL("", look().c_str());
}

TEST(CutOff, FollowsAGroupWithAllItsDevices) {
  group(ProvisioningStatus::enabled);
  of_group("a");
  of_group("b");
  registered("c");
  look();
  group(ProvisioningStatus::disabled);
  const std::string cut_off = look();
  CHECK_TRUE(cut_off == "-device-a -device-b " || cut_off == "-device-b -device-a ");
  group(ProvisioningStatus::enabled);
  CHECK_TRUE(look().find("+device-a ") != std::string::npos);
}

TEST(CutOff, AnIndividualEnrollmentDecidesForItsDeviceWhateverItsGroupSays) {
  group(ProvisioningStatus::enabled);
  of_group("a");
  look();
  enroll("a", true);
  STRCMP_EQUAL("-device-a ", look().c_str());
  group(ProvisioningStatus::disabled);
  STRCMP_EQUAL("-device-a ", look().c_str());
  enroll("a");
  STRCMP_EQUAL("+device-a ", look().c_str());
  // Without it, the group's word counts again.
  forget("a");
  STRCMP_EQUAL("", look().c_str());
  group(ProvisioningStatus::enabled);
  STRCMP_EQUAL("+device-a ", look().c_str());
}

TEST(CutOff, ADisabledEnrollmentThatIsDeletedDisablesNobody) {
  enroll("a", true);
  registered("a");
  look();
  forget("a");
  STRCMP_EQUAL("+device-a ", look().c_str());
}

TEST(CutOff, SeesADeviceThatRegisteredWhileItsEnrollmentWasDisabled) {
  enroll("a", true);
  look();
  registered("a");
  STRCMP_EQUAL("-device-a ", look().c_str());
  enroll("b");
  registered("b");
  STRCMP_EQUAL("", look().c_str());
}

TEST(CutOff, IsAboutDevicesInThisHubOnly) {
  look();
  enroll("a", true);
  registered("a", {false, "a", 1}, domain::HubId("elsewhere"));
  enroll("b", true);
  STRCMP_EQUAL("", look().c_str());
}

TEST(CutOff, LooksAtAllThatIsThereFirst) {
  enroll("a", true);
  registered("a");
  enroll("b");
  registered("b");
  const std::string seen = look();
  CHECK_TRUE(seen.find("-device-a ") != std::string::npos);
  CHECK_TRUE(seen.find("+device-b ") != std::string::npos);
}

TEST(CutOff, LooksAtAllAgainWhereTheLogDoesNotReachBack) {
  enroll("a", true);
  registered("a");
  look();
  place->sequence += 1'000'000;  // as a restored back-up leaves it
  STRCMP_EQUAL("-device-a ", look().c_str());
  STRCMP_EQUAL("", look().c_str());
}

TEST(CutOff, ManyDevicesAreLookedAtPageByPage) {
  for (int i = 0; i < 450; ++i) {
    enroll("d" + std::to_string(i), true);
    registered("d" + std::to_string(i));
  }
  std::size_t pages = 0;
  std::size_t seen = 0;
  for (bool is_all = false; !is_all; ++pages) {
    auto page =
        must(coordinator::next_cut_offs(coordinator.store, coordinator.tenant, hub.hub_id, place));
    seen += page.work.size();
    place = page.next;
    is_all = page.is_all;
  }
  LONGS_EQUAL(450, seen);
  CHECK_TRUE(pages >= 3);
}

TEST(CutOff, IsAskedAgainBeforeItIsWritten) {
  enroll("a", true);
  registered("a");
  look();
  CHECK_TRUE(holds(last));
  enroll("a");
  CHECK_FALSE(holds(last));
  enroll("a", true);
  CHECK_TRUE(holds(last));
  registered("a", {false, "a", 1}, domain::HubId("elsewhere"));
  CHECK_FALSE(holds(last));
}
