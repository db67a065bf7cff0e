// Applier: turns what the coordinator sends into change sets for the gateway's store. Records and
// cursor go in one set, so the copy is always the coordinator's at the cursor (design section 4).
//
//  - A snapshot replaces the copy: what it does not hold is swept out at its end. It may be larger
//    than memory, so it is applied frame by frame; meanwhile the cursor says so, and a crash midway
//    asks for another. Old records go on being served until they are replaced or swept.
//  - A registration with an outcome of our own still on the way is left alone: the outcome is
//  newer.
//    What the coordinator made of it comes with the acknowledgement.
//  - A keyed set digest over the copy is kept in the cursor and compared when the coordinator says
//    what it should be.
//
// Each function builds a change set and leaves it to the caller to commit, in the order of the
// messages; a set may be built more than once before it is committed (gateway/linux/store_writer).
// An error, or a failed commit, means that the tenant needs another snapshot. One owner, on the
// writer's thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "gateway/core/cache/outbox.hpp"
#include "shared/base/result.hpp"
#include "shared/domain/model/ids.hpp"
#include "shared/domain/model/journal.hpp"
#include "shared/ports/crypto.hpp"
#include "shared/protocol/sync/frames.hpp"
#include "shared/store/record_store.hpp"
#include "shared/vault/set_digest.hpp"

namespace berth::gateway {

// The cursor's record, in the tenant.
inline constexpr const char* kCursorId = "cursor";
// Records that one sweep looks at.
inline constexpr std::size_t kSweepPage = 500;

// Where the copy of a tenant stands; all defaults before the first snapshot.
[[nodiscard]] Result<domain::Cursor> read_cursor(const store::Reader& reader,
                                                 const domain::IdScope& tenant);
// What Hello says of it: a copy that is not usable is none.
[[nodiscard]] sync::Position position_of(const domain::IdScope& tenant,
                                         const domain::Cursor& cursor);

class Applier {
 public:
  // `numbers` gives sequences to what must be sent again.
  Applier(const domain::GatewayId& gateway, ports::Crypto& crypto, OutboxNumbers& numbers)
      : gateway_(gateway), crypto_(crypto), numbers_(numbers) {}

  [[nodiscard]] Result<store::ChangeSet> begin(const store::Reader& reader,
                                               const sync::SnapshotBegin& message);
  [[nodiscard]] Result<store::ChangeSet> records(const store::Reader& reader,
                                                 const sync::SnapshotRecords& message);
  // Sweeps, page by page: begin with a default SweepPoint, then go on with `next` until there is
  // none. The last set completes the cursor; nothing else of the tenant but registrations may be
  // applied before it.
  struct SweepPoint {
    std::size_t table = 0;  // of those that are swept
    std::string continuation;
    vault::SetDigest digest;
  };
  struct Sweep {
    store::ChangeSet set;
    std::optional<SweepPoint> next;
    // Outbox entries in the set: the coordinator lost what this gateway decided.
    std::vector<std::uint64_t> queued;
  };
  [[nodiscard]] Result<Sweep> end(const store::Reader& reader, const sync::SnapshotEnd& message,
                                  const SweepPoint& from);

  // An empty set if the copy is past them. Errc::conflict if they do not join it.
  [[nodiscard]] Result<store::ChangeSet> changes(const store::Reader& reader,
                                                 const sync::Changes& message);
  [[nodiscard]] Result<store::ChangeSet> look_back(const store::Reader& reader,
                                                   const sync::LookBackReply& message);
  // One set per tenant: drops the entries that the coordinator has now, and takes up what it made
  // of them. `entries` as OutboxQueue::up_to() gives them.
  [[nodiscard]] Result<std::vector<store::ChangeSet>> acknowledged(
      const store::Reader& reader, const sync::OutboxAck& message,
      const std::map<domain::IdScope, std::vector<std::uint64_t>>& entries);

  // Whether the copy is what the coordinator says it is; true also if it stands elsewhere by now.
  [[nodiscard]] Result<bool> agrees(const store::Reader& reader, const sync::DigestCheck& message);

 private:
  // A snapshot on its way. Seen records are kept as 64 bits each, so that a million cost little.
  struct Snapshot {
    sync::SnapshotBegin begin;
    std::unordered_set<std::uint64_t> seen;
  };

  [[nodiscard]] std::uint64_t mark_of(store::Table table, const std::string& id);
  [[nodiscard]] Result<store::Change> change_for(const sync::RecordChange& record);
  [[nodiscard]] Result<void> add_registration(const store::Reader& reader,
                                              const domain::IdScope& tenant,
                                              const sync::RecordChange& record, std::uint64_t after,
                                              store::ChangeSet& set);
  // Whether another store of the coordinator has only an older assignment than this gateway made.
  [[nodiscard]] Result<bool> is_outdated(const store::Reader& reader, const domain::IdScope& tenant,
                                         const sync::RecordChange& record) const;
  [[nodiscard]] Result<void> sweep_record(const store::Reader& reader, const Snapshot& snapshot,
                                          const store::Record& record, SweepPoint& point,
                                          Sweep& sweep);
  [[nodiscard]] Result<Snapshot*> snapshot(const domain::IdScope& tenant, std::uint64_t number);

  domain::GatewayId gateway_;
  ports::Crypto& crypto_;
  OutboxNumbers& numbers_;
  std::map<domain::IdScope, Snapshot> snapshots_;
};

}  // namespace berth::gateway
