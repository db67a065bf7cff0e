#include "gateway/linux/log_throttle.hpp"

#include <CppUTest/TestHarness.h>

using namespace berth;
using namespace std::chrono_literals;
using gateway::LogThrottle;

TEST_GROUP(LogThrottle) {
  LogThrottle throttle_{2};
};

TEST(LogThrottle, SaysSoManyInASecondAndLeavesOutOneMore) {
  CHECK_TRUE(throttle_.ask(0ms).may_log);
  CHECK_TRUE(throttle_.ask(500ms).may_log);
  CHECK_FALSE(throttle_.ask(999ms).may_log);
}

TEST(LogThrottle, SaysLaterHowManyItLeftOut) {
  for (int i = 0; i < 5; ++i) static_cast<void>(throttle_.ask(0ms));
  const auto next = throttle_.ask(1s);
  CHECK_TRUE(next.may_log);
  LONGS_EQUAL(3, next.unsaid);
  LONGS_EQUAL(0, throttle_.ask(2s).unsaid);
}
