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

TEST(Allocate, TellsWhichPolicyChoseAmongWhomAndWhy) {
  hubs[1].allocation_weight = 3;
  request.refused_by = {HubId("c")};
  DecisionTrace trace;
  const auto allocation = allocate(request, provisioning, latencies, crypto, &trace);
  CHECK_TRUE(allocation.has_value());
  CHECK_TRUE(trace.policy == AllocationPolicy::hashed);
  CHECK_TRUE(trace.policy_source == PolicySource::service_default);
  CHECK_TRUE(trace.hub_id == allocation->hub_id);
  CHECK_TRUE(trace.host_name == allocation->host_name);
  CHECK_TRUE(trace.reason == allocation->reason);
  LONGS_EQUAL(3, trace.candidates.size());
  LONGS_EQUAL(3, trace.candidates[1].weight);
  CHECK_TRUE(trace.candidates[2].remark == "it refused the device");
  // The least score of those that did not refuse is the one chosen.
  const bool a_is_less = *trace.candidates[0].score < *trace.candidates[1].score;
  CHECK_TRUE(trace.candidates[a_is_less ? 0 : 1].hub_id == allocation->hub_id);
}

TEST(Allocate, TellsWhereThePolicyComesFromAlsoWhereNothingIsChosen) {
  DecisionTrace trace;
  provisioning.iot_hub_host_name = "gone.test";
  CHECK_FALSE(allocate(request, provisioning, latencies, crypto, &trace).has_value());
  CHECK_TRUE(trace.policy_source == PolicySource::legacy_host_name);
  CHECK_TRUE(trace.policy == AllocationPolicy::static_hub);
  CHECK_TRUE(trace.hub_id.empty());
  provisioning.allocation_policy = AllocationPolicy::geo_latency;
  latencies[HubId("b")] = milliseconds{10};
  request.current = HubId("a");
  CHECK_TRUE(allocate(request, provisioning, latencies, crypto, &trace).has_value());
  CHECK_TRUE(trace.policy_source == PolicySource::enrollment);
  CHECK_TRUE(trace.candidates[0].remark == "the device is there");
  CHECK_TRUE(trace.candidates[1].latency == milliseconds{10});
  CHECK_FALSE(trace.candidates[1].score.has_value());
}
