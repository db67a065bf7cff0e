// The one thread that writes to the gateway's store. Records from the coordinator, intents,
// outcomes and outbox entries all pass through it in order, so a check that runs inside its
// transaction sees exactly what was synchronised before (design section 3.6). Whatever waits while
// one commit is being flushed shares the next flush: group commit without a timer.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "shared/base/result.hpp"
#include "shared/store/record_store.hpp"

namespace berth::gateway {

// Change sets that may wait; more are refused with Errc::throttled. At some 16,000 grouped commits
// a second this is a quarter of a second of work.
inline constexpr std::size_t kMaxWaitingChangeSets = 4096;
// Change sets that share one flush.
inline constexpr std::size_t kMaxGroupedChangeSets = 128;

class StoreWriter {
 public:
  // Makes the change set, on the writer's thread, from the state that everything submitted before
  // leaves of the records that it changes. An error is the submission's answer.
  using Build = std::function<Result<store::ChangeSet>(const store::Reader& reader)>;
  // Called on the writer's thread: post to your own executor.
  using Done = std::function<void(Result<store::Committed>)>;

  // `store` outlives the writer.
  explicit StoreWriter(store::RecordStore& store);
  // Writes what waits, then ends.
  ~StoreWriter();
  StoreWriter(const StoreWriter&) = delete;
  StoreWriter& operator=(const StoreWriter&) = delete;

  // From any thread. `done` is called exactly once, also when the submission is refused at once.
  void submit(Build build, Done done);
  void submit(store::ChangeSet set, Done done);

 private:
  struct Waiting {
    Build build;
    Done done;
  };
  void run();
  void write(std::deque<Waiting>& batch);

  store::RecordStore& store_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Waiting> waiting_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace berth::gateway
