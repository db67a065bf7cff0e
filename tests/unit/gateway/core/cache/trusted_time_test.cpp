#include "gateway/core/cache/trusted_time.hpp"

#include <CppUTest/TestHarness.h>

#include "tests/support/fake_clock.hpp"
#include "tests/support/memory_store.hpp"

using namespace berth;
using namespace berth::testing;
using gateway::TrustedTime;

TEST_GROUP(TrustedTime) {
  FakeClock clock;
  MemoryStore store;
  const WallTime start = clock.wall();
};

TEST(TrustedTime, FollowsTheClock) {
  TrustedTime time(clock, {});
  clock.advance(std::chrono::hours{1});
  CHECK_TRUE(time.now() == start + std::chrono::hours{1});
  CHECK_FALSE(time.clock_is_behind());
}

TEST(TrustedTime, NeverRunsBehindTheMark) {
  TrustedTime time(clock, start + std::chrono::days{1});
  CHECK_TRUE(time.now() == start + std::chrono::days{1});
  clock.advance(std::chrono::hours{1});
  CHECK_TRUE(time.now() == start + std::chrono::hours{25});
  CHECK_TRUE(time.clock_is_behind());
}

TEST(TrustedTime, GoesOnByUptimeWhenTheClockIsSetBack) {
  TrustedTime time(clock, {});
  clock.advance(std::chrono::hours{2});
  clock.set_wall(start);
  CHECK_TRUE(time.now() == start + std::chrono::hours{2});
  CHECK_TRUE(time.clock_is_behind());
}

TEST(TrustedTime, FollowsAClockThatIsSetForward) {
  // A board without a battery starts in 1970 and learns the time later.
  FakeClock board(WallTime{});
  TrustedTime time(board, {});
  board.set_wall(start);
  CHECK_TRUE(time.now() == start);
  CHECK_FALSE(time.clock_is_behind());
}

TEST(TrustedTime, ToleratesWhatNtpCorrects) {
  TrustedTime time(clock, start + gateway::kClockTolerance);
  CHECK_FALSE(time.clock_is_behind());
  TrustedTime beyond(clock, start + gateway::kClockTolerance + std::chrono::microseconds{1});
  CHECK_TRUE(beyond.clock_is_behind());
}

TEST(TrustedTime, BelievesTheCoordinator) {
  // A clock that once ran far ahead must not stop new devices for ever.
  TrustedTime time(clock, start + std::chrono::days{400});
  CHECK_TRUE(time.clock_is_behind());
  time.hear(start);
  CHECK_FALSE(time.clock_is_behind());
  CHECK_TRUE(time.now() == start);
}

TEST(TrustedTime, KeepsItsMark) {
  CHECK_TRUE(store.create_tenant(store::kNode).has_value());
  CHECK_TRUE(TrustedTime::restore(store).value() == WallTime{});
  TrustedTime time(clock, {});
  CHECK_TRUE(store::commit_one(store, time.mark()).has_value());
  CHECK_TRUE(TrustedTime::restore(store).value() == start);
}
