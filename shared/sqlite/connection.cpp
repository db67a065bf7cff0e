#include "shared/sqlite/connection.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

#include <sqlite3.h>

namespace berth::sqlite {
namespace {

// How long a writer waits for another process, such as a back-up, to let the file go.
constexpr int kBusyTimeoutMilliseconds = 5000;

Error error_of(int code, std::string_view detail) {
  Errc kind = Errc::io;
  switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: kind = Errc::corrupt; break;
    case SQLITE_CONSTRAINT: kind = Errc::conflict; break;
    case SQLITE_BUSY: kind = Errc::unavailable; break;
    default: break;
  }
  return {kind, "database: " + std::string(detail)};
}

Error last_error(sqlite3* connection) {
  return error_of(sqlite3_extended_errcode(connection), sqlite3_errmsg(connection));
}

// SQLite would make the file readable for all whom the umask lets; its log gets the file's mode.
Result<void> make_private_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file >= 0) {
    ::close(file);
  } else if (errno != EEXIST) {
    return Error{Errc::io, "cannot make " + path + ": " + std::strerror(errno)};
  }
  return {};
}

}  // namespace

Run::~Run() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

Run& Run::bound(int code) {
  if (failure_ == SQLITE_OK) failure_ = code;
  ++next_;
  return *this;
}

Run& Run::integer(std::int64_t value) {
  return bound(sqlite3_bind_int64(statement_, next_, value));
}

Run& Run::text(std::string_view value) {
  return bound(sqlite3_bind_text64(statement_, next_, value.data(), value.size(), SQLITE_TRANSIENT,
                                   SQLITE_UTF8));
}

Run& Run::blob(ByteView value) {
  // A null pointer would bind NULL.
  const void* data = value.empty() ? "" : static_cast<const void*>(value.data());
  return bound(sqlite3_bind_blob64(statement_, next_, data, value.size(), SQLITE_TRANSIENT));
}

Run& Run::null() {
  return bound(sqlite3_bind_null(statement_, next_));
}

Result<bool> Run::step() {
  if (failure_ != SQLITE_OK) return error_of(failure_, sqlite3_errstr(failure_));
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return last_error(sqlite3_db_handle(statement_));
}

Result<void> Run::finish() {
  for (;;) {
    const auto row = step();
    if (!row) return row.error();
    if (!*row) return {};
  }
}

std::int64_t Run::integer_at(int column) const {
  return sqlite3_column_int64(statement_, column);
}

std::string_view Run::text_at(int column) const {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  if (data == nullptr) return {};
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

ByteView Run::blob_at(int column) const {
  const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_, column));
  if (data == nullptr) return {};
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

bool Run::is_null_at(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

void Statement::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

void Connection::Close::operator()(sqlite3* connection) const {
  sqlite3_close_v2(connection);
}

Result<Connection> Connection::open(const std::string& path, Access access) {
  if (access == Access::write && path != kInMemory) {
    const auto made = make_private_file(path);
    if (!made) return made.error();
  }
  sqlite3* raw = nullptr;
  // A reader of a write-ahead log writes to the shared index beside it, so it opens for writing
  // too.
  const int opened =
      sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  Connection connection(raw);
  if (opened != SQLITE_OK) {
    return error_of(opened, path + ": " + sqlite3_errstr(opened));
  }
  sqlite3_extended_result_codes(raw, 1);
  sqlite3_busy_timeout(raw, kBusyTimeoutMilliseconds);
  // The file may have been edited by others: its schema is not trusted to call functions, and pages
  // are checked before use.
  sqlite3_db_config(raw, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  std::string pragmas =
      "PRAGMA cell_size_check=ON; PRAGMA temp_store=MEMORY; PRAGMA synchronous=FULL;";
  pragmas += access == Access::write ? "PRAGMA journal_mode=WAL;" : "PRAGMA query_only=ON;";
  const auto set = connection.execute(pragmas);
  if (!set) return set.error();
  return connection;
}

Result<Statement> Connection::prepare(std::string_view sql) {
  sqlite3_stmt* raw = nullptr;
  const int code = sqlite3_prepare_v3(connection_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
  Statement statement(raw);
  if (code != SQLITE_OK) return last_error(connection_.get());
  return statement;
}

Result<void> Connection::execute(const std::string& sql) {
  if (sqlite3_exec(connection_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    return last_error(connection_.get());
  }
  return {};
}

Result<std::int64_t> Connection::integer(std::string_view sql) {
  auto statement = prepare(sql);
  if (!statement) return statement.error();
  Run run = statement->run();
  const auto row = run.step();
  if (!row) return row.error();
  return *row ? run.integer_at(0) : 0;
}

std::int64_t Connection::last_row() const {
  return sqlite3_last_insert_rowid(connection_.get());
}

std::int64_t Connection::changed_rows() const {
  return sqlite3_changes64(connection_.get());
}

bool Connection::in_transaction() const {
  return sqlite3_get_autocommit(connection_.get()) == 0;
}

Result<Transaction> Transaction::begin(Connection& connection, Kind kind) {
  const auto begun = connection.execute(kind == Kind::write ? "BEGIN IMMEDIATE" : "BEGIN");
  if (!begun) return begun.error();
  return Transaction(connection);
}

Transaction::~Transaction() {
  // SQLite itself rolls back on some failures; a second rollback would be an error without effect.
  if (connection_ != nullptr && connection_->in_transaction()) {
    static_cast<void>(connection_->execute("ROLLBACK"));
  }
}

Result<void> Transaction::commit() {
  auto done = connection_->execute("COMMIT");
  if (done) connection_ = nullptr;
  return done;
}

}  // namespace berth::sqlite
