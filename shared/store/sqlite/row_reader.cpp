#include "shared/store/sqlite/row_reader.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "shared/base/assert.hpp"
#include "shared/base/encoding.hpp"
#include "shared/store/change_rules.hpp"

namespace berth::store {
namespace {

constexpr unsigned kSequenceBits = 40;

std::int64_t number_of(Table table) {
  return static_cast<std::int64_t>(table);
}

Error corrupt(Table table, std::string_view what) {
  return {Errc::corrupt, std::string(what) + " in table " + std::string(name_of(table))};
}

Error corrupt_log() {
  return {Errc::corrupt, "the change log misses entries"};
}

// The table numbers and keys of a file are anyone's; only what the seal binds them to counts.
std::optional<vault::BlindKey> blind_key(ByteView bytes) {
  vault::BlindKey key{};
  if (bytes.size() != key.size()) return std::nullopt;
  std::copy(bytes.begin(), bytes.end(), key.begin());
  return key;
}

Result<Row> open_row(const OpenTenant& tenant, Table table, ByteView row_key, std::int64_t version,
                     ByteView sealed) {
  const auto key = blind_key(row_key);
  if (!key) return corrupt(table, "a row's key is damaged");
  return tenant.vault.open_row(table, *key, static_cast<std::uint64_t>(version), sealed);
}

// A continuation is the last row key given; empty at the start.
Result<Bytes> read_continuation(const std::string& continuation) {
  auto after = from_base64url(continuation);
  if (!after || (!after->empty() && after->size() != vault::kBlindKeySize)) {
    return Error{Errc::invalid, "the continuation is not one of ours"};
  }
  return *std::move(after);
}

std::int64_t clamp_limit(std::size_t limit) {
  return static_cast<std::int64_t>(std::clamp<std::size_t>(limit, 1, kMaxPage));
}

}  // namespace

std::int64_t position_of(std::int64_t tenant, std::uint64_t sequence) {
  BERTH_ASSERT(tenant < (std::int64_t{1} << (63 - kSequenceBits)));
  BERTH_ASSERT(sequence < (std::uint64_t{1} << kSequenceBits));
  return (tenant << kSequenceBits) + static_cast<std::int64_t>(sequence);
}

Result<RowReader> RowReader::prepare(sqlite::Connection& connection) {
  constexpr std::array kSql = {
      "SELECT version, sealed FROM record WHERE tenant=? AND kind=? AND row_key=?",
      "SELECT row_key, version, sealed FROM record WHERE tenant=? AND kind=? AND row_key>?"
      " ORDER BY row_key LIMIT ?",
      "SELECT t.row_key, r.version, r.sealed FROM term t LEFT JOIN record r ON r.tenant=t.tenant"
      " AND r.kind=? AND r.row_key=t.row_key WHERE t.tenant=? AND t.term=? AND t.row_key>?"
      " ORDER BY t.row_key LIMIT ?",
      "SELECT head FROM tenant WHERE number=?",
      "SELECT position, sealed FROM change WHERE position>=? AND position<=? ORDER BY position",
      "SELECT kind, row_key, version, sealed FROM record WHERE tenant=?",
      "SELECT row_key, version, sealed FROM record WHERE tenant=? AND kind=?",
      "SELECT count(*) FROM term WHERE tenant=?",
      "SELECT count(*) FROM term WHERE tenant=? AND term=? AND row_key=?",
      "SELECT count(*) FROM change WHERE position>=? AND position<=?",
      "SELECT count(*) FROM term WHERE tenant=? AND term=?",
      "SELECT count(*) FROM record WHERE tenant=? AND kind=?",
  };
  std::vector<sqlite::Statement> made;
  for (const char* sql : kSql) {
    auto statement = connection.prepare(sql);
    if (!statement) return statement.error();
    made.push_back(std::move(statement).value());
  }
  return RowReader({std::move(made[0]), std::move(made[1]), std::move(made[2]), std::move(made[3]),
                    std::move(made[4]), std::move(made[5]), std::move(made[6]), std::move(made[7]),
                    std::move(made[8]), std::move(made[9]), std::move(made[10]),
                    std::move(made[11])});
}

Result<std::optional<Row>> RowReader::row(const OpenTenant& tenant, Table table,
                                          const std::string& id) {
  const vault::BlindKey key = tenant.vault.row_key(table, id);
  sqlite::Run run = statements_.row.run();
  const auto found = run.integer(tenant.number).integer(number_of(table)).blob(key).step();
  if (!found) return found.error();
  if (!*found) return std::optional<Row>();
  auto row = open_row(tenant, table, key, run.integer_at(0), run.blob_at(1));
  if (!row) return row.error();
  if (row->record.id != id) return corrupt(table, "a row holds another record's ID");
  return std::optional<Row>(std::move(row).value());
}

Result<Page> RowReader::list(const OpenTenant& tenant, Table table, const std::string& continuation,
                             std::size_t limit) {
  const auto after = read_continuation(continuation);
  if (!after) return after.error();
  const std::int64_t count = clamp_limit(limit);
  sqlite::Run run = statements_.list.run();
  run.integer(tenant.number).integer(number_of(table)).blob(*after).integer(count + 1);
  Page page;
  std::string last;
  for (;;) {
    const auto found = run.step();
    if (!found) return found.error();
    if (!*found) return page;
    if (page.records.size() == static_cast<std::size_t>(count)) {
      page.continuation = last;
      return page;
    }
    last = to_base64url(run.blob_at(0));
    auto row = open_row(tenant, table, run.blob_at(0), run.integer_at(1), run.blob_at(2));
    if (!row) return row.error();
    page.records.push_back(std::move(row->record));
  }
}

Result<Page> RowReader::find(const OpenTenant& tenant, Table table, const IndexTerm& term,
                             const std::string& continuation, std::size_t limit) {
  const auto after = read_continuation(continuation);
  if (!after) return after.error();
  const vault::BlindKey wanted = tenant.vault.term_key(table, term);
  const std::int64_t count = clamp_limit(limit);
  sqlite::Run run = statements_.find.run();
  run.integer(number_of(table)).integer(tenant.number).blob(wanted).blob(*after);
  run.integer(count + 1);
  Page page;
  std::string last;
  for (;;) {
    const auto found = run.step();
    if (!found) return found.error();
    if (!*found) return page;
    if (page.records.size() == static_cast<std::size_t>(count)) {
      page.continuation = last;
      return page;
    }
    if (run.is_null_at(2)) return corrupt(table, "an index entry leads to a missing row");
    last = to_base64url(run.blob_at(0));
    auto row = open_row(tenant, table, run.blob_at(0), run.integer_at(1), run.blob_at(2));
    if (!row) return row.error();
    if (std::find(row->terms.begin(), row->terms.end(), wanted) == row->terms.end()) {
      return corrupt(table, "an index entry leads to another row");
    }
    page.records.push_back(std::move(row->record));
  }
}

Result<std::uint64_t> RowReader::count(const OpenTenant& tenant, Table table,
                                       const IndexTerm& term) {
  const vault::BlindKey wanted = tenant.vault.term_key(table, term);
  sqlite::Run run = statements_.count_term.run();
  const auto found = run.integer(tenant.number).blob(wanted).step();
  if (!found) return found.error();
  return static_cast<std::uint64_t>(run.integer_at(0));
}

Result<std::uint64_t> RowReader::size(const OpenTenant& tenant, Table table) {
  sqlite::Run run = statements_.count_rows.run();
  const auto found = run.integer(tenant.number).integer(number_of(table)).step();
  if (!found) return found.error();
  return static_cast<std::uint64_t>(run.integer_at(0));
}

Result<Head> RowReader::head(const OpenTenant& tenant) {
  sqlite::Run run = statements_.head.run();
  const auto found = run.integer(tenant.number).step();
  if (!found) return found.error();
  if (!*found) return no_such_tenant(domain::IdScope(tenant.vault.tenant()));
  return tenant.vault.open_head(run.blob_at(0));
}

Result<std::vector<LogEntry>> RowReader::changes(const OpenTenant& tenant, std::uint64_t after,
                                                 std::size_t limit) {
  const auto head = this->head(tenant);
  if (!head) return head.error();
  if (after + 1 < head->first_logged || after > head->sequence) {
    return Error{Errc::not_found, "the change log does not hold what follows that sequence"};
  }
  const std::uint64_t count =
      std::min(static_cast<std::uint64_t>(clamp_limit(limit)), head->sequence - after);
  sqlite::Run run = statements_.changes.run();
  run.integer(position_of(tenant.number, after + 1));
  run.integer(position_of(tenant.number, after + count));
  std::vector<LogEntry> entries;
  for (std::uint64_t sequence = after + 1; sequence <= after + count; ++sequence) {
    const auto found = run.step();
    if (!found) return found.error();
    if (!*found || run.integer_at(0) != position_of(tenant.number, sequence)) return corrupt_log();
    auto entry = tenant.vault.open_change(sequence, run.blob_at(1));
    if (!entry) return entry.error();
    entries.push_back(std::move(entry).value());
  }
  return entries;
}

Result<void> RowReader::check_terms(const OpenTenant& tenant, const Row& row) {
  const vault::BlindKey key = tenant.vault.row_key(row.record.table, row.record.id);
  for (const vault::BlindKey& term : row.terms) {
    sqlite::Run run = statements_.has_term.run();
    const auto found = run.integer(tenant.number).blob(term).blob(key).step();
    if (!found) return found.error();
    if (run.integer_at(0) != 1) return corrupt(row.record.table, "an index entry is missing");
  }
  return {};
}

Result<void> RowReader::verify(const OpenTenant& tenant) {
  auto head = this->head(tenant);
  if (!head) return head.error();

  std::map<Table, Head::TableState> sums;
  std::uint64_t terms = 0;
  sqlite::Run rows = statements_.all_rows.run();
  rows.integer(tenant.number);
  for (;;) {
    const auto found = rows.step();
    if (!found) return found.error();
    if (!*found) break;
    const auto table = static_cast<Table>(rows.integer_at(0));
    if (rows.integer_at(0) != number_of(table)) {
      return Error{Errc::corrupt, "a row is in a table that never was"};
    }
    const auto row = open_row(tenant, table, rows.blob_at(1), rows.integer_at(2), rows.blob_at(3));
    if (!row) return row.error();
    const auto indexed = check_terms(tenant, *row);
    if (!indexed) return indexed.error();
    terms += row->terms.size();
    ++sums[table].rows;
    sums[table].digest.add(tenant.vault.element_of(*row));
  }

  for (const auto& [table, state] : head->tables) sums.try_emplace(table);
  for (const auto& [table, sum] : sums) {
    const Head::TableState& kept = head->tables[table];
    if (sum.rows != kept.rows) return corrupt(table, "rows are missing or too many");
    if (sum.digest != kept.digest) return corrupt(table, "a row was replaced by an older one");
  }

  sqlite::Run term_count = statements_.count_terms.run();
  const auto counted_terms = term_count.integer(tenant.number).step();
  if (!counted_terms) return counted_terms.error();
  if (static_cast<std::uint64_t>(term_count.integer_at(0)) != terms) {
    return Error{Errc::corrupt, "there are index entries that belong to no row"};
  }

  sqlite::Run change_count = statements_.count_changes.run();
  change_count.integer(position_of(tenant.number, head->first_logged));
  const auto counted = change_count.integer(position_of(tenant.number, head->sequence)).step();
  if (!counted) return counted.error();
  const std::uint64_t entries = head->sequence + 1 - head->first_logged;
  if (static_cast<std::uint64_t>(change_count.integer_at(0)) != entries) return corrupt_log();
  return {};
}

Result<Head::TableState> RowReader::sum_readable(const OpenTenant& tenant, Table table) {
  Head::TableState sum;
  sqlite::Run rows = statements_.table_rows.run();
  rows.integer(tenant.number).integer(number_of(table));
  for (;;) {
    const auto found = rows.step();
    if (!found) return found.error();
    if (!*found) return sum;
    const auto row = open_row(tenant, table, rows.blob_at(0), rows.integer_at(1), rows.blob_at(2));
    if (!row) continue;
    ++sum.rows;
    sum.digest.add(tenant.vault.element_of(*row));
  }
}

}  // namespace berth::store
