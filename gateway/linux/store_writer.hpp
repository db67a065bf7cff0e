// The one thread that writes to the gateway's store. Whatever waits while one commit is being
// flushed shares the next flush: group commit without a timer.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <thread>

#include "gateway/core/cache/write_queue.hpp"
#include "gateway/core/limits.hpp"
#include "shared/store/record_store.hpp"

namespace berth::gateway {

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
