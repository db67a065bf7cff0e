#include "shared/config/reach_settings.hpp"

#include <CppUTest/TestHarness.h>

using namespace berth;
using config::ConfigFile;

TEST_GROUP(ReachSettings){};

TEST(ReachSettings, AreTheDefaultsWhereNothingIsSaid) {
  const auto file = ConfigFile::parse("", "x.toml");
  config::ReachSettings defaults;
  defaults.private_networks = true;
  const auto settings = config::read_reach(file->root().section("urls"), defaults);
  CHECK_TRUE(settings.private_networks);
  CHECK_FALSE(settings.loopback);
  CHECK_TRUE(settings.allowed.empty());
}

TEST(ReachSettings, ReadFlagsAndBlocks) {
  const auto file = ConfigFile::parse(
      "[urls]\nallow_private = false\nallow_loopback = true\nallow = [\"10.1.0.0/16\"]\n",
      "x.toml");
  config::ReachSettings defaults;
  defaults.private_networks = true;
  const auto settings = config::read_reach(file->root().section("urls"), defaults);
  CHECK_FALSE(settings.private_networks);
  CHECK_TRUE(settings.loopback);
  LONGS_EQUAL(1, settings.allowed.size());
  CHECK_TRUE(settings.allowed[0].contains(Address4{10, 1, 2, 3}));
  CHECK_TRUE(file->check().has_value());
}

TEST(ReachSettings, RefuseWhatIsNoBlock) {
  const auto file = ConfigFile::parse("[urls]\nallow = [\"ten\"]\n", "x.toml");
  static_cast<void>(config::read_reach(file->root().section("urls"), {}));
  CHECK_FALSE(file->check().has_value());
}
