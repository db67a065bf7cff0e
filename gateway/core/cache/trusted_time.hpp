// TrustedTime: the time that expiries are judged by. A gateway's wall clock may start at 1970 or be
// set back to stretch a permit, so time is max(wall clock, sealed high-water mark) plus monotonic
// uptime (design section 4). A clock behind what is trusted raises an alarm and stops new devices;
// the coordinator's word, which came over an authenticated connection, sets both right.
//
// Safe from several threads.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "shared/base/result.hpp"
#include "shared/base/timestamp.hpp"
#include "shared/ports/clock.hpp"
#include "shared/store/record_store.hpp"

namespace berth::gateway {

// How far a wall clock may lag before it counts as set back: what NTP corrects without being told.
inline constexpr std::chrono::seconds kClockTolerance{60};
// How often the mark is written.
inline constexpr std::chrono::seconds kMarkInterval{60};
// The mark's record, in Table::node of the node's own tenant.
inline constexpr const char* kTimeMarkId = "time";

class TrustedTime {
 public:
  // `high_water` as restore() read it; `clock` outlives this object.
  TrustedTime(ports::Clock& clock, WallTime high_water);

  // The mark that an earlier run left; 1970 before the first.
  [[nodiscard]] static Result<WallTime> restore(const store::Reader& reader);

  [[nodiscard]] WallTime now() const;
  // The wall clock lags behind what is trusted: an alarm.
  [[nodiscard]] bool clock_is_behind() const;
  // The coordinator's time, as its Welcome says.
  void hear(WallTime coordinator_time);
  // Writes the mark. To be committed every kMarkInterval and on stopping.
  [[nodiscard]] store::ChangeSet mark() const;

 private:
  ports::Clock& clock_;
  // What is added to the monotonic clock, in microseconds; the wall clock may run ahead of the sum.
  std::atomic<std::int64_t> offset_;
};

}  // namespace berth::gateway
