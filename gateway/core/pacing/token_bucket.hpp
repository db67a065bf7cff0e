// A token bucket: in any minute at most as many requests as its limit says, a few of them at once.
#pragma once

#include <cstdint>
#include <optional>

#include "shared/base/timestamp.hpp"

namespace berth::gateway {

class TokenBucket {
 public:
  // Requests in a minute; 0: no limit. A tenth of them may come at once, and what is left refills
  // the bucket, so that no minute has more. A change keeps what was taken.
  void set_limit(std::uint32_t per_minute, MonotonicTime now);
  [[nodiscard]] std::uint32_t limit() const { return limit_; }

  // Takes one if there is one.
  bool take(MonotonicTime now);
  // When there is one; `now` or before if there is.
  [[nodiscard]] MonotonicTime next(MonotonicTime now);

 private:
  void refill(MonotonicTime now);

  std::uint32_t limit_ = 0;
  double size_ = 0;
  double per_microsecond_ = 0;
  double level_ = 0;
  MonotonicTime filled_{};
};

}  // namespace berth::gateway
