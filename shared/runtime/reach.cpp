#include "shared/runtime/reach.hpp"

#include <algorithm>
#include <cstring>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <utility>

namespace berth::runtime {
namespace {

IpAddress bytes_of(const boost::asio::ip::address& address) {
  if (address.is_v4()) return address.to_v4().to_bytes();
  return address.to_v6().to_bytes();
}

bool is_own(const boost::asio::ip::address& address) {
  if (scope_of(bytes_of(address)) == AddressScope::loopback) return true;
  boost::asio::ip::address judged = address;
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    judged = boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, address.to_v6());
  }
  ifaddrs* interfaces = nullptr;
  // Without the list nothing can be told to be safe.
  if (::getifaddrs(&interfaces) != 0) return true;
  bool found = false;
  for (const ifaddrs* at = interfaces; at != nullptr && !found; at = at->ifa_next) {
    if (at->ifa_addr == nullptr) continue;
    if (at->ifa_addr->sa_family == AF_INET && judged.is_v4()) {
      const auto bytes = judged.to_v4().to_bytes();
      const auto* own = reinterpret_cast<const sockaddr_in*>(at->ifa_addr);
      found = std::memcmp(&own->sin_addr, bytes.data(), bytes.size()) == 0;
    } else if (at->ifa_addr->sa_family == AF_INET6 && judged.is_v6()) {
      const auto bytes = judged.to_v6().to_bytes();
      const auto* own = reinterpret_cast<const sockaddr_in6*>(at->ifa_addr);
      found = std::memcmp(&own->sin6_addr, bytes.data(), bytes.size()) == 0;
    }
  }
  ::freeifaddrs(interfaces);
  return found;
}

Error out_of_reach(const boost::asio::ip::address& address, const char* why) {
  return Error{Errc::forbidden, address.to_string() + " may not be called: " + why};
}

}  // namespace

Reach Reach::anywhere() {
  Reach reach;
  reach.is_bounded_ = false;
  return reach;
}

Result<void> Reach::judge(const boost::asio::ip::address& address, std::uint16_t port) const {
  if (!is_bounded_) return {};
  const IpAddress bytes = bytes_of(address);
  const AddressScope scope = scope_of(bytes);
  if (scope == AddressScope::forbidden) {
    return out_of_reach(address, "it is a link-local, metadata, multicast or reserved address");
  }
  if (std::ranges::find(rules_.own_ports, port) != rules_.own_ports.end() && is_own(address)) {
    return out_of_reach(address, "this program's own management listener is there");
  }
  const bool is_named = std::ranges::any_of(
      rules_.allowed, [&](const AddressBlock& block) { return block.contains(bytes); });
  if (is_named) return {};
  switch (scope) {
    case AddressScope::global: return {};
    case AddressScope::private_network:
      if (rules_.private_networks) return {};
      return out_of_reach(address, "it is in a private network that the operator has not allowed");
    case AddressScope::loopback:
      if (rules_.loopback) return {};
      return out_of_reach(address, "it is this machine");
    case AddressScope::forbidden: break;
  }
  return out_of_reach(address, "it is of no known kind");
}

}  // namespace berth::runtime
