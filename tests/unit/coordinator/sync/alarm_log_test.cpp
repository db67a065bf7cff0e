#include "coordinator/sync/alarm_log.hpp"

#include <CppUTest/TestHarness.h>

using namespace berth;
using namespace berth::coordinator;

TEST_GROUP(AlarmLog) {
  MonotonicTime now{std::chrono::hours(5)};
  AlarmLog log{now};
  const domain::GatewayId bad{"gw-bad"};
  const domain::GatewayId other{"gw-other"};

  std::size_t told(std::size_t alarms) {
    std::size_t told = 0;
    for (std::size_t i = 0; i < alarms; ++i) {
      if (log.may_tell(bad, now)) ++told;
    }
    return told;
  }
};

TEST(AlarmLog, TellsAlarmsUpToTheRateAndCountsOnePastIt) {
  CHECK_EQUAL(kAlarmBurst, told(kAlarmBurst));
  CHECK_EQUAL(0, told(1));
  now += kAlarmSummaryInterval;
  const auto counted = log.due(now);
  CHECK_EQUAL(1, counted.size());
  STRCMP_EQUAL("gw-bad", counted.front().gateway.str().c_str());
  CHECK_EQUAL(1, counted.front().alarms);
}

TEST(AlarmLog, TellsOneMoreAfterEachInterval) {
  told(kAlarmBurst);
  now += kAlarmInterval;
  CHECK_EQUAL(1, told(3));
}

TEST(AlarmLog, LetsNoGatewayHideTheAlarmsOfAnother) {
  told(kAlarmBurst + 1000);
  CHECK_TRUE(log.may_tell(other, now));
}

TEST(AlarmLog, TellsCountsOnceAndNotBeforeTheirTime) {
  told(kAlarmBurst + 7);
  now += kAlarmSummaryInterval - std::chrono::seconds(1);
  CHECK_TRUE(log.due(now).empty());
  now += std::chrono::seconds(1);
  CHECK_EQUAL(7, log.due(now).front().alarms);
  now += kAlarmSummaryInterval;
  CHECK_TRUE(log.due(now).empty());
}

TEST(AlarmLog, ForgetsAGatewayThatIsQuietAgain) {
  told(kAlarmBurst);
  CHECK_EQUAL(1, log.remembered());
  now += static_cast<int>(kAlarmBurst) * kAlarmInterval;
  CHECK_TRUE(log.due(now).empty());
  CHECK_EQUAL(0, log.remembered());
}
