// How much of one kind is logged in a second: what is left out is counted, and said later.
#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>

#include "shared/base/timestamp.hpp"

namespace berth::gateway {

// Thread-safe.
class LogThrottle {
 public:
  explicit LogThrottle(int per_second) : per_second_(per_second) {}

  struct Word {
    bool may_log = false;
    std::size_t unsaid = 0;  // left out until now, to be said first
  };
  [[nodiscard]] Word ask(MonotonicTime now);

 private:
  const int per_second_;
  std::mutex mutex_;
  std::chrono::seconds second_{-1};
  int said_ = 0;
  std::size_t unsaid_ = 0;
};

}  // namespace berth::gateway
