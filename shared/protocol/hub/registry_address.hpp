// Where a linked hub's registry listens, out of LinkedHub::registry_url.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "shared/base/result.hpp"

namespace berth::hub {

// Of https:// and of mqtts:// where the URL names none.
inline constexpr std::uint16_t kHttpsPort = 443;
inline constexpr std::uint16_t kMqttsPort = 8883;

struct RegistryAddress {
  std::string host;  // a name or an address, without brackets
  std::uint16_t port = 0;
};

// "https://host", "mqtts://host:port", "https://[::1]:443"; Errc::invalid for anything else.
[[nodiscard]] Result<RegistryAddress> registry_address(std::string_view url);

}  // namespace berth::hub
