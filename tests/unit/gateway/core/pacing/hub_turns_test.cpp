#include "gateway/core/pacing/hub_turns.hpp"

#include <chrono>
#include <vector>

#include <CppUTest/TestHarness.h>

#include "gateway/core/limits.hpp"

using namespace berth;
using namespace berth::gateway;
using namespace std::chrono_literals;

namespace {

const domain::IdScope kOne("0ne00000001");
const domain::IdScope kTwo("0ne00000002");

using Tickets = std::vector<HubTurns::Ticket>;

}  // namespace

TEST_GROUP(HubTurns) {
  HubTurns turns;
  MonotonicTime now = 1000s;

  void come(HubTurns::Ticket ticket, const domain::IdScope& tenant = kOne,
            TurnKind kind = TurnKind::device) {
    CHECK_TRUE(turns.wait(ticket, tenant, kind));
  }
  // Leaves room for one request at a time, so that the order shows.
  void fill_up() {
    for (std::size_t i = 0; i < kMaxUnderWayAtHub; ++i) come(1000 + i);
    CHECK_EQUAL(kMaxUnderWayAtHub, turns.due(now).size());
  }
  HubTurns::Ticket next() {
    turns.done({}, now);
    const Tickets due = turns.due(now);
    CHECK_EQUAL(1, due.size());
    return due.empty() ? 0 : due.front();
  }
};

TEST(HubTurns, WithoutALimitEverybodysTurnIsNow) {
  come(1);
  come(2, kTwo, TurnKind::cleanup);
  CHECK_TRUE(turns.due(now) == (Tickets{1, 2}));
  CHECK_TRUE(turns.due(now).empty());
  CHECK_FALSE(turns.next_wake(now).has_value());
}

TEST(HubTurns, OnlySoManyAreUnderWayAtOnce) {
  fill_up();
  come(1);
  CHECK_TRUE(turns.due(now).empty());
  CHECK_FALSE(turns.next_wake(now).has_value());
  CHECK_EQUAL(1, next());
}

TEST(HubTurns, TenantsTakeTurnsHoweverManyDevicesOneBrings) {
  fill_up();
  for (HubTurns::Ticket i = 1; i <= 5; ++i) come(i, kOne);
  come(11, kTwo);
  come(12, kTwo);
  Tickets order;
  for (int i = 0; i < 7; ++i) order.push_back(next());
  CHECK_TRUE(order == (Tickets{1, 11, 2, 12, 3, 4, 5}));
}

TEST(HubTurns, WhatHasBegunGoesFirst) {
  fill_up();
  come(1);
  come(2, kTwo, TurnKind::cleanup);
  come(3, kOne, TurnKind::under_way);
  CHECK_EQUAL(3, next());
  CHECK_EQUAL(1, next());
  CHECK_EQUAL(2, next());
}

TEST(HubTurns, DevicesGoBeforeCleanUpWhichIsNotForgotten) {
  fill_up();
  come(1, kOne, TurnKind::cleanup);
  for (int i = 0; i < kDevicesPerCleanup + 5; ++i) come(100 + static_cast<HubTurns::Ticket>(i));
  for (int i = 0; i < kDevicesPerCleanup; ++i) CHECK_TRUE(next() >= 100);
  CHECK_EQUAL(1, next());
  CHECK_TRUE(next() >= 100);
}

TEST(HubTurns, StaysUnderTheHubsLimit) {
  turns.set_limit(kOne, 100, now);
  for (HubTurns::Ticket i = 0; i < 200; ++i) come(i);
  std::size_t sent = 0;
  const MonotonicTime end = now + 60s;
  while (now < end) {
    for (const auto ticket : turns.due(now)) {
      static_cast<void>(ticket);
      turns.done({}, now);
      ++sent;
    }
    const auto wake = turns.next_wake(now);
    CHECK_TRUE(wake && *wake > now);
    now = *wake;
  }
  CHECK_TRUE(sent <= 100 && sent >= 90);
}

TEST(HubTurns, OfTwoTenantsLimitsTheSmallerCounts) {
  turns.set_limit(kOne, 1000, now);
  turns.set_limit(kTwo, 20, now);
  for (HubTurns::Ticket i = 0; i < 50; ++i) come(i);
  CHECK_EQUAL(2, turns.due(now).size());
}

TEST(HubTurns, AHubThatThrottlesIsLeftAloneForAsLongAsItSays) {
  come(1);
  CHECK_EQUAL(1, turns.due(now).size());
  turns.done({true, 7s}, now);
  come(2);
  CHECK_TRUE(turns.due(now).empty());
  CHECK_TRUE(*turns.next_wake(now) == now + 7s);
  now += 7s;
  CHECK_EQUAL(1, turns.due(now).size());
}

TEST(HubTurns, AHubThatDoesNotSayIsLeftAloneLongerEachTime) {
  std::chrono::seconds expected = kFirstThrottlePause;
  for (int i = 0; i < 10; ++i) {
    come(1);
    CHECK_EQUAL(1, turns.due(now).size());
    turns.done({true, std::nullopt}, now);
    come(2);
    CHECK_TRUE(*turns.next_wake(now) == now + expected);
    now += expected;
    CHECK_EQUAL(1, turns.due(now).size());
    // Half of the pauses: this answer is throttled as well.
    turns.done({true, std::nullopt}, now);
    expected = std::min(expected * 2, kLastThrottlePause);
    come(3);
    CHECK_TRUE(*turns.next_wake(now) == now + expected);
    now += expected;
    CHECK_EQUAL(1, turns.due(now).size());
    turns.done({}, now);
    expected = kFirstThrottlePause;
  }
}

TEST(HubTurns, APauseHasALimit) {
  for (const auto told : {std::chrono::seconds{0}, std::chrono::seconds{86400}}) {
    come(1);
    CHECK_EQUAL(1, turns.due(now).size());
    turns.done({true, told}, now);
    come(2);
    const auto wake = *turns.next_wake(now);
    CHECK_TRUE(wake >= now + kFirstThrottlePause && wake <= now + kLastThrottlePause);
    now = wake;
    CHECK_EQUAL(1, turns.due(now).size());
    turns.done({}, now);
  }
}

TEST(HubTurns, RequestsThatWereUnderWayTogetherAreOneThrottling) {
  come(1);
  come(2);
  CHECK_EQUAL(2, turns.due(now).size());
  turns.done({true, std::nullopt}, now);
  turns.done({true, std::nullopt}, now + 10ms);
  come(3);
  CHECK_TRUE(*turns.next_wake(now) == now + kFirstThrottlePause);
}

TEST(HubTurns, OnlySoManyDevicesWait) {
  for (std::size_t i = 0; i < kMaxWaitingAtHub; ++i) come(i);
  CHECK_FALSE(turns.wait(1, kTwo, TurnKind::device));
  CHECK_TRUE(turns.wait(2, kTwo, TurnKind::under_way));
  CHECK_TRUE(turns.wait(3, kTwo, TurnKind::cleanup));
}

TEST(HubTurns, OnlySoManyCleanUpTasksWait) {
  for (std::size_t i = 0; i < kMaxCleanupAtHub; ++i) come(i, kOne, TurnKind::cleanup);
  CHECK_FALSE(turns.wait(1, kOne, TurnKind::cleanup));
  CHECK_TRUE(turns.wait(2, kOne, TurnKind::device));
}

TEST(HubTurns, IsIdleWhenNothingIsToBeRemembered) {
  CHECK_TRUE(turns.idle(now));
  come(1);
  CHECK_FALSE(turns.idle(now));
  CHECK_EQUAL(1, turns.due(now).size());
  CHECK_FALSE(turns.idle(now));
  turns.done({true, 5s}, now);
  CHECK_FALSE(turns.idle(now));
  CHECK_TRUE(turns.idle(now + 5s));
  turns.set_limit(kOne, 10, now);
  CHECK_FALSE(turns.idle(now + 5s));
}
