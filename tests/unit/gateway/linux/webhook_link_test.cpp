#include "gateway/linux/webhook_link.hpp"

#include <optional>

#include <CppUTest/TestHarness.h>

#include "gateway/core/limits.hpp"
#include "shared/crypto/mbedtls/mbedtls.hpp"
#include "tests/support/fake_entropy.hpp"
#include "tests/unit/gateway/linux/hub_server.hpp"

using namespace berth;
using namespace berth::gateway;
using namespace berth::testing;

// A webhook on loopback, and a coordinator that answers when it is asked.
TEST_GROUP(WebhookLink) {
  Loop loop_;
  std::unique_ptr<ports::Crypto> crypto_ = crypto::make_mbedtls_crypto();
  FakeEntropy entropy_;
  json::EnrollmentJson json_{*crypto_, entropy_};
  int status_ = 200;
  std::string body_ = R"({"iotHubHostName":"hub-b.test","payload":{"hello":1}})";
  HubServer webhook_{loop_, [this](const http::Request&) {
                       http::Response response;
                       response.status = status_;
                       response.body = body_;
                       return response;
                     }};
  sync::WebhookReply relayed_;
  std::vector<std::string> relayed_bodies_;
  bool is_in_reach_ = true;

  void setup() override {
    relayed_.reason = "the link is down";
  }
  void teardown() override {
    webhook_.stop();
    loop_.drain();
  }

  AskAllocation question() {
    AskAllocation action;
    action.operation.tenant = domain::IdScope("0ne0000000F");
    domain::IndividualEnrollment enrollment;
    enrollment.registration_id = *domain::RegistrationId::parse("dev-1");
    enrollment.attestation = domain::SymmetricKeyAttestation{};
    action.request.registration_id = enrollment.registration_id;
    action.request.enrollment = enrollment;
    action.request.enrollment_ref = {false, "dev-1", 1};
    action.request.webhook = {webhook_.url() + "/pick?code=x", "2021-10-01"};
    action.request.linked_hubs = {"hub-a.test", "hub-b.test"};
    return action;
  }
  Result<domain::CustomAllocationAnswer> ask() {
    runtime::Reach::Rules rules;
    rules.loopback = is_in_reach_;
    runtime::WebhookClient client(loop_.executor(), runtime::make_plain_context(),
                                  runtime::Reach(rules), domain::kMaxAllocationAnswer,
                                  std::chrono::seconds{30});
    WebhookLink link(loop_.executor(), json_, client,
                     [this](const domain::IdScope&, const domain::EnrollmentRef& enrollment,
                            std::string body, const WebhookLink::RelayDone& done) {
                       STRCMP_EQUAL("dev-1", enrollment.id.c_str());
                       relayed_bodies_.push_back(std::move(body));
                       done(relayed_);
                     });
    std::optional<Result<domain::CustomAllocationAnswer>> answer;
    link.ask(question(), [&answer](auto given) { answer = std::move(given); });
    run_until(loop_, [&answer] { return answer.has_value(); });
    return *answer;
  }
  Errc failure() {
    const auto answer = ask();
    CHECK_FALSE(answer.has_value());
    return answer.error().code;
  }
};

TEST(WebhookLink, CallsTheWebhookItselfWhereItReachesIt) {
  const auto answer = ask();
  CHECK_TRUE(answer.has_value());
  STRCMP_EQUAL("hub-b.test", answer->host_name.c_str());
  STRCMP_EQUAL(R"({"hello":1})", answer->payload.c_str());
  LONGS_EQUAL(1, webhook_.requests.size());
  STRCMP_EQUAL("/pick?code=x", webhook_.requests[0].target.c_str());
  CHECK_TRUE(webhook_.requests[0].body.find(R"("linkedHubs":["hub-a.test","hub-b.test"])") !=
             std::string::npos);
  LONGS_EQUAL(0, relayed_bodies_.size());
}

TEST(WebhookLink, AsksTheCoordinatorWhereItDoesNot) {
  is_in_reach_ = false;
  relayed_.status = 200;
  relayed_.body = R"({"iotHubHostName":"hub-a.test"})";
  STRCMP_EQUAL("hub-a.test", ask()->host_name.c_str());
  LONGS_EQUAL(0, webhook_.requests.size());
  LONGS_EQUAL(1, relayed_bodies_.size());
}

TEST(WebhookLink, SaysThatNobodyReachesItSoThatItIsAskedAgain) {
  is_in_reach_ = false;
  CHECK_TRUE(failure() == Errc::unavailable);
}

TEST(WebhookLink, HearsAnAnswerThroughTheCoordinatorAsItHearsItsOwn) {
  is_in_reach_ = false;
  relayed_.status = 401;
  CHECK_TRUE(failure() == Errc::allocation_unauthorized);
  relayed_.status = 503;
  CHECK_TRUE(failure() == Errc::unavailable);
}

TEST(WebhookLink, LeavesAnAnswerOfTheWebhookAsItIs) {
  relayed_.status = 200;
  relayed_.body = body_;
  status_ = 404;
  CHECK_TRUE(failure() == Errc::allocation_failed);
  status_ = 503;
  CHECK_TRUE(failure() == Errc::unavailable);
  status_ = 200;
  body_ = "hub-a.test";
  CHECK_TRUE(failure() == Errc::allocation_failed);
  body_ = std::string(domain::kMaxAllocationAnswer + 1, ' ');
  CHECK_TRUE(failure() == Errc::allocation_failed);
  LONGS_EQUAL(0, relayed_bodies_.size());
}

TEST(WebhookLink, HasSoManyCallsUnderWayAndRefusesOneMoreAtOnce) {
  runtime::WebhookClient client(loop_.executor(), runtime::make_plain_context(),
                                runtime::Reach(runtime::Reach::Rules{}),
                                domain::kMaxAllocationAnswer, std::chrono::seconds{30});
  std::vector<WebhookLink::RelayDone> relayed;
  WebhookLink link(loop_.executor(), json_, client,
                   [&relayed](const domain::IdScope&, const domain::EnrollmentRef&, std::string,
                              const WebhookLink::RelayDone& done) { relayed.push_back(done); });
  std::size_t answered = 0;
  const auto count = [&answered](const auto& given) {
    if (given.has_value()) ++answered;
  };
  for (std::size_t i = 0; i < kMaxWebhookCalls; ++i) link.ask(question(), count);
  run_until(loop_, [&relayed] { return relayed.size() == kMaxWebhookCalls; });
  std::optional<Result<domain::CustomAllocationAnswer>> refused;
  link.ask(question(), [&refused](auto given) { refused = std::move(given); });
  run_until(loop_, [&refused] { return refused.has_value(); });
  CHECK_TRUE(refused->error().code == Errc::unavailable);
  LONGS_EQUAL(0, answered);

  relayed_.status = 200;
  relayed_.body = body_;
  for (const auto& done : relayed) done(relayed_);
  run_until(loop_, [&answered] { return answered == kMaxWebhookCalls; });
  // What has ended makes room.
  link.ask(question(), count);
  run_until(loop_, [&relayed] { return relayed.size() == kMaxWebhookCalls + 1; });
  relayed.back()(relayed_);
  run_until(loop_, [&answered] { return answered == kMaxWebhookCalls + 1; });
}
