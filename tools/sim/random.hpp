// All chance in a simulation comes from one seed through these.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

#include "shared/ports/entropy.hpp"

namespace berth::sim {

// SplitMix64 (Steele, Lea, Flood 2014): small, and every seed is as good as another.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15U);
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31U);
  }
  // 0 to bound - 1.
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }
  // True `per_mille` times of a thousand.
  bool chance(unsigned per_mille) { return below(1000) < per_mille; }
  std::chrono::microseconds between(std::chrono::microseconds from, std::chrono::microseconds to) {
    const auto span = static_cast<std::uint64_t>((to - from).count()) + 1;
    return from + std::chrono::microseconds{below(span)};
  }
  // A seed for a part of the simulation, so that what one part draws does not move another's.
  std::uint64_t branch() { return next(); }

 private:
  std::uint64_t state_;
};

class SimEntropy final : public ports::Entropy {
 public:
  explicit SimEntropy(std::uint64_t seed) : random_(seed) {}

  void fill(std::span<std::uint8_t> bytes) override {
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random_.next() >> 32U);
  }

 private:
  Random random_;
};

}  // namespace berth::sim
