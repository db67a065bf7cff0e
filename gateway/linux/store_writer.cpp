#include "gateway/linux/store_writer.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "gateway/core/limits.hpp"

namespace berth::gateway {
namespace {

using ChangedRecord = std::tuple<domain::IdScope, store::Table, std::string>;

}  // namespace

StoreWriter::StoreWriter(store::RecordStore& store) : store_(store), thread_([this] { run(); }) {}

StoreWriter::~StoreWriter() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  arrived_.notify_one();
  thread_.join();
}

void StoreWriter::submit(Build build, Done done) {
  {
    const std::lock_guard lock(mutex_);
    if (!stopping_ && waiting_.size() < kMaxWaitingChangeSets) {
      waiting_.push_back({std::move(build), std::move(done)});
      done = nullptr;
    }
  }
  if (done) {
    done(Error{Errc::throttled, "too many writes wait for the gateway's disk"});
    return;
  }
  arrived_.notify_one();
}

void StoreWriter::submit(store::ChangeSet set, Done done) {
  submit([set = std::move(set)](const store::Reader&) { return Result<store::ChangeSet>(set); },
         std::move(done));
}

void StoreWriter::run() {
  for (;;) {
    std::deque<Waiting> batch;
    {
      std::unique_lock lock(mutex_);
      arrived_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
      const std::size_t count = std::min(waiting_.size(), kMaxGroupedChangeSets);
      for (std::size_t i = 0; i < count; ++i) {
        batch.push_back(std::move(waiting_.front()));
        waiting_.pop_front();
      }
    }
    while (!batch.empty()) write(batch);
  }
}

// Commits as many submissions from the front as don't change the same records: what changes one
// twice is built from what the first change left.
void StoreWriter::write(std::deque<Waiting>& batch) {
  std::vector<store::ChangeSet> sets;
  std::vector<Done> callers;
  std::set<ChangedRecord> changed;
  while (!batch.empty()) {
    auto set = batch.front().build(store_);
    if (!set) {
      batch.front().done(set.error());
      batch.pop_front();
      continue;
    }
    std::set<ChangedRecord> own;
    for (const store::Change& change : set->changes)
      own.emplace(set->tenant, change.table, change.id);
    const bool collides = std::any_of(own.begin(), own.end(), [&](const ChangedRecord& record) {
      return changed.contains(record);
    });
    if (collides) break;
    changed.merge(own);
    sets.push_back(std::move(*set));
    callers.push_back(std::move(batch.front().done));
    batch.pop_front();
  }
  if (sets.empty()) return;
  auto committed = store_.commit(sets);
  for (std::size_t i = 0; i < callers.size(); ++i) {
    callers[i](committed ? std::move((*committed)[i])
                         : Result<store::Committed>(committed.error()));
  }
}

}  // namespace berth::gateway
