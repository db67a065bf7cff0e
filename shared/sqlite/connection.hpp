// The one door to SQLite: connections, statements and transactions that clean up after themselves
// and answer with Results. No other folder includes sqlite3.h.
//
// A connection and what belongs to it is used by one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace berth::sqlite {

// One execution of a statement: bind in the order of its question marks, step through its rows.
// The statement is ready for the next run when this goes.
class Run {
 public:
  explicit Run(sqlite3_stmt* statement) : statement_(statement) {}
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;
  ~Run();

  // What is bound is copied. A failure to bind is told by step().
  Run& integer(std::int64_t value);
  Run& text(std::string_view value);
  Run& blob(ByteView value);
  Run& null();

  // Whether there is a row to look at.
  [[nodiscard]] Result<bool> step();
  // For statements without rows.
  [[nodiscard]] Result<void> finish();

  // Columns of the row, from 0. Views live until the next step; a null is 0 or empty.
  [[nodiscard]] std::int64_t integer_at(int column) const;
  [[nodiscard]] std::string_view text_at(int column) const;
  [[nodiscard]] ByteView blob_at(int column) const;
  [[nodiscard]] bool is_null_at(int column) const;

 private:
  Run& bound(int code);

  sqlite3_stmt* statement_;
  int next_ = 1;
  int failure_ = 0;
};

class Statement {
 public:
  // One run at a time.
  [[nodiscard]] Run run() { return Run(statement_.get()); }

 private:
  friend class Connection;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}

  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

// Opened under this name, a database lives in memory and as long as its connection.
inline constexpr const char* kInMemory = ":memory:";

// What SQLite's failures become: Errc::corrupt for a file that is damaged or no database,
// Errc::conflict for a constraint, Errc::unavailable if another process holds the file, else
// Errc::io.
class Connection {
 public:
  enum class Access : std::uint8_t { read, write };

  // For writing, a missing file is made, mode 0600. The journal is a write-ahead log, flushed at
  // every commit.
  [[nodiscard]] static Result<Connection> open(const std::string& path, Access access);

  [[nodiscard]] Result<Statement> prepare(std::string_view sql);
  // One or several statements; rows are ignored.
  [[nodiscard]] Result<void> execute(const std::string& sql);
  [[nodiscard]] Result<std::int64_t> integer(std::string_view sql);

  [[nodiscard]] std::int64_t last_row() const;
  // Rows that the last statement changed.
  [[nodiscard]] std::int64_t changed_rows() const;
  [[nodiscard]] bool in_transaction() const;

 private:
  struct Close {
    void operator()(sqlite3* connection) const;
  };
  explicit Connection(sqlite3* connection) : connection_(connection) {}

  std::unique_ptr<sqlite3, Close> connection_;
};

// Rolled back unless commit() succeeded.
class Transaction {
 public:
  enum class Kind : std::uint8_t {
    read,   // a snapshot
    write,  // takes the file's write lock at once
  };
  // `connection` must outlive it.
  [[nodiscard]] static Result<Transaction> begin(Connection& connection, Kind kind);
  Transaction(Transaction&& other) noexcept : connection_(other.connection_) {
    other.connection_ = nullptr;
  }
  Transaction& operator=(Transaction&&) = delete;
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();

  [[nodiscard]] Result<void> commit();

 private:
  explicit Transaction(Connection& connection) : connection_(&connection) {}

  Connection* connection_;
};

}  // namespace berth::sqlite
