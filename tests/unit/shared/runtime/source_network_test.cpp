#include "shared/runtime/source_network.hpp"

#include <CppUTest/TestHarness.h>

using namespace berth;

TEST_GROUP(SourceNetwork){static void check(const char* network, const char* address){
    STRCMP_EQUAL(network, runtime::network_of(boost::asio::ip::make_address(address)).c_str());
}
}
;

TEST(SourceNetwork, IsAnIpv4AddressItself) {
  check("192.0.2.7", "192.0.2.7");
  check("192.0.2.7", "::ffff:192.0.2.7");
}

TEST(SourceNetwork, IsTheWholeNetworkOfAnIpv6Host) {
  check("2001:db8::/64", "2001:db8::7");
  check("2001:db8::/64", "2001:db8::ffff:ffff:ffff:ffff");
  check("2001:db8:0:1::/64", "2001:db8:0:1::7");
}
