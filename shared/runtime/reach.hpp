// Where a program may connect to when somebody else says where: webhooks, hubs and probes that
// admins enter (design section 7). Judged by the address that is connected to, not by its name: a
// name may lead elsewhere the next time it is looked up.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <boost/asio/ip/address.hpp>

#include "shared/base/ip_address.hpp"
#include "shared/base/result.hpp"

namespace berth::runtime {

class Reach {
 public:
  struct Rules {
    bool private_networks = false;
    bool loopback = false;
    // Beyond that; link-local, metadata and multicast addresses stay out of reach even so.
    std::vector<AddressBlock> allowed;
    // Ports of this machine that nobody is led to: the management listener's.
    std::vector<std::uint16_t> own_ports;
  };

  explicit Reach(Rules rules) : rules_(std::move(rules)) {}
  // No rules: for addresses that the installer gives.
  static Reach anywhere();

  // Errc::forbidden, with the address and why.
  [[nodiscard]] Result<void> judge(const boost::asio::ip::address& address,
                                   std::uint16_t port) const;

 private:
  Reach() = default;
  Rules rules_;
  bool is_bounded_ = true;
};

}  // namespace berth::runtime
