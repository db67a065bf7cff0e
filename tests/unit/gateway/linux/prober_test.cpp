#include "gateway/linux/prober.hpp"

#include <CppUTest/TestHarness.h>
#include <boost/asio/ip/tcp.hpp>

#include "gateway/core/limits.hpp"
#include "shared/runtime/task_group.hpp"
#include "tests/support/loop.hpp"
#include "tests/unit/gateway/linux/hub_server.hpp"

using namespace berth;
using namespace std::chrono_literals;

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

TEST_GROUP(Prober) {
  testing::Loop loop_;
  boost::asio::ip::tcp::acceptor hub_{loop_.io()};
  domain::LinkedHub linked_;
  int rounds_ = 0;

  std::vector<domain::LinkedHub> hubs() {
    ++rounds_;
    return {linked_};
  }
  void setup() override {
    // Room for one connection that nobody has accepted; who comes then gets no answer.
    hub_.open(boost::asio::ip::tcp::v4());
    hub_.bind({boost::asio::ip::address_v4::loopback(), 0});
    hub_.listen(0);
    linked_.hub_id = domain::HubId("hub");
    linked_.registry_url = "https://127.0.0.1:" + std::to_string(hub_.local_endpoint().port());
  }
};

TEST(Prober, CountsAHubAsUnreachableThatTakesLongerThanItsTime) {
  boost::asio::ip::tcp::socket first(loop_.io());
  first.connect(hub_.local_endpoint());
  constexpr auto kShort = 50ms;
  gateway::Prober prober([this] { return hubs(); }, kShort);
  runtime::TaskGroup tasks(loop_.executor(), 1, [](const std::string&) {});
  const auto begin = std::chrono::steady_clock::now();
  CHECK(tasks.spawn(prober.run(loop_.executor(), 0s, runtime::Reach::anywhere())));
  // Each round gives up after its time, or they would last for as long as the system tries.
  testing::run_until(loop_, [this] { return rounds_ == 3; });
  const auto took = std::chrono::steady_clock::now() - begin;
  CHECK(took >= 2 * kShort && took < gateway::kProbeTimeout);
  CHECK_FALSE(prober.latency(linked_.hub_id).has_value());
  tasks.cancel();
  loop_.run(tasks.drained());
}

TEST(Prober, MeasuresAHubThatAnswersInTime) {
  gateway::Prober prober([this] { return hubs(); });
  runtime::TaskGroup tasks(loop_.executor(), 1, [](const std::string&) {});
  CHECK(tasks.spawn(prober.run(loop_.executor(), 0s, runtime::Reach::anywhere())));
  testing::run_until(loop_, [&] { return prober.latency(linked_.hub_id).has_value(); });
  CHECK(prober.latency(linked_.hub_id) < gateway::kProbeTimeout);
  tasks.cancel();
  loop_.run(tasks.drained());
}
