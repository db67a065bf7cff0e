// The gateway's journal: what the registration engine wants to be durable, as change sets of the
// one writer (design section 3.6 and 3.8).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>

#include "gateway/core/audit/refusal_log.hpp"
#include "gateway/core/cache/outbox.hpp"
#include "gateway/core/cache/permit.hpp"
#include "gateway/core/cache/write_queue.hpp"
#include "gateway/core/ports/journal.hpp"

namespace berth::gateway {

class Journal {
 public:
  using Done = WriteQueue::Done;
  // Called on the writer's thread when an outbox entry is durable.
  using Queued = std::function<void(const domain::IdScope& tenant, std::uint64_t sequence)>;

  // All outlive the journal, and the journal outlives the writer's last entry.
  Journal(WriteQueue& writer, const PermitBook& permits, OutboxNumbers& numbers, Queued queued)
      : writer_(writer), permits_(permits), numbers_(numbers), queued_(std::move(queued)) {}

  // From any thread; `done` on the writer's.
  void write(const JournalIntent& entry, Done done);
  void write(const JournalOutcome& entry, Done done);
  void record(const RecordAttempt& entry);
  // For the audit log: a refusal, or, with tell_refusals(), the counts of those that were too many
  // to be told one by one.
  void note(const Refused& refused, MonotonicTime now);
  void tell_refusals(MonotonicTime now);
  // For the audit log: an intent that can't be read.
  void note_unreadable(const domain::IdScope& tenant, const std::string& id, const Error& why);

 private:
  void append(std::vector<domain::AuditNote> notes);
  void queue(domain::OutboxEntry entry, std::vector<store::Change> beside,
             domain::RegistrationId registration, std::vector<domain::AuditNote> notes, Done done);

  WriteQueue& writer_;
  const PermitBook& permits_;
  OutboxNumbers& numbers_;
  Queued queued_;
  std::atomic<std::size_t> waiting_attempts_{0};
  std::atomic<std::size_t> waiting_notes_{0};
  std::mutex mutex_;  // of the refusals: shards tell of them from their own threads
  RefusalLog refusals_{MonotonicTime{0}};
};

}  // namespace berth::gateway
