// RecordStore: sealed, versioned records with a change log, one set per tenant and one (tenant "")
// for the node itself. The coordinator keeps the truth in one, a gateway its cache and its journal
// in another; the engine below (SQLite here) is not seen through this interface. One conformance
// suite, tests/conformance/store, runs on every implementation.
//
// What every implementation guarantees (design section 5):
//  - commit() is atomic and durable when it returns; a group of change sets shares one flush;
//  - rows are sealed one by one with AES-256-GCM, bound to table, tenant, key and version; row keys
//    and index entries are HMACs: the files show no ID, host name or key;
//  - a row that is truncated, flipped, moved, replayed or missing is reported as Errc::corrupt with
//    the table's name in the reason; it is never served;
//  - sequence numbers of a tenant's change log are assigned in the transaction that changes a
//  record
//    and have no holes for readers.
//
// Thread-safe: reads may run beside one commit and see the state before or after it, never between.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"
#include "shared/domain/audit/note.hpp"
#include "shared/domain/model/ids.hpp"
#include "shared/ports/crypto.hpp"
#include "shared/store/table.hpp"

namespace berth::store {

// Largest record body, in bytes: an enrollment with the largest initial twin (tags 8 KiB, desired
// 32 KiB, service API 2.5), two certificates and room to spare.
inline constexpr std::size_t kMaxRecordSize = 256 * 1024;
// Most records one list(), find() or changes() call returns.
inline constexpr std::size_t kMaxPage = 1000;
// Longest record ID and index value, in bytes, and most index terms of one record.
inline constexpr std::size_t kMaxRecordId = 256;
inline constexpr std::size_t kMaxTermSize = 256;
inline constexpr std::size_t kMaxTerms = 64;
// Entries of a tenant's change log that are kept; a reader further behind needs a snapshot.
inline constexpr std::uint64_t kLogHorizon = 100'000;

// The node's own records live under this tenant.
inline const domain::IdScope kNode{};

struct IndexTerm {
  Index index{};
  std::string value;
};

struct Record {
  Table table{};
  std::string id;
  std::uint64_t version = 0;   // 1 at creation, one more at every write; the coordinator's number
  std::uint64_t sequence = 0;  // of the tenant's change log, when this version was written
  Bytes body;
};

// One write. `expected_version`: nullopt writes whatever is there; 0 demands absence; otherwise the
// record must be at that version, else the whole change set fails with Errc::version_mismatch
// (Errc::already_exists where absence was demanded, Errc::not_found where a record was).
struct Change {
  enum class Kind : std::uint8_t {
    put,
    erase,
    require,  // writes nothing: the precondition alone
  };
  Kind kind = Kind::put;
  Table table{};
  std::string id;
  std::optional<std::uint64_t> expected_version;
  Bytes body;                    // put
  std::vector<IndexTerm> terms;  // put: replaces the record's index entries
  // put: the version to store; 0 lets the store count up. A gateway stores the coordinator's.
  std::uint64_t version = 0;
};

// Changes apply one after another: each sees what those before it did. If one's precondition fails,
// nothing of the set is written. Erasing what is absent is no error and leaves no log entry.
struct ChangeSet {
  domain::IdScope tenant;
  std::vector<Change> changes;
  // Called inside the transaction, before anything of this set is written, with reads that see all
  // earlier sets; an error refuses this set only. May be empty.
  std::function<Result<void>(const class Reader&)> check;
  // What the node's audit log shall say of this set if it is written. AuditedStore appends it in
  // the same transaction; the engines below pass over it.
  std::vector<domain::AuditNote> notes;
};

struct Committed {
  std::uint64_t sequence = 0;           // the tenant's head after this set
  std::vector<std::uint64_t> versions;  // of the records, in the order of the changes (0: erased)
};

// Makes the last set of a commit, inside the transaction, from what became of the sets before it.
// Where it fails, or its set can't be written, nothing is.
using Conclusion = std::function<Result<ChangeSet>(const class Reader& reader,
                                                   std::span<const Result<Committed>> before)>;

// An entry of a tenant's change log: the record before and after one change.
struct LogEntry {
  std::uint64_t sequence = 0;
  Table table{};
  std::string id;
  std::optional<Record> before;
  std::optional<Record> after;  // absent: erased
};

struct Page {
  std::vector<Record> records;
  // Pass it to get what follows; empty at the end. Opaque, stable across writes: rows that stay are
  // neither skipped nor repeated.
  std::string continuation;
};

class Reader {
 public:
  virtual ~Reader() = default;

  // Absent is a value, not an error.
  [[nodiscard]] virtual Result<std::optional<Record>> read(const domain::IdScope& tenant,
                                                           Table table,
                                                           const std::string& id) const = 0;
  // In row-key order, which is not the order of IDs. `limit` is clamped to kMaxPage.
  [[nodiscard]] virtual Result<Page> list(const domain::IdScope& tenant, Table table,
                                          const std::string& continuation,
                                          std::size_t limit) const = 0;
  // Records of one table that carry an index term.
  [[nodiscard]] virtual Result<Page> find(const domain::IdScope& tenant, Table table,
                                          const IndexTerm& term, const std::string& continuation,
                                          std::size_t limit) const = 0;
  // How many records of one table carry an index term. Index entries alone are counted, without
  // opening a row: what somebody did to them outside is found by verify(), not here.
  [[nodiscard]] virtual Result<std::uint64_t> count(const domain::IdScope& tenant, Table table,
                                                    const IndexTerm& term) const = 0;
  // How many records a table has, without opening a row; as above.
  [[nodiscard]] virtual Result<std::uint64_t> size(const domain::IdScope& tenant,
                                                   Table table) const = 0;
  // The last sequence number given in the tenant's change log; 0 before the first.
  [[nodiscard]] virtual Result<std::uint64_t> head(const domain::IdScope& tenant) const = 0;
};

class RecordStore : public Reader {
 public:
  // Entries with `after` < sequence, oldest first. Errc::not_found if the log no longer reaches
  // back that far, or `after` is past the head: the reader needs a snapshot. Tables from 32 on are
  // not logged (they have no readers elsewhere), and do not move the head.
  [[nodiscard]] virtual Result<std::vector<LogEntry>> changes(const domain::IdScope& tenant,
                                                              std::uint64_t after,
                                                              std::size_t limit) const = 0;

  // All sets in one transaction and one flush, in order; each set succeeds or fails by itself.
  // The outer error (Errc::io, Errc::corrupt) means nothing was written.
  [[nodiscard]] virtual Result<std::vector<Result<Committed>>> commit(
      std::span<const ChangeSet> sets) = 0;
  // The same with a last set that depends on them. It is not among the results.
  [[nodiscard]] virtual Result<std::vector<Result<Committed>>> commit_concluded(
      std::span<const ChangeSet> sets, const Conclusion& conclude) = 0;

  // Makes a tenant's keys. Needed once before the first commit for it; idempotent.
  [[nodiscard]] virtual Result<void> create_tenant(const domain::IdScope& tenant) = 0;
  // Forgets a tenant, its records and its keys.
  [[nodiscard]] virtual Result<void> erase_tenant(const domain::IdScope& tenant) = 0;
  [[nodiscard]] virtual Result<std::vector<domain::IdScope>> tenants() const = 0;

  // Random, made with the file; a restored back-up keeps it, so the coordinator renews it when it
  // is told that its data was restored (design section 4).
  [[nodiscard]] virtual std::string incarnation() const = 0;

  // The keyed set digest over what gateways may hold (tables below 32 except registration), and its
  // key (design section 4). See shared/vault/set_digest.hpp.
  [[nodiscard]] virtual Result<Bytes> digest_key(const domain::IdScope& tenant) const = 0;

  // Compares all rows of a tenant with the sealed set digest kept beside them: finds deleted and
  // replayed rows. Reads everything.
  [[nodiscard]] virtual Result<void> verify(const domain::IdScope& tenant) const = 0;
};

// One change set; the usual case.
[[nodiscard]] Result<Committed> commit_one(RecordStore& store, ChangeSet set);

}  // namespace berth::store
