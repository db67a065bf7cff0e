// When to ask again: as the coordinator says (429, Retry-After), or ever later while it cannot
// answer, up to a point.
#pragma once

#include <algorithm>
#include <chrono>

#include "shared/base/timestamp.hpp"

namespace berth::cli {

class RetryPace {
 public:
  static constexpr std::chrono::milliseconds kFirstPause{250};
  static constexpr std::chrono::seconds kLongestPause{10};
  // Without any answer in between: a minute and a half in all.
  static constexpr unsigned kMaxFailures = 14;
  // A coordinator counts operations by the minute.
  static constexpr std::chrono::seconds kLongestRetryAfter{120};

  void succeeded() { failures_ = 0; }
  // False: it is no use to try again.
  [[nodiscard]] bool failed(MonotonicTime now) {
    if (++failures_ > kMaxFailures) return false;
    std::chrono::milliseconds pause = kFirstPause;
    for (unsigned i = 1; i < failures_ && pause < kLongestPause; ++i) pause *= 2;
    put_off(now, std::min<std::chrono::milliseconds>(pause, kLongestPause));
    return true;
  }
  void throttled(std::chrono::seconds retry_after, MonotonicTime now) {
    put_off(now, std::clamp(retry_after, std::chrono::seconds{1}, kLongestRetryAfter));
  }
  [[nodiscard]] bool may_send(MonotonicTime now) const { return now >= not_before_; }
  [[nodiscard]] MonotonicTime not_before() const { return not_before_; }

 private:
  void put_off(MonotonicTime now, std::chrono::nanoseconds pause) {
    not_before_ = std::max(not_before_, now + pause);
  }

  unsigned failures_ = 0;
  MonotonicTime not_before_{0};
};

}  // namespace berth::cli
