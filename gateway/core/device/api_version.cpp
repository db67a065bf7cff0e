#include "gateway/core/device/api_version.hpp"

#include <cstddef>

namespace berth::gateway {

bool is_api_version(std::string_view text) {
  constexpr std::size_t kDateLength = 10;
  if (text.size() < kDateLength) return false;
  for (std::size_t i = 0; i < kDateLength; ++i) {
    const bool dash = i == 4 || i == 7;
    if (dash ? text[i] != '-' : (text[i] < '0' || text[i] > '9')) return false;
  }
  const std::string_view rest = text.substr(kDateLength);
  return rest.empty() || rest == "-preview";
}

}  // namespace berth::gateway
