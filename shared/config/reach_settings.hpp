// The part of a configuration that says where a program may be led to by what admins enter.
#pragma once

#include <string>
#include <vector>

#include "shared/base/ip_address.hpp"
#include "shared/config/config_file.hpp"

namespace berth::config {

struct ReachSettings {
  bool private_networks = false;
  bool loopback = false;
  std::vector<AddressBlock> allowed;
};

// `allow_private`, `allow_loopback` and `allow`, a list of blocks of addresses.
[[nodiscard]] ReachSettings read_reach(const Section& section, const ReachSettings& defaults);

}  // namespace berth::config
