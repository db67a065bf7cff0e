#include "shared/store/sqlite/schema.hpp"

#include <array>
#include <cstdint>
#include <string>

namespace berth::store {
namespace {

// "Brth", where SQLite keeps the program's mark.
constexpr std::int64_t kApplication = 0x42727468;

// The file's format version is the number of steps it has taken (PRAGMA user_version).
constexpr std::array kSteps = {
    // node: one row. tenant: numbers are never used twice, so that what a forgotten tenant left in
    // memory finds nothing. term: the index entries. change: the tenants' logs, see position_of().
    "CREATE TABLE node(one INTEGER PRIMARY KEY CHECK(one = 1), root_check BLOB NOT NULL,"
    " incarnation BLOB NOT NULL);"
    "CREATE TABLE tenant(number INTEGER PRIMARY KEY AUTOINCREMENT, row_key BLOB NOT NULL UNIQUE,"
    " keys BLOB NOT NULL, head BLOB NOT NULL);"
    "CREATE TABLE record(tenant INTEGER NOT NULL, kind INTEGER NOT NULL, row_key BLOB NOT NULL,"
    " version INTEGER NOT NULL, sealed BLOB NOT NULL);"
    "CREATE UNIQUE INDEX record_key ON record(tenant, kind, row_key);"
    "CREATE TABLE term(tenant INTEGER NOT NULL, term BLOB NOT NULL, row_key BLOB NOT NULL,"
    " PRIMARY KEY(tenant, term, row_key)) WITHOUT ROWID;"
    "CREATE TABLE change(position INTEGER PRIMARY KEY, sealed BLOB NOT NULL);",
};

}  // namespace

Result<bool> migrate(sqlite::Connection& connection) {
  const auto application = connection.integer("PRAGMA application_id");
  if (!application) return application.error();
  const auto format = connection.integer("PRAGMA user_version");
  if (!format) return format.error();
  const auto objects = connection.integer("SELECT count(*) FROM sqlite_schema");
  if (!objects) return objects.error();

  const bool is_empty = *objects == 0 && *format == 0;
  if (!is_empty && *application != kApplication) {
    return Error{Errc::corrupt, "the file is not a Berth store"};
  }
  if (*format < 0 || (*format == 0 && !is_empty)) {
    return Error{Errc::corrupt, "the store's format version is damaged"};
  }
  if (static_cast<std::uint64_t>(*format) > kSteps.size()) {
    return Error{Errc::unsupported,
                 "the store was written by a newer Berth (format " + std::to_string(*format) + ")"};
  }
  if (static_cast<std::uint64_t>(*format) == kSteps.size()) return false;
  for (auto step = static_cast<std::size_t>(*format); step < kSteps.size(); ++step) {
    const auto taken = connection.execute(kSteps[step]);
    if (!taken) return taken.error();
  }
  const auto marked = connection.execute("PRAGMA application_id=" + std::to_string(kApplication) +
                                         "; PRAGMA user_version=" + std::to_string(kSteps.size()));
  if (!marked) return marked.error();
  return is_empty;
}

}  // namespace berth::store
