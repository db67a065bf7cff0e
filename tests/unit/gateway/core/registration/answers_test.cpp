#include "gateway/core/registration/answers.hpp"

#include "gateway/core/limits.hpp"
#include "tests/unit/gateway/core/registration/engine_bench.hpp"

using namespace berth;
using namespace berth::gateway;
using namespace berth::testing;
using domain::RegistrationStatus;

TEST_GROUP(Answers) {
  Operation operation;

  void setup() override {
    operation.operation_id = "5.x.y";
    operation.intent.registration_id = rid("dev-1");
    operation.opened = kNow;
  }
};

TEST(Answers, AskTheDeviceToComeAgainWhileItsHubIsNotDecided) {
  const Reply reply = assigning_reply(9, operation);
  LONGS_EQUAL(9, reply.token);
  const auto& told = std::get<OperationReply>(reply.content);
  STRCMP_EQUAL("5.x.y", told.status.operation_id.c_str());
  CHECK_TRUE(told.status.status == RegistrationStatus::assigning);
  CHECK_TRUE(told.retry_after == kRetryAfter);
}

TEST(Answers, ShowTheErrorOfAnOperationThatFailedAndNoHub) {
  operation.state = OperationState::failed;
  auto& outcome = operation.outcome.entry.registration;
  outcome.assigned_hub = "a.test";
  outcome.last_attempt = domain::FailedAttempt{kNow, 400207, "Custom allocation failed", "404", {}};
  const auto result = result_of(operation, {}, {});
  CHECK_TRUE(result.registration.status == RegistrationStatus::failed);
  LONGS_EQUAL(400207, *result.error_code);
  STRCMP_EQUAL("", result.registration.assigned_hub.c_str());
}

TEST(Answers, ShowTheOutcomeOfAnOperationThatEndedWell) {
  operation.state = OperationState::assigned;
  operation.outcome.entry.registration = assigned("dev-1", linked_hub("a"));
  operation.outcome.entry.registration.payload = R"({"hello":1})";
  const auto result = result_of(operation, {}, {});
  CHECK_TRUE(result.registration.status == RegistrationStatus::assigned);
  STRCMP_EQUAL(R"({"hello":1})", result.registration.payload.c_str());
}
