#include "gateway/linux/store_writer.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace berth::gateway {

StoreWriter::StoreWriter(store::RecordStore& store) : store_(store), thread_([this] { run(); }) {}

StoreWriter::~StoreWriter() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  arrived_.notify_one();
  thread_.join();
}

void StoreWriter::submit(store::ChangeSet set, Done done) {
  {
    const std::lock_guard lock(mutex_);
    if (!stopping_ && waiting_.size() < kMaxWaitingChangeSets) {
      waiting_.push_back({std::move(set), std::move(done)});
      done = nullptr;
    }
  }
  if (done) {
    done(Error{Errc::throttled, "too many writes wait for the gateway's disk"});
    return;
  }
  arrived_.notify_one();
}

void StoreWriter::run() {
  for (;;) {
    std::vector<store::ChangeSet> sets;
    std::vector<Done> callers;
    {
      std::unique_lock lock(mutex_);
      arrived_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
      const std::size_t count = std::min(waiting_.size(), kMaxGroupedChangeSets);
      for (std::size_t i = 0; i < count; ++i) {
        sets.push_back(std::move(waiting_.front().set));
        callers.push_back(std::move(waiting_.front().done));
        waiting_.pop_front();
      }
    }
    auto committed = store_.commit(sets);
    for (std::size_t i = 0; i < callers.size(); ++i) {
      callers[i](committed ? std::move((*committed)[i])
                           : Result<store::Committed>(committed.error()));
    }
  }
}

}  // namespace berth::gateway
