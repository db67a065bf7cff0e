#include "tools/dev/ports.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>

namespace berth::dev {
namespace {

using boost::asio::ip::tcp;
using boost::asio::ip::udp;

// Binds and lets go again: the port (a free one for 0), or why it can't be had.
Result<std::uint16_t> try_port(const std::string& address, std::uint16_t port) {
  boost::asio::io_context loop;
  boost::system::error_code failed;
  const tcp::endpoint endpoint(boost::asio::ip::make_address(address), port);
  tcp::acceptor acceptor(loop);
  acceptor.open(endpoint.protocol(), failed);
  if (!failed) acceptor.set_option(tcp::acceptor::reuse_address(true), failed);
  if (!failed) acceptor.bind(endpoint, failed);
  if (failed) {
    return Error{Errc::io, address + ":" + std::to_string(port) +
                               " can't be used: " + failed.message() +
                               "; stop what listens there, or choose another --port-base"};
  }
  return acceptor.local_endpoint().port();
}

// The same of a UDP port.
Result<std::uint16_t> try_udp_port(const std::string& address, std::uint16_t port) {
  boost::asio::io_context loop;
  boost::system::error_code failed;
  const udp::endpoint endpoint(boost::asio::ip::make_address(address), port);
  udp::socket socket(loop);
  socket.open(endpoint.protocol(), failed);
  if (!failed) socket.bind(endpoint, failed);
  if (failed) {
    return Error{Errc::io, address + ":" + std::to_string(port) +
                               "/udp can't be used: " + failed.message() +
                               "; stop what listens there, or choose another --port-base"};
  }
  return socket.local_endpoint().port();
}

// Two free UDP ports.
Result<void> choose_coap_ports(Ports& ports) {
  do {
    const auto coap = try_udp_port("127.0.0.1", 0);
    if (!coap) return coap.error();
    const auto coaps = try_udp_port("127.0.0.1", 0);
    if (!coaps) return coaps.error();
    ports.coap = *coap;
    ports.coaps = *coaps;
  } while (ports.coap == ports.coaps);
  return {};
}

// Free ports, each only once.
class FreePorts {
 public:
  Result<std::uint16_t> next() {
    for (int i = 0; i < 100; ++i) {
      const auto port = try_port("127.0.0.1", 0);
      if (!port) return port;
      bool taken = false;
      for (const std::uint16_t given : given_) taken = taken || given == *port;
      if (taken) continue;
      given_.push_back(*port);
      return port;
    }
    return Error{Errc::io, "no free port was found on 127.0.0.1"};
  }

 private:
  std::vector<std::uint16_t> given_;
};

constexpr std::uint16_t kHttps = 443;
constexpr std::uint16_t kMqtt = 8883;
constexpr std::uint16_t kMqttByCertificate = 8884;
constexpr std::uint16_t kAmqp = 5671;
constexpr std::uint16_t kCoap = 5683;
constexpr std::uint16_t kCoaps = 5684;
// The offsets from --port-base.
constexpr std::uint16_t kHttpsOffset = 443;
constexpr std::uint16_t kMqttOffset = 883;
constexpr std::uint16_t kAmqpOffset = 671;
constexpr std::uint16_t kCoapOffset = 683;
constexpr std::uint16_t kCoapsOffset = 684;

}  // namespace

bool has_ipv6_loopback() {
  return try_port("::1", 0).has_value();
}

Result<Ports> choose_ports(const DevOptions& options, std::size_t hubs) {
  Ports ports;
  FreePorts free_ports;
  ports.device_addresses = {"127.0.0.1"};
  if (has_ipv6_loopback()) ports.device_addresses.emplace_back("::1");

  std::vector<std::uint16_t*> wanted{&ports.coordinator_management, &ports.gateway_management,
                                     &ports.hub_management};
  if (options.standard_ports) {
    ports.https = kHttps;
    ports.mqtt = kMqtt;
    ports.amqp = kAmqp;
    ports.coap = kCoap;
    ports.coaps = kCoaps;
    ports.service = {"127.0.0.2", kHttps};
    for (std::size_t i = 0; i < hubs; ++i) {
      ports.hubs.push_back({"127.0.0." + std::to_string(3 + i), kHttps});
    }
    if (options.with_mosquitto) {
      const std::string address = "127.0.0." + std::to_string(3 + hubs);
      ports.broker = BrokerListeners{{address, kMqtt}, {address, kMqttByCertificate}};
    }
  } else {
    if (options.port_base) {
      ports.https = static_cast<std::uint16_t>(*options.port_base + kHttpsOffset);
      ports.mqtt = static_cast<std::uint16_t>(*options.port_base + kMqttOffset);
      ports.amqp = static_cast<std::uint16_t>(*options.port_base + kAmqpOffset);
      ports.coap = static_cast<std::uint16_t>(*options.port_base + kCoapOffset);
      ports.coaps = static_cast<std::uint16_t>(*options.port_base + kCoapsOffset);
    } else {
      const auto chosen = choose_coap_ports(ports);
      if (!chosen) return chosen.error();
      wanted.push_back(&ports.https);
      wanted.push_back(&ports.mqtt);
      wanted.push_back(&ports.amqp);
    }
    ports.service.address = "127.0.0.1";
    wanted.push_back(&ports.service.port);
    ports.hubs.assign(hubs, {"127.0.0.1", 0});
    for (Listener& hub : ports.hubs) wanted.push_back(&hub.port);
    if (options.with_mosquitto) {
      ports.broker = BrokerListeners{{"127.0.0.1", 0}, {"127.0.0.1", 0}};
      wanted.push_back(&ports.broker->keys.port);
      wanted.push_back(&ports.broker->certificates.port);
    }
  }
  for (std::uint16_t* port : wanted) {
    const auto found = free_ports.next();
    if (!found) return found.error();
    *port = *found;
  }
  if (options.standard_ports || options.port_base) {
    for (const std::string& address : ports.device_addresses) {
      for (const std::uint16_t port : {ports.coap, ports.coaps}) {
        const auto usable = try_udp_port(address, port);
        if (!usable) return usable.error();
      }
      for (const std::uint16_t port : {ports.https, ports.mqtt, ports.amqp}) {
        const auto usable = try_port(address, port);
        if (!usable) return usable.error();
      }
    }
  }
  if (options.standard_ports) {
    std::vector<Listener> fixed = ports.hubs;
    fixed.push_back(ports.service);
    if (ports.broker) fixed.insert(fixed.end(), {ports.broker->keys, ports.broker->certificates});
    for (const Listener& listener : fixed) {
      const auto usable = try_port(listener.address, listener.port);
      if (!usable) return usable.error();
    }
  }
  return ports;
}

}  // namespace berth::dev
