#include "coordinator/api/https_url.hpp"

#include <string>

#include <CppUTest/TestHarness.h>

#include "coordinator/api/limits.hpp"

using namespace berth;
using coordinator::HostRules;

namespace {

constexpr HostRules kStrict{};
constexpr HostRules kDevelopment{.allow_loopback = true};

bool is_allowed(std::string_view url, const HostRules& rules = kStrict) {
  return coordinator::read_https_url("'url'", url, rules).has_value();
}

}  // namespace

TEST_GROUP(HttpsUrl){};

TEST(HttpsUrl, TakesAUrlApart) {
  const auto url =
      coordinator::read_https_url("'url'", "https://Hub.Example.test:8443/a?b=c", kStrict);
  STRCMP_EQUAL("hub.example.test", url->host.c_str());
  CHECK_EQUAL(8443, url->port);
  STRCMP_EQUAL("/a?b=c", url->path_and_query.c_str());
  CHECK_EQUAL(443, coordinator::read_https_url("'url'", "https://[2001:db8::1]", kStrict)->port);
}

TEST(HttpsUrl, RefusesOtherSchemesAndUserInformation) {
  for (const char* url :
       {"http://hub.test", "hub.test", "", "https://", "https://user@hub.test",
        "https://user:password@hub.test/", "https://hub.test#fragment", "https://hub.test/a b",
        "https://hub.test\\@evil.test", "https://hub.test:0", "https://hub.test:65536",
        "https://hub.test:x", "https://hub..test", "https://-hub.test", "https://[::1",
        "https://[hub.test]"}) {
    CHECK_FALSE_TEXT(is_allowed(url), url);
  }
}

TEST(HttpsUrl, LeadsToLoopbackOnlyIfTheOperatorAllowsIt) {
  for (const char* url :
       {"https://127.0.0.1", "https://127.9.9.9:1", "https://0.0.0.0", "https://[::1]",
        "https://[0:0:0:0:0:0:0:1]", "https://[::]", "https://[::ffff:127.0.0.1]",
        "https://[::ffff:7f00:1]", "https://localhost", "https://hub-a.localhost"}) {
    CHECK_FALSE_TEXT(is_allowed(url), url);
    CHECK_TRUE_TEXT(is_allowed(url, kDevelopment), url);
  }
}

TEST(HttpsUrl, NeverLeadsToLinkLocalOrMulticastAddresses) {
  for (const char* url :
       {"https://169.254.169.254/metadata", "https://[fe80::1]", "https://[::ffff:169.254.169.254]",
        "https://224.0.0.1", "https://255.255.255.255", "https://[ff02::1]"}) {
    CHECK_FALSE_TEXT(is_allowed(url, kDevelopment), url);
  }
}

TEST(HttpsUrl, ReachesTheSiteSPrivateRanges) {
  CHECK(is_allowed("https://10.1.2.3"));
  CHECK(is_allowed("https://192.168.1.1:8443"));
  CHECK(is_allowed("https://[fd00::1]"));
}

TEST(HttpsUrl, RefusesSpellingsThatResolversTakeForAddresses) {
  for (const char* url : {"https://2130706433", "https://0x7f000001", "https://0x7f.1",
                          "https://127.1", "https://0177.0.0.1", "https://1.2.3.4.5"}) {
    CHECK_FALSE_TEXT(is_allowed(url, kDevelopment), url);
  }
}

TEST(HttpsUrl, RefusesOneCharacterOverTheLimit) {
  std::string url = "https://hub.test/";
  url.resize(coordinator::kMaxUrlLength, 'a');
  CHECK(is_allowed(url));
  CHECK_FALSE(is_allowed(url + "a"));
}

TEST(HttpsUrl, ReadsProbeAddresses) {
  const auto plain = coordinator::read_host_and_port("'probe'", "hub.test:443", kStrict);
  CHECK_EQUAL(443, plain->port);
  const auto bare = coordinator::read_host_and_port("'probe'", "hub.test", kStrict);
  CHECK_EQUAL(0, bare->port);
  const auto six = coordinator::read_host_and_port("'probe'", "[2001:db8::1]:9", kStrict);
  STRCMP_EQUAL("2001:db8::1", six->host.c_str());
  CHECK_FALSE(coordinator::read_host_and_port("'probe'", "[2001:db8::1]9", kStrict).has_value());
}

TEST(HttpsUrl, TakesTheLongestHostNameAndRefusesALongerOne) {
  std::string name;
  while (name.size() < coordinator::kMaxHostNameLength - 1) name += "a.";
  name.resize(coordinator::kMaxHostNameLength, 'a');
  CHECK(coordinator::is_host_name(name));
  CHECK_FALSE(coordinator::is_host_name(name + "a"));
  CHECK_FALSE(coordinator::is_host_name(std::string(64, 'a')));
  CHECK_FALSE(coordinator::is_host_name("hub.test:443"));
}
