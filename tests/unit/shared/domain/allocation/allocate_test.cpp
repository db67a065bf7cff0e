#include "shared/domain/allocation/allocate.hpp"

#include <string>
#include <vector>

#include <CppUTest/TestHarness.h>

#include "tests/support/fake_crypto.hpp"

using namespace berth;
using namespace berth::domain;
using std::chrono::milliseconds;

TEST_GROUP(Allocate) {
  testing::FakeCrypto crypto;
  std::vector<LinkedHub> hubs;
  HubLatencies latencies;
  Provisioning provisioning;
  AllocationRequest request;

  void setup() override {
    request.registration_id = *RegistrationId::parse("dev-1");
    for (const char* name : {"a", "b", "c"}) {
      LinkedHub hub;
      hub.hub_id = HubId(name);
      hub.host_name = std::string(name) + ".test";
      hubs.push_back(hub);
    }
    request.hubs = hubs;
  }
  Allocation allocated() {
    auto allocation = allocate(request, provisioning, latencies, crypto);
    if (!allocation) FAIL(allocation.error().reason.c_str());
    return *allocation;
  }
  Error refused() {
    auto allocation = allocate(request, provisioning, latencies, crypto);
    CHECK_FALSE(allocation.has_value());
    return allocation ? Error{} : allocation.error();
  }
};

TEST(Allocate, FollowsTheServicesDefaultWhereTheEnrollmentSaysNothing) {
  CHECK_TRUE(allocated().policy == AllocationPolicy::hashed);
  request.service_default = AllocationPolicy::geo_latency;
  latencies[HubId("b")] = milliseconds{10};
  CHECK_TRUE(allocated().policy == AllocationPolicy::geo_latency);
  CHECK_TRUE(allocated().hub_id == HubId("b"));
  CHECK_TRUE(allocated().host_name == "b.test");
}

TEST(Allocate, TheEnrollmentsOwnPolicyWins) {
  request.service_default = AllocationPolicy::geo_latency;
  provisioning.allocation_policy = AllocationPolicy::hashed;
  CHECK_TRUE(allocated().policy == AllocationPolicy::hashed);
}

TEST(Allocate, StaticGivesTheNamedHub) {
  provisioning.allocation_policy = AllocationPolicy::static_hub;
  provisioning.iot_hubs = {"C.test"};
  CHECK_TRUE(allocated().hub_id == HubId("c"));
  CHECK_TRUE(allocated().policy == AllocationPolicy::static_hub);
}

TEST(Allocate, ALegacyHostNameIsStaticUnlessTheEnrollmentNamesAPolicy) {
  provisioning.iot_hub_host_name = "b.test";
  CHECK_TRUE(effective_policy(provisioning, AllocationPolicy::geo_latency) ==
             AllocationPolicy::static_hub);
  CHECK_TRUE(allocated().hub_id == HubId("b"));
  provisioning.allocation_policy = AllocationPolicy::hashed;
  CHECK_TRUE(allocated().policy == AllocationPolicy::hashed);
}

TEST(Allocate, AStaticHubThatIsNotLinkedOrTakesNoDevicesIsAClearError) {
  provisioning.allocation_policy = AllocationPolicy::static_hub;
  provisioning.iot_hubs = {"gone.test"};
  CHECK_TRUE(refused().code == Errc::no_hub);
  CHECK_TRUE(refused().reason.find("gone.test") != std::string::npos);
  provisioning.iot_hubs = {"a.test"};
  hubs[0].apply_allocation_policy = false;
  CHECK_TRUE(refused().code == Errc::no_hub);
  provisioning.iot_hubs.clear();
  CHECK_TRUE(refused().code == Errc::no_hub);
}

TEST(Allocate, HashedGoesOnToTheNextHubAfterARefusal) {
  const HubId first = allocated().hub_id;
  request.refused_by = {first};
  const HubId second = allocated().hub_id;
  CHECK_FALSE(first == second);
  request.refused_by = {HubId("a"), HubId("b"), HubId("c")};
  CHECK_TRUE(refused().code == Errc::no_hub);
  CHECK_TRUE(refused().reason.find("all 3 eligible hubs refused") != std::string::npos);
}

TEST(Allocate, OtherPoliciesKeepTheirChoiceAfterARefusal) {
  provisioning.allocation_policy = AllocationPolicy::static_hub;
  provisioning.iot_hubs = {"a.test"};
  request.refused_by = {HubId("a")};
  CHECK_TRUE(allocated().hub_id == HubId("a"));
  provisioning.allocation_policy = AllocationPolicy::geo_latency;
  CHECK_TRUE(allocated().hub_id == HubId("a"));
}

TEST(Allocate, LowestLatencyKeepsARegisteredDeviceAndSaysWhy) {
  provisioning.allocation_policy = AllocationPolicy::geo_latency;
  latencies[HubId("a")] = milliseconds{100};
  latencies[HubId("b")] = milliseconds{130};
  CHECK_TRUE(allocated().hub_id == HubId("a"));
  CHECK_TRUE(allocated().reason == "nearest of 3 hubs, at 100.0 ms");
  request.current = HubId("b");
  CHECK_TRUE(allocated().hub_id == HubId("b"));
  CHECK_TRUE(allocated().reason.find("stays") != std::string::npos);
  latencies.clear();
  request.current.reset();
  CHECK_TRUE(allocated().reason.find("no hub was ever measured") != std::string::npos);
}

TEST(Allocate, CustomIsNotOffered) {
  provisioning.allocation_policy = AllocationPolicy::custom;
  CHECK_TRUE(refused().code == Errc::unsupported);
}

TEST(Allocate, WithoutHubsThereIsNone) {
  request.hubs = {};
  CHECK_TRUE(refused().code == Errc::no_hub);
}
