// Which addresses and ports the parts of a development installation listen on.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shared/base/result.hpp"
#include "tools/dev/dev.hpp"

namespace berth::dev {

struct Listener {
  std::string address;
  std::uint16_t port = 0;
};

// Of a Mosquitto: for user names with keys, and for certificates.
struct BrokerListeners {
  Listener keys;
  Listener certificates;
};

struct Ports {
  std::vector<std::string> device_addresses;
  std::uint16_t https = 0;
  std::uint16_t mqtt = 0;
  std::uint16_t amqp = 0;
  std::uint16_t coap = 0;   // UDP
  std::uint16_t coaps = 0;  // UDP
  Listener service;
  std::vector<Listener> hubs;  // registries
  std::optional<BrokerListeners> broker;
  std::uint16_t coordinator_management = 0;
  std::uint16_t gateway_management = 0;
  std::uint16_t hub_management = 0;
};

// Errc::io if a port that must be had is taken, with the port and what to do in the reason.
[[nodiscard]] Result<Ports> choose_ports(const DevOptions& options, std::size_t hubs);

// Whether this machine has an IPv6 loopback.
[[nodiscard]] bool has_ipv6_loopback();

}  // namespace berth::dev
