#include "shared/domain/reprovision.hpp"

#include <vector>

#include <CppUTest/TestHarness.h>

using namespace berth;
using namespace berth::domain;

namespace {

EnrollmentRef group(const char* id, std::uint64_t version = 1) {
  return {true, id, version};
}
EnrollmentRef individual(const char* id) {
  return {false, id, 1};
}

}  // namespace

TEST_GROUP(Reprovision) {
  std::optional<Registration> none;
  std::optional<Registration> previous;
  Provisioning provisioning;

  void setup() override {
    previous.emplace();
    previous->registration_id = *RegistrationId::parse("dev-1");
    previous->status = RegistrationStatus::assigned;
    previous->substatus = RegistrationSubstatus::device_data_migrated;
    previous->hub_id = HubId("a");
    previous->assigned_hub = "a.test";
    previous->device_id = DeviceId("old-name");
    previous->enrollment = group("north");
  }
  void policy(bool update_hub_assignment, bool migrate_device_data) {
    provisioning.reprovision_policy = ReprovisionPolicy{update_hub_assignment, migrate_device_data};
  }
  ProvisioningPlan plan(const std::optional<Registration>& before, const char* hub) {
    return plan_provisioning(before, provisioning, HubId(hub), std::string(hub) + ".test",
                             DeviceId("new-name"));
  }
};

TEST(Reprovision, AFirstRegistrationIsAnInitialAssignment) {
  CHECK_TRUE(needs_allocation(none, provisioning));
  const ProvisioningPlan first = plan(none, "a");
  CHECK_TRUE(first.hub_id == HubId("a"));
  CHECK_TRUE(first.host_name == "a.test");
  CHECK_TRUE(first.device_id == DeviceId("new-name"));
  CHECK_TRUE(first.twin == TwinAction::initialise);
  CHECK_TRUE(first.substatus == RegistrationSubstatus::initial_assignment);
  CHECK_FALSE(first.is_move());
}

TEST(Reprovision, WhatNeverReachedAHubIsNoAssignment) {
  for (const RegistrationStatus status :
       {RegistrationStatus::unassigned, RegistrationStatus::assigning, RegistrationStatus::failed,
        RegistrationStatus::disabled}) {
    previous->status = status;
    CHECK_FALSE(is_assignment(previous));
    policy(false, false);
    CHECK_TRUE(needs_allocation(previous, provisioning));
    CHECK_TRUE(plan(previous, "b").twin == TwinAction::initialise);
    CHECK_TRUE(check_binding(previous, group("south")).has_value());
  }
}

TEST(Reprovision, TheSameHubKeepsDeviceAndTwin) {
  const ProvisioningPlan stays = plan(previous, "a");
  CHECK_TRUE(stays.hub_id == HubId("a"));
  CHECK_TRUE(stays.device_id == DeviceId("old-name"));
  CHECK_TRUE(stays.twin == TwinAction::leave);
  CHECK_TRUE(stays.substatus == RegistrationSubstatus::initial_assignment);
  CHECK_FALSE(stays.is_move());
}

TEST(Reprovision, ADeviceThatStaysLearnsItsHubsNewName) {
  previous->assigned_hub = "former.test";
  CHECK_TRUE(plan(previous, "a").host_name == "a.test");
}

TEST(Reprovision, AnotherHubMigratesByDefault) {
  CHECK_TRUE(needs_allocation(previous, provisioning));
  const ProvisioningPlan moves = plan(previous, "b");
  CHECK_TRUE(moves.hub_id == HubId("b"));
  CHECK_TRUE(moves.device_id == DeviceId("old-name"));
  CHECK_TRUE(moves.twin == TwinAction::migrate);
  CHECK_TRUE(moves.substatus == RegistrationSubstatus::device_data_migrated);
  CHECK_TRUE(moves.leaves == HubId("a"));
}

TEST(Reprovision, AnotherHubResetsWherePolicySaysSo) {
  policy(true, false);
  const ProvisioningPlan moves = plan(previous, "b");
  CHECK_TRUE(moves.twin == TwinAction::reset);
  CHECK_TRUE(moves.substatus == RegistrationSubstatus::device_data_reset);
  CHECK_TRUE(moves.is_move());
}

TEST(Reprovision, WithNeverTheDeviceStaysWhateverAllocationSays) {
  for (const bool migrate : {false, true}) {
    policy(false, migrate);
    CHECK_FALSE(needs_allocation(previous, provisioning));
    const ProvisioningPlan stays = plan(previous, "b");
    CHECK_TRUE(stays.hub_id == HubId("a"));
    CHECK_TRUE(stays.host_name == "a.test");
    CHECK_TRUE(stays.twin == TwinAction::leave);
    CHECK_FALSE(stays.is_move());
  }
}

TEST(Reprovision, ARegistrationBelongsToItsGroupWhateverItsVersionAndCase) {
  CHECK_TRUE(check_binding(previous, group("NORTH", 5)).has_value());
}

TEST(Reprovision, AnotherGroupMayNotTakeARegistrationOver) {
  const auto bound = check_binding(previous, group("south"));
  CHECK_FALSE(bound.has_value());
  CHECK_TRUE(bound.error().code == Errc::forbidden);
  CHECK_TRUE(bound.error().reason.find("belongs to enrollment group north") != std::string::npos);
}

TEST(Reprovision, AnIndividualEnrollmentMayTakeARegistrationOverAndKeepsItFromGroups) {
  CHECK_TRUE(check_binding(previous, individual("dev-1")).has_value());
  previous->enrollment = individual("dev-1");
  CHECK_TRUE(check_binding(previous, individual("dev-1")).has_value());
  const auto bound = check_binding(previous, group("north"));
  CHECK_FALSE(bound.has_value());
  CHECK_TRUE(bound.error().reason.find("individual enrollment dev-1") != std::string::npos);
}

TEST(Reprovision, WithoutARegistrationAnybodyMayBegin) {
  CHECK_TRUE(check_binding(none, group("south")).has_value());
}

TEST(Reprovision, AHubThatIsLinkedAgainIsTheSamePlace) {
  LinkedHub again;
  again.hub_id = HubId("a2");
  again.host_name = "A.test";
  LinkedHub other;
  other.hub_id = HubId("b");
  other.host_name = "b.test";
  const std::vector<LinkedHub> linked{other, again};
  CHECK_TRUE(in_linked_hub(previous, linked)->hub_id == HubId("a2"));
  CHECK_FALSE(in_linked_hub(none, linked).has_value());
  // Linked as it was, or not at all.
  CHECK_TRUE(in_linked_hub(previous, std::vector<LinkedHub>{other})->hub_id == HubId("a"));
  LinkedHub same = again;
  same.hub_id = HubId("a");
  CHECK_TRUE(in_linked_hub(previous, std::vector<LinkedHub>{again, same})->hub_id == HubId("a"));
}

TEST(Reprovision, APlanIsOneSentenceForPeople) {
  STRCMP_EQUAL("device new-name is created in hub b.test with its enrollment's initial twin",
               describe(plan(none, "b"), none).c_str());
  STRCMP_EQUAL("device old-name stays in hub a.test; its credentials there are written again",
               describe(plan(previous, "a"), previous).c_str());
  policy(true, false);
  STRCMP_EQUAL(
      "device old-name moves to hub b.test with its enrollment's initial twin, and then goes from "
      "hub a.test",
      describe(plan(previous, "b"), previous).c_str());
  policy(true, true);
  STRCMP_EQUAL(
      "device old-name moves to hub b.test with the tags and desired properties of its twin in hub "
      "a.test, and then goes from there",
      describe(plan(previous, "b"), previous).c_str());
}
