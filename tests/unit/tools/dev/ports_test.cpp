#include "tools/dev/ports.hpp"

#include <set>

#include <CppUTest/TestHarness.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

using namespace berth;
using boost::asio::ip::tcp;

TEST_GROUP(Ports) {
  boost::asio::io_context loop_;
  dev::DevOptions options_;

  // A port of loopback that somebody listens on.
  tcp::acceptor listener() {
    return {loop_, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)};
  }
};

TEST(Ports, GivesEveryListenerAPortOfItsOwn) {
  const auto ports = dev::choose_ports(options_, 2);
  CHECK(ports.has_value());
  std::set<std::uint16_t> all{ports->https,
                              ports->mqtt,
                              ports->service.port,
                              ports->coordinator_management,
                              ports->gateway_management,
                              ports->hub_management};
  for (const dev::Listener& hub : ports->hubs) all.insert(hub.port);
  LONGS_EQUAL(8, all.size());
  CHECK_FALSE(all.contains(0));
  STRCMP_EQUAL("127.0.0.1", ports->service.address.c_str());
}

TEST(Ports, DevicesFindTheLoopbacksThatThereAre) {
  const auto ports = dev::choose_ports(options_, 0);
  STRCMP_EQUAL("127.0.0.1", ports->device_addresses.front().c_str());
  LONGS_EQUAL(dev::has_ipv6_loopback() ? 2 : 1, ports->device_addresses.size());
}

TEST(Ports, ThePortBaseMovesTheDevicesPorts) {
  // Somebody's port, minus the offset, gives a base that can't be had: port and way out are named.
  const auto taken = listener();
  const std::uint16_t port = taken.local_endpoint().port();
  options_.port_base = static_cast<std::uint16_t>(port - 443);
  const auto refused = dev::choose_ports(options_, 1);
  CHECK(refused.error().code == Errc::io);
  CHECK(refused.error().reason.find("127.0.0.1:" + std::to_string(port)) != std::string::npos);
  CHECK(refused.error().reason.find("--port-base") != std::string::npos);
}

TEST(Ports, ABrokerHasTwoListenersWhereItIsWanted) {
  CHECK_FALSE(dev::choose_ports(options_, 2)->broker.has_value());
  options_.with_mosquitto = true;
  const auto ports = dev::choose_ports(options_, 2);
  CHECK(ports->broker.has_value());
  CHECK(ports->broker->keys.port != 0 && ports->broker->certificates.port != 0);
  CHECK(ports->broker->keys.port != ports->broker->certificates.port);
  STRCMP_EQUAL("127.0.0.1", ports->broker->keys.address.c_str());
}
