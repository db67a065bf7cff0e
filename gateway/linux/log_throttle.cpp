#include "gateway/linux/log_throttle.hpp"

#include <utility>

namespace berth::gateway {

LogThrottle::Word LogThrottle::ask(MonotonicTime now) {
  const std::lock_guard lock(mutex_);
  const auto second = std::chrono::floor<std::chrono::seconds>(now);
  Word word;
  if (second != second_) {
    second_ = second;
    said_ = 0;
    word.unsaid = std::exchange(unsaid_, 0);
  }
  word.may_log = said_ < per_second_;
  if (word.may_log) {
    ++said_;
  } else {
    ++unsaid_;
  }
  return word;
}

}  // namespace berth::gateway
