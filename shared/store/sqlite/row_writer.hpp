// RowWriter: what one transaction writes. It keeps the heads of the tenants that it touches until
// finish() seals each once, however many change sets there were.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "shared/base/result.hpp"
#include "shared/ports/entropy.hpp"
#include "shared/sqlite/connection.hpp"
#include "shared/store/record_store.hpp"
#include "shared/store/sqlite/row_reader.hpp"
#include "shared/store/sqlite/tenant_registry.hpp"

namespace berth::store {

// Statements of the writing connection, kept from one transaction to the next.
struct WriteStatements {
  [[nodiscard]] static Result<WriteStatements> prepare(sqlite::Connection& connection);

  sqlite::Statement put_row;
  sqlite::Statement erase_row;
  sqlite::Statement put_term;
  sqlite::Statement erase_term;
  sqlite::Statement erase_terms_of;
  sqlite::Statement put_change;
  sqlite::Statement trim_changes;
  sqlite::Statement put_head;
  sqlite::Statement put_keys;
  sqlite::Statement savepoint;
  sqlite::Statement rollback_to;
  sqlite::Statement release;
};

class RowWriter {
 public:
  struct Rules {
    std::uint64_t log_horizon;
    std::uint64_t max_seals_per_key;
  };
  // All must outlive it; the caller holds the transaction.
  RowWriter(RowReader& reader, WriteStatements& statements, const TenantRegistry& registry,
            const vault::KeyHierarchy& hierarchy, ports::Crypto& crypto, ports::Entropy& entropy,
            Rules rules)
      : reader_(reader),
        statements_(statements),
        registry_(registry),
        hierarchy_(hierarchy),
        crypto_(crypto),
        entropy_(entropy),
        rules_(rules) {}

  // Adds what became of the set to `results`. An error that is returned is not the set's own: it
  // ends the transaction.
  [[nodiscard]] Result<void> apply(const ChangeSet& set, std::vector<Result<Committed>>& results);
  // Applies the set that `conclude` makes of the results; an error ends the transaction.
  [[nodiscard]] Result<void> conclude(const Conclusion& conclude,
                                      const std::vector<Result<Committed>>& results);
  // Trims logs and writes heads; the transaction may then be committed.
  [[nodiscard]] Result<void> finish();

  // Tenants with a new data key, for the registry, after the commit.
  [[nodiscard]] std::vector<OpenTenantPtr> rotated() const;

  // A tenant as this transaction has it.
  struct Touched {
    OpenTenantPtr tenant;
    Head head;
    bool is_changed = false;
    bool is_rotated = false;
  };
  // Loads it at first use.
  [[nodiscard]] Result<Touched*> touch(const domain::IdScope& scope);

 private:
  [[nodiscard]] Result<Touched*> admit(const ChangeSet& set);
  [[nodiscard]] Result<void> rotate(Touched& touched);
  [[nodiscard]] Result<Committed> apply_all(const ChangeSet& set, Touched& touched);
  [[nodiscard]] Result<std::uint64_t> apply_one(const Change& change, Touched& touched);
  [[nodiscard]] Result<std::optional<Row>> row_before(const Change& change, Touched& touched);
  [[nodiscard]] Result<void> forget_unreadable(const Change& change, Touched& touched);
  [[nodiscard]] Result<void> put(Touched& touched, const Row& row);
  [[nodiscard]] Result<void> erase(Touched& touched, const Row& row);
  [[nodiscard]] Result<void> replace_terms(const Touched& touched, const vault::BlindKey& row_key,
                                           const std::vector<vault::BlindKey>& before,
                                           const std::vector<vault::BlindKey>& after);
  [[nodiscard]] Result<void> log(Touched& touched, const Change& change,
                                 const std::optional<Row>& before, const std::optional<Row>& after);
  [[nodiscard]] Result<void> write_head(Touched& touched);

  RowReader& reader_;
  WriteStatements& statements_;
  const TenantRegistry& registry_;
  const vault::KeyHierarchy& hierarchy_;
  ports::Crypto& crypto_;
  ports::Entropy& entropy_;
  Rules rules_;
  std::map<std::int64_t, Touched> touched_;
};

}  // namespace berth::store
