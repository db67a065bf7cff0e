// TenantVault: one tenant's rows as they stand in a file, whatever engine keeps the file: their
// blind keys, their sealed contents and what they add to the digests
// (docs/formats/sealed_record.md).
//
// Immutable, and safe to use from several threads.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"
#include "shared/ports/crypto.hpp"
#include "shared/ports/entropy.hpp"
#include "shared/store/record_store.hpp"
#include "shared/store/table.hpp"
#include "shared/vault/blind_index.hpp"
#include "shared/vault/key_hierarchy.hpp"
#include "shared/vault/set_digest.hpp"

namespace berth::store {

// A record with its blind index terms: sealed together, so that an index entry which does not
// belong to its record is noticed.
struct Row {
  Record record;
  std::vector<vault::BlindKey> terms;
};

// What a store knows of a tenant as a whole. Sealed anew in every transaction that touches the
// tenant.
struct Head {
  struct TableState {
    std::uint64_t rows = 0;
    vault::SetDigest digest;
  };

  std::uint64_t sequence = 0;      // the last one given
  std::uint64_t first_logged = 1;  // the oldest entry that the change log still holds
  std::uint64_t seals = 0;         // under the newest data key
  std::map<Table, TableState> tables;
};

class TenantVault {
 public:
  // `crypto` must outlive it.
  TenantVault(ports::Crypto& crypto, vault::NamedKeys keys)
      : crypto_(crypto), named_(std::move(keys)) {}

  [[nodiscard]] const std::string& tenant() const { return named_.tenant; }
  [[nodiscard]] const vault::TenantKeys& keys() const { return named_.keys; }

  [[nodiscard]] vault::BlindKey row_key(Table table, const std::string& id) const;
  [[nodiscard]] vault::BlindKey term_key(Table table, const IndexTerm& term) const;

  // Errc::corrupt with the table's name if the row is not what was sealed for this place.
  [[nodiscard]] Bytes seal_row(ports::Entropy& entropy, const Row& row) const;
  [[nodiscard]] Result<Row> open_row(Table table, const vault::BlindKey& row_key,
                                     std::uint64_t version, ByteView sealed) const;

  [[nodiscard]] Bytes seal_change(ports::Entropy& entropy, const LogEntry& entry) const;
  [[nodiscard]] Result<LogEntry> open_change(std::uint64_t sequence, ByteView sealed) const;

  [[nodiscard]] Bytes seal_head(ports::Entropy& entropy, const Head& head) const;
  [[nodiscard]] Result<Head> open_head(ByteView sealed) const;

  // What a row adds to its table's digest.
  [[nodiscard]] vault::DigestElement element_of(const Row& row) const;

 private:
  [[nodiscard]] Bytes seal(ports::Entropy& entropy, vault::Place place, ByteView content) const;
  [[nodiscard]] Result<Bytes> open(vault::Place place, ByteView sealed) const;

  ports::Crypto& crypto_;
  vault::NamedKeys named_;
};

}  // namespace berth::store
