// RowReader: all reads of one connection. Every row is opened before it is believed, and must be
// the one that was asked for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shared/base/result.hpp"
#include "shared/sqlite/connection.hpp"
#include "shared/store/record_store.hpp"
#include "shared/store/sqlite/tenant_registry.hpp"

namespace berth::store {

// Where an entry of a tenant's change log stands in the table `change`: all tenants' logs share one
// B-tree, each in order. Room for 2^40 changes of each of 2^23 tenants.
[[nodiscard]] std::int64_t position_of(std::int64_t tenant, std::uint64_t sequence);

class RowReader {
 public:
  // `connection` must outlive it.
  [[nodiscard]] static Result<RowReader> prepare(sqlite::Connection& connection);

  [[nodiscard]] Result<std::optional<Row>> row(const OpenTenant& tenant, Table table,
                                               const std::string& id);
  [[nodiscard]] Result<Page> list(const OpenTenant& tenant, Table table,
                                  const std::string& continuation, std::size_t limit);
  [[nodiscard]] Result<Page> find(const OpenTenant& tenant, Table table, const IndexTerm& term,
                                  const std::string& continuation, std::size_t limit);
  [[nodiscard]] Result<std::uint64_t> count(const OpenTenant& tenant, Table table,
                                            const IndexTerm& term);
  [[nodiscard]] Result<std::uint64_t> size(const OpenTenant& tenant, Table table);
  [[nodiscard]] Result<Head> head(const OpenTenant& tenant);

  // These read more than once: the caller holds a transaction.
  [[nodiscard]] Result<std::vector<LogEntry>> changes(const OpenTenant& tenant, std::uint64_t after,
                                                      std::size_t limit);
  [[nodiscard]] Result<void> verify(const OpenTenant& tenant);

  // What the head should say of one table. A row that fails its seal is passed over: it is about to
  // be replaced, or is reported by whoever asks for it.
  [[nodiscard]] Result<Head::TableState> sum_readable(const OpenTenant& tenant, Table table);

 private:
  struct Statements {
    sqlite::Statement row;
    sqlite::Statement list;
    sqlite::Statement find;
    sqlite::Statement head;
    sqlite::Statement changes;
    sqlite::Statement all_rows;
    sqlite::Statement table_rows;
    sqlite::Statement count_terms;
    sqlite::Statement has_term;
    sqlite::Statement count_changes;
    sqlite::Statement count_term;
    sqlite::Statement count_rows;
  };
  explicit RowReader(Statements statements) : statements_(std::move(statements)) {}

  [[nodiscard]] Result<void> check_terms(const OpenTenant& tenant, const Row& row);

  Statements statements_;
};

}  // namespace berth::store
