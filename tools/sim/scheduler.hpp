// Virtual time: a queue of what happens when. Nothing else makes anything happen, so a simulation
// takes as long as its work and no longer, and the same seed gives the same run.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <utility>

namespace berth::sim {

// Since the simulation's beginning.
using SimTime = std::chrono::microseconds;

class Scheduler {
 public:
  using Event = std::function<void()>;

  [[nodiscard]] SimTime now() const { return now_; }
  // Events of one instant happen in the order in which they were asked for.
  void at(SimTime when, Event event) {
    events_.emplace(std::pair(when < now_ ? now_ : when, ++last_), std::move(event));
  }
  void after(SimTime delay, Event event) { at(now_ + delay, std::move(event)); }

  // Runs what happens up to `until`, and `between` after each event.
  void run(SimTime until, const Event& between) {
    while (!events_.empty() && events_.begin()->first.first <= until) {
      auto next = events_.extract(events_.begin());
      now_ = next.key().first;
      ++count_;
      next.mapped()();
      between();
    }
    now_ = until;
  }
  [[nodiscard]] std::uint64_t count() const { return count_; }

 private:
  SimTime now_{0};
  std::uint64_t last_ = 0;
  std::uint64_t count_ = 0;
  std::map<std::pair<SimTime, std::uint64_t>, Event> events_;
};

}  // namespace berth::sim
