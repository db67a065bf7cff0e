#include "shared/base/ip_address.hpp"

#include <string>

#include <CppUTest/TestHarness.h>

using namespace berth;

namespace {

AddressScope scope(std::string_view text) {
  const auto address = read_address(text);
  CHECK_TRUE(address.has_value());
  return scope_of(*address);
}

bool holds(std::string_view block, std::string_view address) {
  const auto parsed = AddressBlock::parse(block);
  CHECK_TRUE(parsed.has_value());
  return parsed->contains(*read_address(address));
}

}  // namespace

TEST_GROUP(IpAddress){};

TEST(IpAddress, TellsPrivateNetworksToTheirLastAddressAndNoFurther) {
  for (const char* inside :
       {"10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255", "192.168.0.1", "100.64.0.0",
        "100.127.255.255", "198.19.255.255", "fc00::1", "fdff::1", "fec0::1", "64:ff9b:1::1"}) {
    CHECK_TEXT(scope(inside) == AddressScope::private_network, inside);
  }
  for (const char* outside :
       {"9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0", "192.169.0.0",
        "100.63.255.255", "100.128.0.0", "198.20.0.0", "8.8.8.8", "2606:4700::1111", "fe00::1"}) {
    CHECK_TEXT(scope(outside) == AddressScope::global, outside);
  }
}

TEST(IpAddress, TellsThisMachineHoweverItIsWritten) {
  for (const char* own :
       {"127.0.0.1", "127.255.255.255", "0.0.0.0", "::1", "::", "::ffff:127.0.0.1", "::127.0.0.1",
        "64:ff9b::7f00:1", "2002:7f00:1::", "0:0:0:0:0:0:0:1"}) {
    CHECK_TEXT(scope(own) == AddressScope::loopback, own);
  }
}

TEST(IpAddress, ForbidsLinkLocalMetadataMulticastAndReservedAddresses) {
  for (const char* never :
       {"169.254.169.254", "169.254.0.1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe",
        "100.100.100.200", "168.63.129.16", "fd00:ec2::254", "fe80::1", "febf::1", "224.0.0.1",
        "240.0.0.1", "255.255.255.255", "192.0.0.192", "ff02::1", "2001::1"}) {
    CHECK_TEXT(scope(never) == AddressScope::forbidden, never);
  }
}

TEST(IpAddress, JudgesAMappedAddressByWhatItStandsFor) {
  CHECK_TRUE(scope("::ffff:10.1.2.3") == AddressScope::private_network);
  CHECK_TRUE(scope("::ffff:8.8.8.8") == AddressScope::global);
  CHECK_TRUE(scope("2002:a00:1::1") == AddressScope::private_network);
}

TEST(IpAddress, ReadsAddressesAndNothingElse) {
  for (const char* wrong :
       {"", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.4 ", "0x7f.1", "2130706433",
        ":::", "1::2::3", "12345::", "1:2:3:4:5:6:7", "::1%eth0", "g::", "localhost"}) {
    CHECK_TEXT(!read_address(wrong).has_value(), wrong);
  }
}

TEST(IpAddress, BlocksHoldWhatTheirPrefixSays) {
  CHECK_TRUE(holds("10.0.0.0/8", "10.200.1.1"));
  CHECK_FALSE(holds("10.0.0.0/8", "11.0.0.0"));
  CHECK_TRUE(holds("192.168.7.0/25", "192.168.7.127"));
  CHECK_FALSE(holds("192.168.7.0/25", "192.168.7.128"));
  CHECK_TRUE(holds("192.168.7.9", "192.168.7.9"));
  CHECK_FALSE(holds("192.168.7.9", "192.168.7.8"));
  CHECK_TRUE(holds("10.0.0.0/8", "::ffff:10.0.0.1"));
  CHECK_TRUE(holds("fd12::/16", "fd12:3::1"));
  CHECK_FALSE(holds("fd12::/16", "fd13::1"));
  CHECK_FALSE(holds("fd12::/16", "10.0.0.1"));
  CHECK_TRUE(holds("0.0.0.0/0", "8.8.8.8"));
  for (const char* wrong : {"10.0.0.0/33", "10.0.0.0/", "10.0.0.0/x", "::/129", "ten/8", "/8"}) {
    CHECK_TEXT(!AddressBlock::parse(wrong).has_value(), wrong);
  }
}
