#include "shared/domain/allocation/custom.hpp"

#include <CppUTest/TestHarness.h>

using namespace berth;
using namespace berth::domain;

TEST_GROUP(CustomAllocation) {
  std::vector<LinkedHub> hubs;
  IndividualEnrollment enrollment;

  void setup() override {
    for (const char* name : {"a", "b"}) {
      LinkedHub hub;
      hub.hub_id = HubId(name);
      hub.host_name = std::string(name) + ".test";
      hubs.push_back(hub);
    }
    enrollment.registration_id = *RegistrationId::parse("dev-1");
    enrollment.attestation =
        SymmetricKeyAttestation{SecretBytes(Bytes(32, 1)), SecretBytes(Bytes(32, 2))};
    enrollment.provisioning.custom_allocation =
        domain::CustomAllocation{"https://alloc.test/pick?code=secret", "2021-10-01"};
  }
  Errc code_of(int status) {
    const auto judged = judge_allocation_status(status);
    CHECK_FALSE(judged.has_value());
    return judged.error().code;
  }
  Result<Allocation> accept(const std::string& host) {
    return accept_custom_allocation({host, std::nullopt, {}}, enrollment.provisioning, hubs);
  }
};

TEST(CustomAllocation, AsksForOneOfTheHubsThatTheEnrollmentMayGive) {
  auto request = custom_allocation_request(enrollment, hubs);
  CHECK_TRUE(request.has_value());
  CHECK_TRUE(request->linked_hubs == (std::vector<std::string>{"a.test", "b.test"}));
  enrollment.provisioning.iot_hubs = {"B.test"};
  request = custom_allocation_request(enrollment, hubs);
  CHECK_TRUE(request->linked_hubs == std::vector<std::string>{"b.test"});
  hubs[1].apply_allocation_policy = false;
  CHECK_TRUE(custom_allocation_request(enrollment, hubs).error().code == Errc::no_hub);
}

TEST(CustomAllocation, ShowsTheWebhookNeitherTheDevicesKeysNorItsOwn) {
  const auto request = custom_allocation_request(enrollment, hubs);
  const auto& shown = std::get<IndividualEnrollment>(request->enrollment);
  CHECK_TRUE(std::get<SymmetricKeyAttestation>(shown.attestation).primary.empty());
  CHECK_TRUE(std::get<SymmetricKeyAttestation>(shown.attestation).secondary.empty());
  STRCMP_EQUAL("https://alloc.test/pick?****",
               shown.provisioning.custom_allocation->webhook_url.c_str());
  STRCMP_EQUAL("https://alloc.test/pick?code=secret", request->webhook.webhook_url.c_str());
  STRCMP_EQUAL("https://alloc.test/pick", masked_url("https://alloc.test/pick").c_str());
}

TEST(CustomAllocation, NeedsAWebhook) {
  enrollment.provisioning.custom_allocation.reset();
  CHECK_TRUE(custom_allocation_request(enrollment, hubs).error().code == Errc::allocation_failed);
}

TEST(CustomAllocation, JudgesStatusesAsDpsDoes) {
  CHECK_TRUE(judge_allocation_status(200).has_value());
  CHECK_TRUE(code_of(401) == Errc::allocation_unauthorized);
  for (const int again : {429, 430, 500, 503, 599}) CHECK_TRUE(code_of(again) == Errc::unavailable);
  for (const int no : {201, 204, 301, 302, 400, 403, 404, 428}) {
    CHECK_TRUE(code_of(no) == Errc::allocation_failed);
  }
}

TEST(CustomAllocation, AsksTenTimesMoreAndAlwaysLater) {
  CHECK_TRUE(allocation_pause(0) == std::chrono::seconds{1});
  CHECK_TRUE(allocation_pause(1) == std::chrono::seconds{10});
  CHECK_TRUE(allocation_pause(9) == std::chrono::seconds{82});
  CHECK_TRUE(may_ask_again(Errc::unavailable, 0));
  CHECK_TRUE(may_ask_again(Errc::timed_out, 9));
  CHECK_FALSE(may_ask_again(Errc::unavailable, 10));
  CHECK_FALSE(may_ask_again(Errc::allocation_failed, 0));
  CHECK_FALSE(may_ask_again(Errc::allocation_unauthorized, 0));
}

TEST(CustomAllocation, TakesAHubThatIsEligibleAndNoOther) {
  CHECK_TRUE(accept("B.TEST")->hub_id == HubId("b"));
  STRCMP_EQUAL("b.test", accept("B.TEST")->host_name.c_str());
  CHECK_TRUE(accept("B.TEST")->policy == AllocationPolicy::custom);
  CHECK_TRUE(accept("").error().code == Errc::allocation_hub_missing);
  CHECK_TRUE(accept("c.test").error().code == Errc::allocation_failed);
  enrollment.provisioning.iot_hubs = {"a.test"};
  CHECK_TRUE(accept("b.test").error().code == Errc::allocation_failed);
}
