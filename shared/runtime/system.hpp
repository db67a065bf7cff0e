// The real clock and the real randomness, as ports.
#pragma once

#include "shared/ports/clock.hpp"
#include "shared/ports/entropy.hpp"

namespace berth::runtime {

class SystemClock final : public ports::Clock {
 public:
  [[nodiscard]] WallTime wall() const override;
  [[nodiscard]] MonotonicTime monotonic() const override;
};

// getrandom(2). Blocks until the kernel's generator is seeded, and ends the process if it fails:
// a program without randomness must not go on.
class SystemEntropy final : public ports::Entropy {
 public:
  void fill(std::span<std::uint8_t> bytes) override;
};

}  // namespace berth::runtime
