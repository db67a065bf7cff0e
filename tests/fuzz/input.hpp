// Takes a fuzzer's bytes apart, and ends the program where a property does not hold.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "shared/base/bytes.hpp"

namespace berth::fuzz {

// What must hold whatever the bytes were; libFuzzer reports the abort with its input.
inline void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : rest_(data, size) {}

  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  // 0 once the bytes are used up.
  [[nodiscard]] std::uint8_t byte() {
    if (rest_.empty()) {
      return 0;
    }
    const std::uint8_t first = rest_.front();
    rest_ = rest_.subspan(1);
    return first;
  }
  [[nodiscard]] ByteView take(std::size_t count) {
    const ByteView taken = rest_.first(count < rest_.size() ? count : rest_.size());
    rest_ = rest_.subspan(taken.size());
    return taken;
  }
  // Up to the next line feed, which is dropped.
  [[nodiscard]] std::string_view line() {
    const std::string_view text = as_text(rest_);
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) {
      rest_ = {};
      return text;
    }
    rest_ = rest_.subspan(end + 1);
    return text.substr(0, end);
  }
  [[nodiscard]] ByteView rest() const { return rest_; }
  [[nodiscard]] std::string_view text() const { return as_text(rest_); }

 private:
  ByteView rest_;
};

}  // namespace berth::fuzz
