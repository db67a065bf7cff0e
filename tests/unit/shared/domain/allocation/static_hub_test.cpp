#include "shared/domain/allocation/static_hub.hpp"

#include <CppUTest/TestHarness.h>

using namespace berth;
using namespace berth::domain;

TEST_GROUP(StaticHub) {
  Provisioning provisioning;
};

TEST(StaticHub, IsTheOneNamed) {
  provisioning.iot_hubs = {"a.test"};
  CHECK_TRUE(*static_hub_name(provisioning) == "a.test");
}

TEST(StaticHub, IsTheLegacyHostNameIfTheListIsEmpty) {
  provisioning.iot_hub_host_name = "old.test";
  CHECK_TRUE(*static_hub_name(provisioning) == "old.test");
  provisioning.iot_hubs = {"a.test"};
  CHECK_TRUE(*static_hub_name(provisioning) == "a.test");
}

TEST(StaticHub, SeveralAreAnError) {
  provisioning.iot_hubs = {"a.test", "b.test"};
  const auto name = static_hub_name(provisioning);
  CHECK_TRUE(!name && name.error().code == Errc::no_hub);
  CHECK_TRUE(name.error().reason.find("names 2") != std::string::npos);
}

TEST(StaticHub, NoneIsAnError) {
  const auto name = static_hub_name(provisioning);
  CHECK_TRUE(!name && name.error().code == Errc::no_hub);
}
