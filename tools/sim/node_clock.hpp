// A node's two clocks over virtual time: its wall clock may be off, and its monotonic clock begins
// anew with every boot.
#pragma once

#include "shared/ports/clock.hpp"
#include "tools/sim/scheduler.hpp"

namespace berth::sim {

// 2026-01-01T00:00:00Z: when every simulation begins.
inline constexpr WallTime kBeginning{std::chrono::seconds{1767225600}};

class NodeClock final : public ports::Clock {
 public:
  explicit NodeClock(const Scheduler& scheduler) : scheduler_(scheduler) {}

  [[nodiscard]] WallTime wall() const override { return kBeginning + scheduler_.now() + offset_; }
  [[nodiscard]] MonotonicTime monotonic() const override { return scheduler_.now() - booted_; }

  void boot() { booted_ = scheduler_.now(); }
  // Somebody sets the wall clock this far off.
  void set_offset(SimTime offset) { offset_ = offset; }
  [[nodiscard]] SimTime offset() const { return offset_; }

 private:
  const Scheduler& scheduler_;
  SimTime booted_{0};
  SimTime offset_{0};
};

}  // namespace berth::sim
