// A clock that stands still until a test moves it, and that other threads read meanwhile.
#pragma once

#include <atomic>
#include <chrono>

#include "shared/ports/clock.hpp"

namespace berth::testing {

class SharedClock final : public ports::Clock {
 public:
  // 2026-01-01T00:00:00Z.
  [[nodiscard]] WallTime wall() const override {
    return from_unix_seconds(1767225600) + passed_.load();
  }
  [[nodiscard]] MonotonicTime monotonic() const override {
    return MonotonicTime{0} + passed_.load();
  }

  void advance(std::chrono::microseconds by) { passed_ = passed_.load() + by; }

 private:
  std::atomic<std::chrono::microseconds> passed_{std::chrono::microseconds{0}};
};

}  // namespace berth::testing
