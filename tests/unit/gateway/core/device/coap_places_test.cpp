#include "gateway/core/device/coap_places.hpp"

#include <chrono>

#include <CppUTest/TestHarness.h>

#include "gateway/core/limits.hpp"

using namespace berth;
using namespace berth::gateway;
using namespace std::chrono_literals;

TEST_GROUP(CoapPlaces) {
  CoapPlaces places_{3, kCoapSessionSpared};
  MonotonicTime now_{100s};

  CoapPlaces::Number enter(const std::string& network) {
    const auto entry = places_.enter(network, now_);
    CHECK_TRUE(entry && !entry->gives_way);
    return entry->number;
  }
  void makes_room(CoapPlaces::Number who, const std::string& newcomer) {
    const auto entry = places_.enter(newcomer, now_);
    CHECK_TRUE(entry && entry->gives_way == who);
    LONGS_EQUAL(3, places_.size());
  }
  void waits(const std::string& newcomer) {
    CHECK_FALSE(places_.enter(newcomer, now_).has_value());
    LONGS_EQUAL(3, places_.size());
  }
};

TEST(CoapPlaces, WhoLeavesMakesRoom) {
  enter("a");
  enter("b");
  const auto third = enter("c");
  waits("d");
  places_.leave(third);
  LONGS_EQUAL(2, places_.size());
  enter("d");
}

TEST(CoapPlaces, WhoWasSilentForSoLongGivesWayAndNotBefore) {
  const auto first = enter("a");
  now_ += 1s;
  enter("b");
  enter("c");
  now_ += kCoapSessionSpared - 1s - 1ns;
  waits("d");
  now_ += 1ns;
  makes_room(first, "d");
  waits("e");
}

TEST(CoapPlaces, TheLongestSilentGivesWayFirst) {
  const auto first = enter("a");
  const auto second = enter("b");
  enter("c");
  now_ += kCoapSessionSpared;
  places_.heard(first, now_);
  makes_room(second, "d");
}

TEST(CoapPlaces, ANetworkThatHoldsMostMakesRoomForOneThatHoldsFewer) {
  const auto first = enter("a");
  const auto second = enter("a");
  enter("b");
  now_ += 1s;
  places_.heard(first, now_);
  makes_room(second, "c");
  // Now everybody holds one.
  waits("d");
  waits("a");
}

TEST(CoapPlaces, ANetworkMakesNoRoomForItselfNorForOneThatWouldHoldAsMuch) {
  enter("a");
  enter("a");
  enter("b");
  waits("a");
  waits("b");
}

TEST(CoapPlaces, WhoIsAtWorkNeverGivesWay) {
  const auto first = enter("a");
  const auto second = enter("a");
  const auto third = enter("a");
  for (const auto number : {first, second, third}) places_.set_at_work(number, true);
  now_ += kCoapSessionSpared;
  waits("b");
  places_.set_at_work(second, false);
  makes_room(second, "b");
}

TEST(CoapPlaces, NobodyMindsWhatHasGone) {
  places_.leave(7);
  places_.heard(7, now_);
  places_.set_at_work(7, true);
  LONGS_EQUAL(0, places_.size());
}
