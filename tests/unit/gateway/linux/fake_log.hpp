// A log that a test reads.
#pragma once

#include <algorithm>
#include <mutex>
#include <string>
#include <vector>

#include "shared/runtime/log.hpp"

namespace berth::testing {

class FakeLog final : public runtime::Log {
 public:
  void write(runtime::LogLevel, std::string_view message,
             std::span<const runtime::LogField> fields) override {
    std::string line(message);
    for (const runtime::LogField& field : fields) {
      const auto* text = std::get_if<std::string_view>(&field.value);
      if (text != nullptr) line.append(" ").append(field.key).append("=").append(*text);
    }
    const std::lock_guard lock(mutex_);
    lines_.push_back(std::move(line));
  }
  // Lines that have `text` in them.
  [[nodiscard]] std::size_t count(const std::string& text) const {
    const std::lock_guard lock(mutex_);
    return static_cast<std::size_t>(std::count_if(
        lines_.begin(), lines_.end(),
        [&text](const std::string& line) { return line.find(text) != std::string::npos; }));
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

}  // namespace berth::testing
