#include "tools/hub/faults.hpp"

#include <CppUTest/TestHarness.h>

using namespace berth;
using namespace berth::hub_server;

namespace {

http::Request request(const char* method, const char* target) {
  http::Request made;
  made.method = method;
  made.target = target;
  return made;
}

}  // namespace

TEST_GROUP(Faults) {
  Faults faults_;

  FaultMode hit(const http::Request& made = request("GET", "/devices/d")) {
    return faults_.next(made).mode;
  }
};

TEST(Faults, AreNoneAtFirst) {
  CHECK_TRUE(hit() == FaultMode::none);
}

TEST(Faults, LastUntilTheNextOrderWithoutACount) {
  faults_.set({FaultMode::down});
  CHECK_TRUE(hit() == FaultMode::down);
  CHECK_TRUE(hit() == FaultMode::down);
  faults_.set({});
  CHECK_TRUE(hit() == FaultMode::none);
}

TEST(Faults, HitAsManyRequestsAsCounted) {
  faults_.set({FaultMode::throttle, 2});
  CHECK_TRUE(hit() == FaultMode::throttle);
  CHECK_TRUE(hit() == FaultMode::throttle);
  CHECK_TRUE(hit() == FaultMode::none);
}

TEST(Faults, MakeAHubFullForNewDevicesOnly) {
  faults_.set({FaultMode::full, 2});
  CHECK_TRUE(hit(request("GET", "/devices/d")) == FaultMode::none);
  CHECK_TRUE(hit(request("POST", "/devices/query")) == FaultMode::none);
  CHECK_TRUE(hit(request("POST", "/devices?api-version=1")) == FaultMode::full);
  CHECK_TRUE(hit(request("PUT", "/devices/d")) == FaultMode::full);
  auto update = request("PUT", "/devices/d");
  update.headers.set("If-Match", "*");
  faults_.set({FaultMode::full});
  CHECK_TRUE(hit(update) == FaultMode::none);
}

TEST(Faults, AreOrderedInJson) {
  const auto order =
      parse_fault_order(R"({"hub":"hub-a","mode":"slow","count":3,"milliseconds":250})");
  STRCMP_EQUAL("hub-a", order->hub.c_str());
  CHECK_TRUE(order->fault.mode == FaultMode::slow);
  LONGS_EQUAL(3, *order->fault.count);
  LONGS_EQUAL(250, order->fault.delay.count());
}

TEST(Faults, HaveAllTheirNames) {
  for (const char* mode :
       {"none", "throttle", "down", "slow", "full", "unauthorized", "nonsense"}) {
    CHECK_TRUE(parse_fault_order(R"({"hub":"a","mode":")" + std::string(mode) + "\"}").has_value());
  }
}

TEST(Faults, RefuseAnOrderThatMeansNothing) {
  CHECK_FALSE(parse_fault_order("").has_value());
  CHECK_FALSE(parse_fault_order(R"({"mode":"down"})").has_value());
  CHECK_FALSE(parse_fault_order(R"({"hub":"a","mode":"explode"})").has_value());
  CHECK_FALSE(parse_fault_order(R"({"hub":"a","mode":"slow","milliseconds":60001})").has_value());
}
