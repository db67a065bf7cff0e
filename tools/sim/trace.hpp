// What happened, line by line. The hash of all lines tells whether two runs were the same.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>

#include "tools/sim/scheduler.hpp"

namespace berth::sim {

// Lines that a failure shows.
inline constexpr std::size_t kTraceTail = 60;

class Trace {
 public:
  // `print` gets every line; it may be empty.
  Trace(const Scheduler& scheduler, std::function<void(const std::string&)> print)
      : scheduler_(scheduler), print_(std::move(print)) {}

  void line(const std::string& who, const std::string& what);
  [[nodiscard]] std::uint64_t hash() const { return hash_; }
  // The last lines, oldest first.
  [[nodiscard]] const std::deque<std::string>& tail() const { return tail_; }

 private:
  const Scheduler& scheduler_;
  std::function<void(const std::string&)> print_;
  std::uint64_t hash_ = 0xcbf29ce484222325U;  // FNV-1a's offset basis
  std::deque<std::string> tail_;
};

}  // namespace berth::sim
