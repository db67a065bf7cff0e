// The time port. Logic never asks the system for the time; it is handed one of these.
#pragma once

#include "shared/base/timestamp.hpp"

namespace berth::ports {

class Clock {
 public:
  virtual ~Clock() = default;
  // May jump when someone sets it. For expiry and records.
  [[nodiscard]] virtual WallTime wall() const = 0;
  // Never goes back within a boot. For timeouts.
  [[nodiscard]] virtual MonotonicTime monotonic() const = 0;
};

}  // namespace berth::ports
