#include "shared/runtime/system.hpp"

#include <CppUTest/TestHarness.h>

using berth::Bytes;
using namespace berth::runtime;

TEST_GROUP(SystemClock){};

TEST(SystemClock, MonotonicTimeNeverGoesBack) {
  const SystemClock clock;
  const auto first = clock.monotonic();
  CHECK_TRUE(clock.monotonic() >= first);
}

TEST(SystemClock, WallTimeIsAfterThisWasWritten) {
  const SystemClock clock;
  CHECK_TRUE(berth::unix_seconds(clock.wall()) > 1700000000);
}

TEST_GROUP(SystemEntropy){};

TEST(SystemEntropy, FillsAllOfABufferLargerThanOneSystemCallGives) {
  SystemEntropy entropy;
  const Bytes first = entropy.bytes(1024);
  const Bytes second = entropy.bytes(1024);
  CHECK_TRUE(first != second);
  CHECK_TRUE(Bytes(first.end() - 32, first.end()) != Bytes(32, 0));
}

TEST(SystemEntropy, FillsAnEmptyBuffer) {
  SystemEntropy entropy;
  CHECK_TRUE(entropy.bytes(0).empty());
}
