// The one thread that writes to the gateway's store. Whatever waits while one commit is being
// flushed shares the next flush: group commit without a timer.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <thread>

#include "gateway/core/cache/write_queue.hpp"
#include "shared/store/record_store.hpp"

namespace berth::gateway {

// Change sets that may wait; more are refused with Errc::throttled. At some 16,000 grouped commits
// a second this is a quarter of a second of work.
inline constexpr std::size_t kMaxWaitingChangeSets = 4096;
// Change sets that share one flush.
inline constexpr std::size_t kMaxGroupedChangeSets = 128;

class StoreWriter final : public WriteQueue {
 public:
  // `store` outlives the writer.
  explicit StoreWriter(store::RecordStore& store);
  // Writes what waits, then ends.
  ~StoreWriter() override;
  StoreWriter(const StoreWriter&) = delete;
  StoreWriter& operator=(const StoreWriter&) = delete;

  void submit(Build build, Done done) override;
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
