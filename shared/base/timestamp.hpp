// The two kinds of time, and wall time's text form.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace berth {

// Wall time, UTC, to the microsecond: for expiry and for what people read.
using WallTime = std::chrono::sys_time<std::chrono::microseconds>;
// Time since an arbitrary start of this boot: for timeouts. Never compared across machines.
using MonotonicTime = std::chrono::nanoseconds;

inline std::int64_t unix_micros(WallTime time) {
  return time.time_since_epoch().count();
}
inline WallTime from_unix_micros(std::int64_t micros) {
  return WallTime{std::chrono::microseconds{micros}};
}
inline std::int64_t unix_seconds(WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}
inline WallTime from_unix_seconds(std::int64_t seconds) {
  return WallTime{std::chrono::seconds{seconds}};
}

// yyyy-MM-ddTHH:mm:ss.fffffffZ, seven fractional digits, as DPS writes it (device API 1.3).
std::string to_iso8601(WallTime time);
// yyyy-MM-ddTHH:mm:ssZ, as certificate validity is written (service API 2.4).
std::string to_iso8601_seconds(WallTime time);
// Accepts zero to nine fractional digits and a final Z; years 1970 to 9999.
std::optional<WallTime> from_iso8601(std::string_view text);

}  // namespace berth
