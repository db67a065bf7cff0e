// Who is behind an address as far as fairness goes.
#pragma once

#include <string>

#include <boost/asio/ip/address.hpp>

namespace berth::runtime {

// An IPv4 address ("192.0.2.7", also where a dual-stack socket shows it as IPv6), or the /64 that
// one IPv6 host has to itself ("2001:db8::/64").
[[nodiscard]] std::string network_of(const boost::asio::ip::address& address);

}  // namespace berth::runtime
