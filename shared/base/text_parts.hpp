// Text taken apart, as addresses and host names are read.
#pragma once

#include <charconv>
#include <cstddef>
#include <string_view>
#include <system_error>
#include <vector>

namespace berth {

// The whole text is one number that fits; no sign where `Number` has none.
template <class Number>
[[nodiscard]] bool read_number(std::string_view text, int base, Number& into) {
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), into, base);
  return !text.empty() && failure == std::errc{} && end == text.data() + text.size();
}

// One part more than the text has `at`; parts may be empty.
[[nodiscard]] inline std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(at);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

}  // namespace berth
