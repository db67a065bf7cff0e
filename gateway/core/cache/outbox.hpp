// The outbox's bookkeeping: which sequence an outcome gets, which entries still wait, and which of
// them a session has sent (design 3.8, section 4). The entries themselves are records; only their
// numbers are in memory.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "shared/base/result.hpp"
#include "shared/domain/model/journal.hpp"
#include "shared/ports/entropy.hpp"
#include "shared/protocol/sync/frames.hpp"
#include "shared/store/record_store.hpp"

namespace berth::gateway {

// The record that names the outbox, in Table::node of the node's own tenant.
inline constexpr const char* kOutboxIdentityId = "outbox";

// Gives sequences: the epoch, one more at every start, above a counter. So no counter needs to be
// written per outcome, and no sequence is given twice.
class OutboxNumbers {
 public:
  // Reads the identity, or makes one, and writes the new epoch before it answers.
  [[nodiscard]] static Result<OutboxNumbers> open(store::RecordStore& store,
                                                  ports::Entropy& entropy);
  OutboxNumbers(OutboxNumbers&& other) noexcept
      : identity_(std::move(other.identity_)), last_(other.last_.load()) {}

  // Called by the journal's writer only.
  [[nodiscard]] std::uint64_t next() { return ++last_; }
  // The last one given, or the one below the first.
  [[nodiscard]] std::uint64_t last() const { return last_; }
  [[nodiscard]] const std::string& incarnation() const { return identity_.incarnation; }

  // The coordinator has seen sequences of this incarnation that were never given here: the disk was
  // rolled back, and numbers given since then would be taken for old ones. Takes another name;
  // sequences go on growing. The session must be begun anew, and numbers must not be asked for
  // meanwhile.
  [[nodiscard]] Result<void> renew(store::RecordStore& store, ports::Entropy& entropy);

 private:
  explicit OutboxNumbers(domain::OutboxIdentity identity);

  domain::OutboxIdentity identity_;
  std::atomic<std::uint64_t> last_;
};

// 20 decimal digits: the ID of an entry's record.
[[nodiscard]] std::string outbox_id(std::uint64_t sequence);
// The change that queues an entry, with the index term by which the applier finds that its
// registration has an outcome on the way. `entry.sequence` is set.
[[nodiscard]] store::Change outbox_change(const domain::OutboxEntry& entry);

// Which entries wait. One owner, on one thread.
class OutboxQueue {
 public:
  // Everything that an earlier run left.
  [[nodiscard]] static Result<OutboxQueue> load(const store::Reader& reader,
                                                const std::vector<domain::IdScope>& tenants);

  // An entry that is durable now.
  void added(const domain::IdScope& tenant, std::uint64_t sequence);
  // A new session sends everything again.
  void restart() { sent_ = 0; }
  // The entries to send next, at most `most`, oldest first. One that can't be read blocks nobody:
  // it is set aside, and stays on the disk.
  [[nodiscard]] Result<std::vector<domain::OutboxEntry>> next(const store::Reader& reader,
                                                              std::size_t most);
  // Those that were set aside since the last call.
  [[nodiscard]] std::vector<std::uint64_t> take_unreadable() {
    return std::exchange(unreadable_, {});
  }
  // Forgets the entries up to `through`, after the change sets of Applier::acknowledged() are
  // written.
  void acknowledged(std::uint64_t through);
  // The tenants and sequences of the entries up to `through`.
  [[nodiscard]] std::map<domain::IdScope, std::vector<std::uint64_t>> up_to(
      std::uint64_t through) const;
  [[nodiscard]] std::size_t size() const { return waiting_.size(); }
  [[nodiscard]] bool empty() const { return waiting_.empty(); }

 private:
  std::map<std::uint64_t, domain::IdScope> waiting_;
  std::uint64_t sent_ = 0;
  std::vector<std::uint64_t> unreadable_;
};

}  // namespace berth::gateway
