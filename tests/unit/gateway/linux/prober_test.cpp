#include "gateway/linux/prober.hpp"

#include <CppUTest/TestHarness.h>

using namespace berth;

TEST_GROUP(ProbeAddress){static void check(const char* url, const char* host, std::uint16_t port,
                                           const char* probe_host = "",
                                           std::uint16_t probe_port = 0){domain::LinkedHub hub;
hub.registry_url = url;
hub.probe_host = probe_host;
hub.probe_port = probe_port;
const auto address = gateway::probe_address(hub);
STRCMP_EQUAL(host, address.host.c_str());
LONGS_EQUAL(port, address.port);
}
}
;

TEST(ProbeAddress, IsTheRegistrysUnlessTheHubNamesOne) {
  check("https://hub.example", "hub.example", 443);
  check("https://hub.example/", "hub.example", 443);
  check("https://hub.example:8443", "hub.example", 8443);
  check("https://hub.example:8443/path", "hub.example", 8443);
  check("https://192.0.2.7:1", "192.0.2.7", 1);
}

TEST(ProbeAddress, TakesBracketsOffIpv6) {
  check("https://[2001:db8::1]", "2001:db8::1", 443);
  check("https://[2001:db8::1]:8443", "2001:db8::1", 8443);
  check("https://[::1]:8443/x", "::1", 8443);
}

TEST(ProbeAddress, GoesByTheHubsOwnProbeAddress) {
  check("https://hub.example:8443", "probe.example", 8883, "probe.example", 8883);
  check("https://hub.example:8443", "hub.example", 8883, "", 8883);
  check("https://hub.example:8443", "probe.example", 8443, "probe.example");
  check("https://hub.example", "probe.example", 443, "probe.example");
}

TEST(ProbeAddress, OfABrokerIsItsControlPort) {
  check("mqtts://broker.example", "broker.example", 8883);
  check("mqtts://broker.example:1", "broker.example", 1);
}

TEST(ProbeAddress, OfAUrlThatIsNoneIsNothing) {
  check("https://hub.example:x", "", 443);
  check("ldap://hub.example", "", 443);
}
