#include "gateway/linux/hub_traffic.hpp"

#include <chrono>
#include <optional>
#include <vector>

#include <CppUTest/TestHarness.h>

#include "gateway/core/limits.hpp"
#include "shared/runtime/system.hpp"
#include "shared/runtime/task_group.hpp"
#include "tests/support/loop.hpp"
#include "tests/unit/gateway/linux/hub_server.hpp"

using namespace berth;
using namespace berth::gateway;
using namespace berth::testing;
using namespace std::chrono_literals;

TEST_GROUP(HubTraffic) {
  Loop loop_;
  runtime::SystemClock clock_;
  HubTraffic traffic_{loop_.executor(), clock_};
  HubTraffic::Place place_{"https://hub.example", domain::IdScope("0ne00000001"), TurnKind::device,
                           0};
  std::vector<HubTraffic::Turn> held_;
  std::vector<Errc> refused_;

  void teardown() override {
    held_.clear();
    traffic_.stop();
    loop_.drain();
  }
  runtime::Task<void> wait_for(HubTraffic::Place place) {
    auto turn = co_await traffic_.turn(std::move(place));
    if (turn) {
      held_.push_back(std::move(*turn));
    } else {
      refused_.push_back(turn.error().code);
    }
  }
};

TEST(HubTraffic, ATurnIsGivenAtOnceWhereNothingHinders) {
  loop_.run(wait_for(place_));
  CHECK_EQUAL(1, held_.size());
}

TEST(HubTraffic, WhoWaitsGoesOnWhenAnotherEnds) {
  for (std::size_t i = 0; i < kMaxUnderWayAtHub; ++i) loop_.run(wait_for(place_));
  runtime::TaskGroup waiting(loop_.executor(), 2, [](const std::string&) {});
  CHECK_TRUE(waiting.spawn(wait_for(place_)));
  loop_.io().restart();
  loop_.io().poll();
  CHECK_EQUAL(kMaxUnderWayAtHub, held_.size());
  held_.pop_back();
  run_until(loop_, [this] { return held_.size() == kMaxUnderWayAtHub; });
}

TEST(HubTraffic, AnotherHubDoesNotWaitForASlowOne) {
  for (std::size_t i = 0; i < kMaxUnderWayAtHub; ++i) loop_.run(wait_for(place_));
  place_.registry_url = "https://other.example";
  loop_.run(wait_for(place_));
  CHECK_EQUAL(kMaxUnderWayAtHub + 1, held_.size());
}

TEST(HubTraffic, TheAlarmRingsWhenThePaceAllows) {
  place_.requests_per_minute = 6000;
  const std::size_t burst = 600;
  for (std::size_t i = 0; i < burst; ++i) {
    loop_.run(wait_for(place_));
    held_.clear();
  }
  runtime::TaskGroup waiting(loop_.executor(), 2, [](const std::string&) {});
  CHECK_TRUE(waiting.spawn(wait_for(place_)));
  run_until(loop_, [this] { return held_.size() == 1; });
}

TEST(HubTraffic, ForgetsHubsOfWhichNothingNeedBeRememberedPastItsLimit) {
  const auto ask = [this](std::size_t number) {
    place_.registry_url = "https://hub-" + std::to_string(number) + ".example";
    loop_.run(wait_for(place_));
  };
  for (std::size_t i = 0; i < kMaxIdleHubs; ++i) ask(i);
  while (held_.size() > 1) held_.pop_back();
  LONGS_EQUAL(kMaxIdleHubs, traffic_.hubs());
  ask(kMaxIdleHubs);
  // The one that has a request under way, and the new one.
  LONGS_EQUAL(2, traffic_.hubs());
}

TEST(HubTraffic, WhoEndsWhileWaitingLeavesTheQueue) {
  for (std::size_t i = 0; i < kMaxUnderWayAtHub; ++i) loop_.run(wait_for(place_));
  std::optional<runtime::TaskGroup> waiting;
  waiting.emplace(loop_.executor(), 2, [](const std::string&) {});
  CHECK_TRUE(waiting->spawn(wait_for(place_)));
  loop_.io().restart();
  loop_.io().poll();
  waiting.reset();
  loop_.io().restart();
  loop_.io().poll();
  held_.clear();
  // All turns are there again.
  for (std::size_t i = 0; i < kMaxUnderWayAtHub; ++i) loop_.run(wait_for(place_));
  CHECK_EQUAL(kMaxUnderWayAtHub, held_.size());
}

TEST(HubTraffic, PutsOffWhatIsPastItsLimit) {
  for (std::size_t i = 0; i < kMaxUnderWayAtHub; ++i) loop_.run(wait_for(place_));
  runtime::TaskGroup waiting(loop_.executor(), kMaxWaitingAtHub + 1, [](const std::string&) {});
  for (std::size_t i = 0; i < kMaxWaitingAtHub; ++i) CHECK_TRUE(waiting.spawn(wait_for(place_)));
  loop_.io().restart();
  loop_.io().poll();
  CHECK_TRUE(refused_.empty());
  loop_.run(wait_for(place_));
  CHECK_TRUE(refused_ == std::vector<Errc>{Errc::throttled});
  waiting.cancel();
  loop_.io().restart();
  loop_.io().poll();
}
