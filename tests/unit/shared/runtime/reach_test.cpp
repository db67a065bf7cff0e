#include "shared/runtime/reach.hpp"

#include <string>

#include <CppUTest/TestHarness.h>

using namespace berth;
using berth::runtime::Reach;

namespace {

bool may(const Reach& reach, const char* address, std::uint16_t port = 443) {
  const auto judged = reach.judge(boost::asio::ip::make_address(address), port);
  if (!judged) CHECK_TRUE(judged.error().code == Errc::forbidden);
  return judged.has_value();
}

}  // namespace

TEST_GROUP(Reach){};

TEST(Reach, WithoutRulesOfItsOwnIsTheInternetAlone) {
  const Reach reach{Reach::Rules{}};
  CHECK_TRUE(may(reach, "8.8.8.8"));
  CHECK_TRUE(may(reach, "2606:4700::1111"));
  for (const char* address : {"10.0.0.1", "127.0.0.1", "::1", "::ffff:127.0.0.1", "fd00::1",
                              "169.254.169.254", "100.64.0.1"}) {
    CHECK_TEXT(!may(reach, address), address);
  }
}

TEST(Reach, OfAGatewayHoldsItsSitesNetworksButNotItself) {
  Reach::Rules rules;
  rules.private_networks = true;
  const Reach reach{rules};
  CHECK_TRUE(may(reach, "10.0.0.1"));
  CHECK_TRUE(may(reach, "fd00::1"));
  CHECK_FALSE(may(reach, "127.0.0.1"));
  CHECK_FALSE(may(reach, "169.254.169.254"));
}

TEST(Reach, IsWidenedByAnAllowListButNeverToMetadataServices) {
  Reach::Rules rules;
  rules.allowed = {*AddressBlock::parse("10.1.0.0/16"), *AddressBlock::parse("169.254.0.0/16"),
                   *AddressBlock::parse("127.0.0.9")};
  const Reach reach{rules};
  CHECK_TRUE(may(reach, "10.1.255.255"));
  CHECK_TRUE(may(reach, "::ffff:10.1.0.1"));
  CHECK_TRUE(may(reach, "127.0.0.9"));
  CHECK_FALSE(may(reach, "10.2.0.0"));
  CHECK_FALSE(may(reach, "127.0.0.1"));
  CHECK_FALSE(may(reach, "169.254.169.254"));
}

TEST(Reach, NeverLeadsToTheProgramsOwnManagementListener) {
  Reach::Rules rules;
  rules.loopback = true;
  rules.allowed = {*AddressBlock::parse("0.0.0.0/0")};
  rules.own_ports = {9443};
  const Reach reach{rules};
  CHECK_TRUE(may(reach, "127.0.0.1", 443));
  CHECK_FALSE(may(reach, "127.0.0.1", 9443));
  CHECK_FALSE(may(reach, "127.0.0.2", 9443));
  CHECK_FALSE(may(reach, "::ffff:127.0.0.1", 9443));
  CHECK_TRUE(may(reach, "8.8.8.8", 9443));
}

TEST(Reach, AnywhereAsksNothing) {
  CHECK_TRUE(may(Reach::anywhere(), "127.0.0.1"));
  CHECK_TRUE(may(Reach::anywhere(), "169.254.1.1"));
}
