#include "gateway/core/pacing/token_bucket.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace berth::gateway {
namespace {

constexpr std::uint32_t kBurstShare = 10;
constexpr double kMinute = 60e6;  // microseconds, of which MonotonicTime counts

double microseconds(MonotonicTime time) {
  return static_cast<double>(std::chrono::duration_cast<std::chrono::microseconds>(time).count());
}

}  // namespace

void TokenBucket::set_limit(std::uint32_t per_minute, MonotonicTime now) {
  if (per_minute == limit_) return;
  refill(now);
  const bool was_unlimited = limit_ == 0;
  limit_ = per_minute;
  size_ = std::max<std::uint32_t>(per_minute / kBurstShare, 1);
  // Burst and refill together are the limit; a limit of one refills too, if slowly.
  const double refilled = std::max(static_cast<double>(per_minute) - size_, per_minute / 2.0);
  per_microsecond_ = refilled / kMinute;
  level_ = was_unlimited ? size_ : std::min(level_, size_);
  filled_ = now;
}

void TokenBucket::refill(MonotonicTime now) {
  level_ = std::min(size_, level_ + microseconds(now - filled_) * per_microsecond_);
  filled_ = now;
}

bool TokenBucket::take(MonotonicTime now) {
  if (limit_ == 0) return true;
  refill(now);
  if (level_ < 1) return false;
  level_ -= 1;
  return true;
}

MonotonicTime TokenBucket::next(MonotonicTime now) {
  if (limit_ == 0) return now;
  refill(now);
  if (level_ >= 1) return now;
  const double wait = std::ceil((1 - level_) / per_microsecond_);
  return now + std::chrono::microseconds(static_cast<std::int64_t>(wait));
}

}  // namespace berth::gateway
