#include "tools/device/conversation.hpp"

#include <vector>

#include <CppUTest/TestHarness.h>

#include "tests/support/loop.hpp"

using namespace berth;
using namespace berth::testing;
using namespace std::chrono_literals;

namespace {

// Answers what it was given, one reply a question, the last one for ever.
class Scripted final : public device::Conversation {
 public:
  explicit Scripted(std::vector<Result<device::Reply>> replies) : replies_(std::move(replies)) {}

  runtime::Task<Result<device::Reply>> ask(std::string operation_id, device::Deadline) override {
    asked.push_back(std::move(operation_id));
    const std::size_t index = std::min(asked.size(), replies_.size()) - 1;
    co_return replies_[index];
  }

  std::vector<std::string> asked;

 private:
  std::vector<Result<device::Reply>> replies_;
};

device::Reply reply(int status, const char* body, const char* retry_after = "0") {
  device::Reply made;
  made.status = status;
  made.retry_after = retry_after;
  made.body = body;
  return made;
}

constexpr const char* kAssigning = R"({"operationId":"4.a","status":"assigning"})";

}  // namespace

TEST_GROUP(Conversation) {
  Loop loop_;

  Result<device::Outcome> run(Scripted & script, std::chrono::milliseconds patience = 30s) {
    return loop_.run(device::converse(script, std::chrono::steady_clock::now() + patience));
  }
};

TEST(Conversation, AsksForTheOperationUntilItHasEnded) {
  Scripted script({reply(202, kAssigning), reply(202, kAssigning),
                   reply(200, R"({"status":"assigned","registrationState":{"assignedHub":"h"}})")});
  const auto outcome = run(script);
  CHECK_TRUE(outcome->assigned);
  CHECK(script.asked == (std::vector<std::string>{"", "4.a", "4.a"}));
}

TEST(Conversation, ARefusalIsAnOutcome) {
  Scripted script({reply(401, R"({"errorCode":401002,"message":"Unauthorized"})")});
  const auto outcome = run(script);
  CHECK_FALSE(outcome->assigned);
  LONGS_EQUAL(401002, outcome->error_code);
  LONGS_EQUAL(1, script.asked.size());
}

TEST(Conversation, EndsWithTheConnection) {
  Scripted script({reply(202, kAssigning), Error{Errc::unavailable, "gone"}});
  const auto outcome = run(script);
  STRCMP_EQUAL("gone", outcome.error().reason.c_str());
}

TEST(Conversation, EndsInTimeAlsoWhenItIsToldToWaitLonger) {
  Scripted script({reply(202, kAssigning, "30")});
  const auto outcome = run(script, 50ms);
  CHECK(outcome.error().code == Errc::timed_out);
  LONGS_EQUAL(1, script.asked.size());
}
