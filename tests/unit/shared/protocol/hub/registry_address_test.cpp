#include "shared/protocol/hub/registry_address.hpp"

#include <CppUTest/TestHarness.h>

using namespace berth;

TEST_GROUP(RegistryAddress){
    static void check(const char* url, const char* host,
                      std::uint16_t port){const auto address = hub::registry_address(url);
CHECK_TRUE(address.has_value());
STRCMP_EQUAL(host, address->host.c_str());
LONGS_EQUAL(port, address->port);
}
}
;

TEST(RegistryAddress, TheSchemeGivesThePortThatIsNotNamed) {
  check("https://hub.example", "hub.example", 443);
  check("mqtts://broker.example", "broker.example", 8883);
  check("https://hub.example/", "hub.example", 443);
}

TEST(RegistryAddress, TakesPortAndBrackets) {
  check("https://hub.example:8443/path", "hub.example", 8443);
  check("mqtts://192.0.2.7:1", "192.0.2.7", 1);
  check("mqtts://[2001:db8::1]", "2001:db8::1", 8883);
  check("https://[::1]:65535", "::1", 65535);
}

TEST(RegistryAddress, RefusesWhatIsNone) {
  for (const char* url :
       {"", "hub.example", "http://hub.example", "mqtt://hub.example", "https://", "https://:1",
        "https://hub.example:", "https://hub.example:0", "https://hub.example:65536",
        "https://hub.example:1x", "https://user@hub.example", "https://[::1", "https://[::1]1"}) {
    CHECK_FALSE(hub::registry_address(url).has_value());
  }
}
