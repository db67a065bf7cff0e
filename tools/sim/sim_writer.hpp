// The gateway's way to its disk, without the thread: what is submitted is built and committed in
// order a little later, and answered a little after that. A crash may come in between.
#pragma once

#include <deque>
#include <functional>
#include <utility>

#include "gateway/core/cache/write_queue.hpp"
#include "tools/sim/sim_store.hpp"
#include "tools/sim/world.hpp"

namespace berth::sim {

class SimWriter final : public gateway::WriteQueue {
 public:
  using After = std::function<void(SimTime, std::function<void()>)>;

  // `after` runs things in this boot of the node only.
  SimWriter(World& world, SimStore& store, After after)
      : world_(world), store_(store), after_(std::move(after)) {}

  void submit(Build build, Done done) override {
    waiting_.push_back({std::move(build), std::move(done)});
    if (waiting_.size() == 1) schedule();
  }

 private:
  struct Waiting {
    Build build;
    Done done;
  };

  void schedule() {
    const bool is_slow = world_.random.chance(10);
    after_(world_.random.between(SimTime{100}, SimTime{is_slow ? 2'000'000 : 5'000}),
           [this] { write(); });
  }
  void write() {
    Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    auto set = next.build(store_);
    Result<store::Committed> committed =
        set ? store::commit_one(store_, std::move(*set)) : Result<store::Committed>(set.error());
    after_(SimTime{10}, [done = std::move(next.done), committed = std::move(committed)]() mutable {
      done(std::move(committed));
    });
    if (!waiting_.empty()) schedule();
  }

  World& world_;
  SimStore& store_;
  After after_;
  std::deque<Waiting> waiting_;
};

}  // namespace berth::sim
