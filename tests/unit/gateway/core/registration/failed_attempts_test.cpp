#include "gateway/core/registration/failed_attempts.hpp"

#include <CppUTest/TestHarness.h>

#include "gateway/core/limits.hpp"
#include "tests/unit/gateway/core/registration/engine_bench.hpp"

using namespace berth;
using namespace berth::testing;
using namespace std::chrono_literals;
using gateway::FailedAttempts;
using gateway::HeldReplies;
using gateway::RecentCounts;

TEST_GROUP(RecentCounts) {
  RecentCounts counts_{60s, 3};
};

TEST(RecentCounts, CountEachKeyByItself) {
  LONGS_EQUAL(1, counts_.add("a", 0s));
  LONGS_EQUAL(1, counts_.add("b", 0s));
  LONGS_EQUAL(2, counts_.add("a", 1s));
}

TEST(RecentCounts, RememberTheWindowBefore) {
  counts_.add("a", 0s);
  LONGS_EQUAL(2, counts_.add("a", 60s));
  LONGS_EQUAL(2, counts_.add("a", 120s));
}

TEST(RecentCounts, SayWhatTheyCounted) {
  LONGS_EQUAL(0, counts_.count("a", 0s));
  counts_.add("a", 0s);
  LONGS_EQUAL(1, counts_.count("a", 59s));
  LONGS_EQUAL(1, counts_.count("a", 119s));
  LONGS_EQUAL(0, counts_.count("a", 120s));
}

TEST(RecentCounts, ForgetAfterASilentWindow) {
  counts_.add("a", 0s);
  counts_.add("a", 1s);
  LONGS_EQUAL(1, counts_.add("a", 121s));
}

TEST(RecentCounts, HoldSoManyKeysAWindowAndBeginTheNextAtOneMore) {
  for (const char* key : {"a", "b", "c"}) counts_.add(key, 0s);
  LONGS_EQUAL(3, counts_.keys());
  LONGS_EQUAL(2, counts_.add("a", 0s));
  counts_.add("d", 0s);
  LONGS_EQUAL(4, counts_.keys());
  LONGS_EQUAL(3, counts_.add("a", 0s));
  // Two full windows are all there ever is.
  for (int i = 0; i < 100; ++i) counts_.add(std::to_string(i), 0s);
  CHECK_TRUE(counts_.keys() <= 6);
}

TEST_GROUP(FailedAttempts) {
  FailedAttempts failed_;

  std::chrono::milliseconds fail(const char* source, const std::string& id) {
    return failed_.note(source, "0ne1", id, 0s);
  }
};

TEST(FailedAttempts, ADevicesFirstFailuresAreAnsweredAtOnceAndOneMoreIsNot) {
  for (std::uint32_t i = 0; i < gateway::kFreeFailuresOfDevice; ++i) {
    CHECK(fail("192.0.2.1", "dev-1") == 0ms);
  }
  CHECK(fail("192.0.2.1", "dev-1") == gateway::kFirstFailureDelay);
  CHECK(fail("192.0.2.1", "DEV-1") == 2 * gateway::kFirstFailureDelay);
}

TEST(FailedAttempts, MakeADeviceSuspectAtTheLimitAndNotOneBefore) {
  for (std::uint32_t i = 1; i < gateway::kFreeFailuresOfDevice; ++i) {
    static_cast<void>(fail("192.0.2.1", "dev-1"));
  }
  CHECK_FALSE(failed_.is_suspect("192.0.2.1", "0ne1", "dev-1", 0s));
  static_cast<void>(fail("192.0.2.1", "dev-1"));
  CHECK_TRUE(failed_.is_suspect("192.0.2.1", "0ne1", "dev-1", 0s));
  CHECK_FALSE(failed_.is_suspect("192.0.2.2", "0ne1", "dev-1", 0s));
  CHECK_FALSE(failed_.is_suspect("192.0.2.1", "0ne1", "dev-2", 0s));
}

TEST(FailedAttempts, WaitNoLongerThanTheLimit) {
  auto delay = 0ms;
  for (int i = 0; i < 100; ++i) delay = fail("192.0.2.1", "dev-1");
  CHECK(delay == gateway::kMaxFailureDelay);
}

TEST(FailedAttempts, UnderAnIdFromOneAddressCostOtherAddressesNothing) {
  for (int i = 0; i < 50; ++i) static_cast<void>(fail("192.0.2.1", "dev-1"));
  CHECK(fail("192.0.2.2", "dev-1") == 0ms);
  CHECK(fail("192.0.2.1", "dev-2") == 0ms);
}

TEST(FailedAttempts, OfAnAddressUnderManyIdsAreFreeUpToTheLimitAndOneMoreIsNot) {
  for (std::uint32_t i = 0; i < gateway::kFreeFailuresOfSource; ++i) {
    CHECK(fail("192.0.2.1", "dev-" + std::to_string(i)) == 0ms);
  }
  CHECK(fail("192.0.2.1", "another") == gateway::kFirstFailureDelay);
}

TEST(FailedAttempts, CountForTwoWindowsAtMost) {
  for (std::uint32_t i = 0; i < gateway::kFreeFailuresOfDevice; ++i) {
    static_cast<void>(fail("192.0.2.1", "dev-1"));
  }
  CHECK_TRUE(failed_.is_suspect("192.0.2.1", "0ne1", "dev-1", 2 * gateway::kFailureWindow - 1us));
  CHECK_FALSE(failed_.is_suspect("192.0.2.1", "0ne1", "dev-1", 2 * gateway::kFailureWindow));
}

TEST(FailedAttempts, AreCountedOfSoManyInAWindowAndOneMoreBeginsTheNext) {
  std::size_t next = 0;
  const auto fail_elsewhere = [&](std::size_t times) {
    for (std::size_t i = 0; i < times; ++i) {
      static_cast<void>(fail(std::to_string(next++).c_str(), "dev-1"));
    }
  };
  // By their devices and by their sources, in this window and in the one before.
  fail_elsewhere(2 * gateway::kMaxCountedFailures);
  LONGS_EQUAL(4 * gateway::kMaxCountedFailures, failed_.counted());
  fail_elsewhere(1);
  LONGS_EQUAL(2 * (gateway::kMaxCountedFailures + 1), failed_.counted());
}

TEST_GROUP(HeldReplies) {
  HeldReplies held_;

  static gateway::Reply reply(gateway::RequestToken token) {
    gateway::Reply made;
    made.token = token;
    return made;
  }
};

TEST(HeldReplies, AreGivenWhenTheirTimeHasCome) {
  auto late = reply(1);
  auto early = reply(2);
  CHECK_TRUE(held_.hold(late, 20ms));
  CHECK_TRUE(held_.hold(early, 10ms));
  CHECK(held_.next_due() == MonotonicTime{10ms});
  LONGS_EQUAL(0, held_.take_due(9ms).size());
  const auto due = held_.take_due(10ms);
  LONGS_EQUAL(1, due.size());
  LONGS_EQUAL(2, due[0].token);
  LONGS_EQUAL(1, held_.take_due(1s).size());
  CHECK_FALSE(held_.next_due().has_value());
}

TEST(HeldReplies, AreAsManyAsTheLimitAndNotOneMore) {
  for (std::size_t i = 0; i < gateway::kMaxHeldReplies; ++i) {
    auto one = reply(i);
    CHECK_TRUE(held_.hold(one, 1s));
  }
  auto more = reply(0);
  CHECK_FALSE(held_.hold(more, 1s));
  LONGS_EQUAL(gateway::kMaxHeldReplies, held_.size());
}

TEST_GROUP(EngineUnderGuesses) {
  EngineBench bench_;

  void setup() override {
    bench_.cache.put(individual("dev-1"));
    bench_.link.up = false;
    for (std::uint32_t i = 0; i < gateway::kFreeFailuresOfDevice; ++i) {
      bench_.check_refused(bench_.register_device("dev-1", key(66)), Errc::unauthorized);
    }
  }
};

TEST(EngineUnderGuesses, AnswersTheNextGuessLater) {
  const auto guess = bench_.register_device("dev-1", key(66));
  CHECK_FALSE(bench_.reply_to(guess).has_value());
  CHECK(bench_.pass_to_wake() == gateway::kFirstFailureDelay);
  bench_.check_refused(guess, Errc::unauthorized);
}

TEST(EngineUnderGuesses, AsksTheCoordinatorNothingForWhoGuesses) {
  bench_.link.up = true;
  bench_.register_device("dev-1", key(66));
  CHECK_FALSE(bench_.wants<gateway::RequestFence>());
  // For others it does.
  bench_.register_device("dev-2", key(66));
  CHECK_TRUE(bench_.wants<gateway::RequestFence>());
}

TEST(EngineUnderGuesses, ServesTheOwnerOfTheIdAtOnce) {
  for (int i = 0; i < 100; ++i) bench_.register_device("dev-1", key(66));
  bench_.provision("dev-1");
}
