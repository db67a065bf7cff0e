#include "gateway/linux/memory.hpp"

#include <CppUTest/TestHarness.h>

#include "gateway/core/limits.hpp"

using namespace berth;
using gateway::kRushConnections;

TEST_GROUP(Memory) {
  gateway::Memory memory_;
};

TEST(Memory, SeesTheEndOfARushWhenHalfOfTheConnectionsAreGone) {
  CHECK_FALSE(memory_.is_rush_over(1000));
  CHECK_FALSE(memory_.is_rush_over(501));
  CHECK_TRUE(memory_.is_rush_over(500));
}

TEST(Memory, SaysItOnceForEachHalf) {
  static_cast<void>(memory_.is_rush_over(1000));
  CHECK_TRUE(memory_.is_rush_over(400));
  CHECK_FALSE(memory_.is_rush_over(400));
  CHECK_FALSE(memory_.is_rush_over(201));
  CHECK_TRUE(memory_.is_rush_over(200));
}

TEST(Memory, CallsFewConnectionsNoRush) {
  CHECK_FALSE(memory_.is_rush_over(kRushConnections - 1));
  CHECK_FALSE(memory_.is_rush_over(0));
  CHECK_FALSE(memory_.is_rush_over(kRushConnections));
  CHECK_TRUE(memory_.is_rush_over(0));
}
