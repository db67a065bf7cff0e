#include "shared/protocol/record_etag.hpp"

#include <array>
#include <cstdio>

namespace berth::protocol {

std::string record_etag(std::uint64_t version, WallTime created) {
  constexpr std::uint64_t kTwelveDigits = 0xFFFF'FFFF'FFFF;
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%08llx-0000-0100-0000-%012llx",
                static_cast<unsigned long long>(version),
                static_cast<unsigned long long>(static_cast<std::uint64_t>(unix_micros(created)) &
                                                kTwelveDigits));
  return text.data();
}

}  // namespace berth::protocol
