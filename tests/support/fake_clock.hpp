// A clock that stands still until a test moves it.
#pragma once

#include <chrono>

#include "shared/ports/clock.hpp"

namespace berth::testing {

class FakeClock final : public ports::Clock {
 public:
  // 2026-01-01T00:00:00Z.
  explicit FakeClock(WallTime wall = from_unix_seconds(1767225600)) : wall_(wall) {}

  [[nodiscard]] WallTime wall() const override { return wall_; }
  [[nodiscard]] MonotonicTime monotonic() const override { return monotonic_; }

  // Both clocks, as time passes.
  void advance(std::chrono::microseconds by) {
    wall_ += by;
    monotonic_ += by;
  }
  // Somebody sets the wall clock.
  void set_wall(WallTime wall) { wall_ = wall; }

 private:
  WallTime wall_;
  MonotonicTime monotonic_{0};
};

}  // namespace berth::testing
