// Randomness that a seed repeats: the same seed, the same run. Not for secrets.
#pragma once

#include <cstdint>
#include <mutex>
#include <span>

#include "shared/ports/entropy.hpp"

namespace berth::testing {

// SplitMix64 (Steele, Lea, Flood 2014). Safe to use from several threads, whose order then decides.
class FakeEntropy final : public ports::Entropy {
 public:
  explicit FakeEntropy(std::uint64_t seed = 1) : state_(seed) {}

  void fill(std::span<std::uint8_t> bytes) override {
    const std::scoped_lock lock(mutex_);
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(next() >> 32);
  }

 private:
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  std::mutex mutex_;
  std::uint64_t state_;
};

}  // namespace berth::testing
