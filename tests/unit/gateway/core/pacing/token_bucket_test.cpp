#include "gateway/core/pacing/token_bucket.hpp"

#include <chrono>

#include <CppUTest/TestHarness.h>

using namespace berth;
using namespace std::chrono_literals;
using gateway::TokenBucket;

TEST_GROUP(TokenBucket) {
  TokenBucket bucket;
  MonotonicTime now = 1000s;

  int take_all() {
    int taken = 0;
    while (taken < 1'000'000 && bucket.take(now)) ++taken;
    return taken;
  }
};

TEST(TokenBucket, WithoutALimitThereIsAlwaysOne) {
  for (int i = 0; i < 1000; ++i) CHECK_TRUE(bucket.take(now));
  CHECK_TRUE(bucket.next(now) == now);
}

TEST(TokenBucket, ATenthOfAMinutesComesAtOnce) {
  bucket.set_limit(100, now);
  CHECK_EQUAL(10, take_all());
  CHECK_FALSE(bucket.take(now));
}

TEST(TokenBucket, NoMinuteHasMoreThanTheLimit) {
  for (const std::uint32_t limit : {1U, 2U, 7U, 100U, 5000U}) {
    TokenBucket fresh;
    bucket = fresh;
    now = 1000s;
    bucket.set_limit(limit, now);
    std::uint32_t taken = 0;
    for (const MonotonicTime end = now + 60s; now < end; now += 10ms) {
      while (bucket.take(now)) ++taken;
    }
    CHECK_TRUE(taken <= limit);
    CHECK_TRUE(taken + 1 >= limit * 0.9);
  }
}

TEST(TokenBucket, TellsWhenTheNextOneIsThere) {
  bucket.set_limit(100, now);
  take_all();
  const MonotonicTime next = bucket.next(now);
  CHECK_TRUE(next > now && next < now + 1s);
  now = next - 1us;
  CHECK_FALSE(bucket.take(now));
  now = next;
  CHECK_TRUE(bucket.take(now));
}

TEST(TokenBucket, AFullBucketStaysSo) {
  bucket.set_limit(100, now);
  now += 1h;
  CHECK_EQUAL(10, take_all());
}

TEST(TokenBucket, AnotherLimitDoesNotGiveBackWhatWasTaken) {
  bucket.set_limit(100, now);
  take_all();
  bucket.set_limit(1000, now);
  CHECK_FALSE(bucket.take(now));
  bucket.set_limit(0, now);
  CHECK_TRUE(bucket.take(now));
}
