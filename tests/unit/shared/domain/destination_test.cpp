#include "shared/domain/destination.hpp"

#include <CppUTest/TestHarness.h>

#include "tests/support/fake_crypto.hpp"

using namespace berth;
using namespace berth::domain;

namespace {

constexpr int kManyDevices = 500;

LinkedHub hub(const std::string& name, std::uint32_t weight = 1) {
  LinkedHub made;
  made.hub_id = HubId(name);
  made.host_name = name + ".example";
  made.allocation_weight = weight;
  return made;
}

RegistrationId id(const std::string& text) {
  return *RegistrationId::parse(text);
}

}  // namespace

TEST_GROUP(Destination) {
  testing::FakeCrypto crypto;
  std::vector<LinkedHub> hubs{hub("a"), hub("b", 3), hub("c")};
  Provisioning provisioning;
  DecisionTrace trace;

  DestinationRequest request_of(const std::string& name) {
    DestinationRequest request;
    request.allocation.registration_id = id(name);
    request.allocation.hubs = hubs;
    request.device_id = DeviceId(name);
    return request;
  }
  Result<Destination> find(const std::optional<Registration>& previous = std::nullopt) {
    return find_destination(request_of("dev-1"), provisioning, previous, crypto, trace);
  }
  static Registration assigned_to(const std::string& name) {
    Registration previous;
    previous.registration_id = id("dev-1");
    previous.status = RegistrationStatus::assigned;
    previous.hub_id = HubId(name);
    previous.assigned_hub = name + ".example";
    previous.device_id = DeviceId("pump-1");
    return previous;
  }
};

TEST(Destination, IsTheHubThatAllocationChoosesForEveryNewDevice) {
  for (int n = 0; n < kManyDevices; ++n) {
    const std::string name = "dev-" + std::to_string(n);
    const DestinationRequest request = request_of(name);
    const auto chosen = allocate(request.allocation, provisioning, {}, crypto);
    const auto there = find_destination(request, provisioning, std::nullopt, crypto, trace);
    CHECK(there->kind == Destination::Kind::chosen);
    CHECK(there->plan.hub_id == chosen->hub_id);
    STRCMP_EQUAL(name.c_str(), there->plan.device_id.str().c_str());
    CHECK(trace.hub_id == chosen->hub_id);
  }
}

TEST(Destination, OfADeviceThatNeverMovesIsWhereItIsWithoutAskingAPolicy) {
  provisioning.reprovision_policy = ReprovisionPolicy{false, true};
  provisioning.iot_hubs = {"nobody.example"};
  const auto there = find(assigned_to("a"));
  CHECK(there->kind == Destination::Kind::stays);
  STRCMP_EQUAL("a", there->plan.hub_id.str().c_str());
  STRCMP_EQUAL("pump-1", there->plan.device_id.str().c_str());
  CHECK_FALSE(trace.policy.has_value());
  CHECK(trace.hub_call.find("stays in hub a.example") != std::string::npos);
}

TEST(Destination, OfAnAssignedDeviceMayBeAnotherHub) {
  provisioning.iot_hubs = {"c.example"};
  const auto there = find(assigned_to("a"));
  CHECK(there->kind == Destination::Kind::chosen);
  CHECK(there->plan.is_move());
  STRCMP_EQUAL("c", there->plan.hub_id.str().c_str());
  STRCMP_EQUAL("pump-1", there->plan.device_id.str().c_str());
  CHECK(trace.hub_call.find("moves to hub c.example") != std::string::npos);
}

TEST(Destination, IsLeftToTheWebhookWithTheHubsItMayName) {
  provisioning.allocation_policy = AllocationPolicy::custom;
  provisioning.custom_allocation = CustomAllocation{"https://choose.example/", "2021-10-01"};
  provisioning.iot_hubs = {"a.example", "b.example"};
  const auto there = find(assigned_to("b"));
  CHECK(there->kind == Destination::Kind::webhook);
  CHECK(trace.hub_id.empty());
  CHECK_EQUAL(2U, trace.candidates.size());
  STRCMP_EQUAL("the device is there", trace.candidates[1].remark.c_str());
}

TEST(Destination, NeedsAWebhookForCustomAllocation) {
  provisioning.allocation_policy = AllocationPolicy::custom;
  CHECK(find().error().code == Errc::allocation_failed);
}

TEST(Destination, NeedsAHubAlsoWhereTheWebhookChooses) {
  provisioning.allocation_policy = AllocationPolicy::custom;
  provisioning.custom_allocation = CustomAllocation{"https://choose.example/", "2021-10-01"};
  for (LinkedHub& one : hubs) one.apply_allocation_policy = false;
  CHECK(find().error().code == Errc::no_hub);
}
