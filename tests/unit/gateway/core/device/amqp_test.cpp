#include "gateway/core/device/amqp.hpp"

#include <CppUTest/TestHarness.h>

#include "shared/protocol/errors.hpp"
#include "tests/support/fake_body_codec.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_entropy.hpp"

using namespace berth;
using namespace berth::gateway;
using namespace berth::testing;

TEST_GROUP(DeviceAmqp) {
  FakeBodyCodec json;
  FakeClock clock;
  FakeEntropy entropy;
  DeviceAmqp mapping{json, clock, entropy};
  Claim claim;
  amqp::RequestMessage message;

  void setup() override {
    claim.id_scope = "0ne00LAB001";
    claim.registration_id = "dev-1";
    claim.api_version = "2019-03-31";
    message.operation_type = "iotdps-register";
  }
  Errc refused() {
    const auto read = mapping.read(message, claim, 7);
    const auto* refusal = std::get_if<AmqpRefusal>(&read);
    CHECK_TRUE(refusal != nullptr);
    CHECK_FALSE(refusal->reason.empty());
    CHECK_TRUE(refusal->description.starts_with("error "));
    CHECK_TRUE(refusal->condition == protocol::device_error(refusal->code).amqp_condition);
    return refusal->code;
  }
  AmqpRefusal refusal_for(const Refusal& content) {
    auto written = mapping.write({7, content}, {});
    auto* refusal = std::get_if<AmqpRefusal>(&written);
    CHECK_TRUE(refusal != nullptr);
    return *refusal;
  }
};

TEST(DeviceAmqp, ReadsARegistration) {
  message.body = "id dev-1";
  const auto read = mapping.read(message, claim, 7);
  const auto* request = std::get_if<RegisterRequest>(std::get_if<DeviceRequest>(&read));
  CHECK_TRUE(request != nullptr);
  LONGS_EQUAL(7, request->token);
  STRCMP_EQUAL("dev-1", request->claim.registration_id.c_str());
  STRCMP_EQUAL("dev-1", request->body.registration_id->c_str());
}

TEST(DeviceAmqp, ReadsARegistrationWithoutBody) {
  const auto read = mapping.read(message, claim, 7);
  CHECK_TRUE(std::holds_alternative<RegisterRequest>(*std::get_if<DeviceRequest>(&read)));
}

TEST(DeviceAmqp, ReadsAPollWhateverItsBody) {
  message.operation_type = "iotdps-get-operationstatus";
  message.operation_id = "5.ab.cd";
  message.body = "what C repeats";
  const auto read = mapping.read(message, claim, 7);
  const auto* request = std::get_if<PollRequest>(std::get_if<DeviceRequest>(&read));
  CHECK_TRUE(request != nullptr);
  STRCMP_EQUAL("5.ab.cd", request->operation_id.c_str());
}

TEST(DeviceAmqp, RefusesMessagesThatMeanNothing) {
  message.operation_type = "iotdps-get-operationstatus";
  CHECK_TRUE(refused() == Errc::invalid);
  message.operation_type = "iotdps-get-registration";
  CHECK_TRUE(refused() == Errc::invalid);
  message.operation_type = "";
  CHECK_TRUE(refused() == Errc::invalid);
  message.operation_type = "iotdps-register";
  message.body = "garbage";
  CHECK_TRUE(refused() == Errc::malformed);
  message.body.clear();
  claim.api_version = "";
  CHECK_TRUE(refused() == Errc::invalid);
  claim.api_version = "latest";
  CHECK_TRUE(refused() == Errc::invalid);
}

TEST(DeviceAmqp, AnswersWhatIsUnderWayWithARetryAfter) {
  OperationReply operation;
  operation.status = {"5.ab.cd", domain::RegistrationStatus::assigning, std::nullopt};
  operation.retry_after = std::chrono::seconds{3};
  const auto written = mapping.write({7, operation}, {0xA1, 0x01, 'x'});
  const auto* reply = std::get_if<amqp::ReplyMessage>(&written);
  CHECK_TRUE(reply != nullptr);
  LONGS_EQUAL(202, reply->status);
  LONGS_EQUAL(3, reply->retry_after->count());
  STRCMP_EQUAL("operation 5.ab.cd assigning", reply->body.c_str());
  LONGS_EQUAL(3, reply->correlation_id.size());
}

TEST(DeviceAmqp, AnswersWhatIsFinalWithoutRetryAfter) {
  for (const auto status :
       {domain::RegistrationStatus::assigned, domain::RegistrationStatus::failed}) {
    OperationReply operation;
    operation.status = {"5.ab.cd", status, std::nullopt};
    const auto written = mapping.write({7, operation}, {});
    const auto* reply = std::get_if<amqp::ReplyMessage>(&written);
    CHECK_TRUE(reply != nullptr);
    LONGS_EQUAL(200, reply->status);
    CHECK_FALSE(reply->retry_after.has_value());
  }
}

// Device API 3.3: the conditions that Node tells apart; C# reads the code in the description.
TEST(DeviceAmqp, RefusesWithTheConditionsThatSdksKnow) {
  const struct {
    Errc code;
    const char* condition;
    const char* description;
  } expected[] = {
      {Errc::unauthorized, "amqp:unauthorized-access", "error 401002 guid"},
      {Errc::certificate_refused, "amqp:unauthorized-access", "error 401002 guid"},
      {Errc::not_found, "amqp:not-found", "error 404201 guid"},
      {Errc::invalid, "com.microsoft:argument-error", "error 400201 guid"},
      {Errc::throttled, "com.microsoft:device-container-throttled", "error 429001 guid"},
      {Errc::unavailable, "amqp:internal-error", "error 503001 guid"},
      {Errc::internal, "amqp:internal-error", "error 500001 guid"},
      {Errc::too_large, "amqp:link:message-size-exceeded", "error 413201 guid"},
  };
  for (const auto& one : expected) {
    const AmqpRefusal refusal = refusal_for({one.code, "guid", std::chrono::seconds{0}});
    CHECK_TRUE(refusal.condition == one.condition);
    STRCMP_EQUAL(one.description, refusal.description.c_str());
    CHECK_FALSE(refusal.retry_after.has_value());
    CHECK_TRUE(refusal.reason.empty());
  }
}

TEST(DeviceAmqp, SaysWhenToTryAgain) {
  const AmqpRefusal refusal = refusal_for({Errc::throttled, "guid", std::chrono::seconds{30}});
  LONGS_EQUAL(30, refusal.retry_after->count());
}

TEST(DeviceAmqp, RefusesATpmThatCameWithoutItsMechanism) {
  const auto written = mapping.write({7, ChallengeReply{{1, 2, 3}}}, {});
  const auto* refusal = std::get_if<AmqpRefusal>(&written);
  CHECK_TRUE(refusal != nullptr);
  CHECK_TRUE(refusal->code == Errc::unauthorized);
}
