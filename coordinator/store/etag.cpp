#include "coordinator/store/etag.hpp"

#include <array>
#include <cstdio>

#include "shared/base/bytes.hpp"
#include "shared/base/encoding.hpp"

namespace berth::coordinator {
namespace {

std::string_view bare(std::string_view value) {
  if (value.starts_with("W/")) value.remove_prefix(2);
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
    value = value.substr(1, value.size() - 2);
  }
  return value;
}

}  // namespace

std::string etag_of(std::uint64_t version, WallTime created) {
  constexpr std::uint64_t kTwelveDigits = 0xFFFF'FFFF'FFFF;
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "\"%08llx-0000-0100-0000-%012llx\"",
                static_cast<unsigned long long>(version),
                static_cast<unsigned long long>(static_cast<std::uint64_t>(unix_micros(created)) &
                                                kTwelveDigits));
  return text.data();
}

bool etag_matches(std::string_view if_match, std::string_view etag) {
  const std::string_view wanted = bare(if_match);
  if (wanted == "*" || wanted == bare(etag)) return true;
  const auto decoded = from_base64(wanted);
  return decoded && bare(as_text(*decoded)) == bare(etag);
}

}  // namespace berth::coordinator
