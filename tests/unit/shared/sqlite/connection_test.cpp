#include "shared/sqlite/connection.hpp"

#include <fstream>
#include <string>
#include <sys/stat.h>
#include <utility>

#include <CppUTest/TestHarness.h>

#include "tests/support/temporary_folder.hpp"

using berth::Bytes;
using berth::Errc;
using berth::Result;
using namespace berth::sqlite;

namespace {

Connection open_or_fail(const std::string& path,
                        Connection::Access access = Connection::Access::write) {
  auto connection = Connection::open(path, access);
  CHECK(connection.has_value());
  return std::move(connection).value();
}

}  // namespace

TEST_GROUP(Connection) {
  berth::testing::TemporaryFolder folder_;
  std::string path_ = folder_.file("test.db");
  Connection connection_ = open_or_fail(path_);

  void setup() override {
    CHECK(connection_.execute("CREATE TABLE t(i INTEGER UNIQUE, x TEXT, b BLOB)").has_value());
  }

  void insert(std::int64_t number) {
    auto statement = connection_.prepare("INSERT INTO t(i) VALUES(?)");
    CHECK(statement.has_value());
    CHECK(statement->run().integer(number).finish().has_value());
  }

  std::int64_t count(Connection & connection) {
    const auto rows = connection.integer("SELECT count(*) FROM t");
    CHECK(rows.has_value());
    return *rows;
  }
};

TEST(Connection, GivesBackWhatWasBound) {
  const Bytes blob = {0, 1, 255};
  const std::string text("a\0b", 3);
  auto insert = connection_.prepare("INSERT INTO t VALUES(?,?,?)");
  CHECK(insert.has_value());
  CHECK(insert->run().integer(-5).text(text).blob(blob).finish().has_value());
  CHECK(insert->run().integer(6).text("").blob({}).finish().has_value());
  CHECK(insert->run().null().null().null().finish().has_value());

  auto select = connection_.prepare("SELECT i, x, b FROM t ORDER BY rowid");
  CHECK(select.has_value());
  Run run = select->run();
  CHECK(*run.step());
  CHECK(run.integer_at(0) == -5);
  CHECK(run.text_at(1) == text);
  CHECK(berth::to_bytes(run.blob_at(2)) == blob);
  CHECK(*run.step());
  CHECK(run.text_at(1).empty());
  CHECK(run.blob_at(2).empty());
  CHECK_FALSE(run.is_null_at(1));
  CHECK_FALSE(run.is_null_at(2));
  CHECK(*run.step());
  CHECK(run.is_null_at(0));
  CHECK(run.text_at(1).empty());
  CHECK_FALSE(*run.step());
}

TEST(Connection, KeepsADatabaseInMemoryOutOfTheFileSystem) {
  Connection in_memory = open_or_fail(kInMemory);
  CHECK(in_memory.execute("CREATE TABLE t(i INTEGER)").has_value());
  struct stat status {};
  CHECK(::stat(kInMemory, &status) != 0);
}

TEST(Connection, RunsAStatementAgainFromItsStart) {
  insert(1);
  insert(2);
  auto select = connection_.prepare("SELECT i FROM t ORDER BY i");
  CHECK(select.has_value());
  for (int round = 0; round < 2; ++round) {
    Run run = select->run();
    CHECK(*run.step());
    CHECK(run.integer_at(0) == 1);
  }
}

TEST(Connection, TellsOfABindingTooMany) {
  auto select = connection_.prepare("SELECT i FROM t WHERE i=?");
  CHECK(select.has_value());
  const auto row = select->run().integer(1).integer(2).step();
  CHECK_FALSE(row.has_value());
  CHECK(row.error().code == Errc::io);
}

TEST(Connection, SaysConflictForABrokenConstraint) {
  insert(1);
  auto statement = connection_.prepare("INSERT INTO t(i) VALUES(1)");
  CHECK(statement.has_value());
  const auto done = statement->run().finish();
  CHECK_FALSE(done.has_value());
  CHECK(done.error().code == Errc::conflict);
}

TEST(Connection, CountsRowsAndChanges) {
  insert(1);
  CHECK(connection_.last_row() == 1);
  insert(2);
  CHECK(connection_.execute("DELETE FROM t").has_value());
  CHECK(connection_.changed_rows() == 2);
}

TEST(Connection, RefusesWhatIsNotSql) {
  CHECK_FALSE(connection_.prepare("SELEKT").has_value());
  CHECK_FALSE(connection_.execute("SELEKT").has_value());
}

TEST(Connection, KeepsACommittedTransaction) {
  {
    auto transaction = Transaction::begin(connection_, Transaction::Kind::write);
    CHECK(transaction.has_value());
    insert(1);
    CHECK(connection_.in_transaction());
    CHECK(transaction->commit().has_value());
  }
  CHECK_FALSE(connection_.in_transaction());
  CHECK(count(connection_) == 1);
}

TEST(Connection, RollsBackATransactionThatWasNotCommitted) {
  {
    auto transaction = Transaction::begin(connection_, Transaction::Kind::write);
    CHECK(transaction.has_value());
    insert(1);
  }
  CHECK_FALSE(connection_.in_transaction());
  CHECK(count(connection_) == 0);
}

TEST(Connection, ShowsAReaderOneSnapshotWhileOthersWrite) {
  Connection reader = open_or_fail(path_, Connection::Access::read);
  insert(1);
  auto snapshot = Transaction::begin(reader, Transaction::Kind::read);
  CHECK(snapshot.has_value());
  CHECK(count(reader) == 1);
  insert(2);
  CHECK(count(reader) == 1);
  CHECK(snapshot->commit().has_value());
  CHECK(count(reader) == 2);
}

TEST(Connection, DoesNotLetAReaderWrite) {
  Connection reader = open_or_fail(path_, Connection::Access::read);
  CHECK_FALSE(reader.execute("DELETE FROM t").has_value());
}

TEST(Connection, MakesAFileForItsOwnerOnly) {
  insert(1);
  for (const std::string& name : {path_, path_ + "-wal"}) {
    struct stat status {};
    CHECK(::stat(name.c_str(), &status) == 0);
    CHECK_EQUAL(0600U, status.st_mode & 0777U);
  }
}

TEST(Connection, SaysCorruptForAFileThatIsNoDatabase) {
  const std::string path = folder_.file("text");
  std::ofstream(path) << std::string(4096, 'x');
  const auto opened = Connection::open(path, Connection::Access::write);
  CHECK_FALSE(opened.has_value());
  CHECK(opened.error().code == Errc::corrupt);
}

TEST(Connection, SaysIoForAPathThatCannotBe) {
  const auto opened = Connection::open(folder_.file("no/such/folder"), Connection::Access::write);
  CHECK_FALSE(opened.has_value());
  CHECK(opened.error().code == Errc::io);
  CHECK_FALSE(Connection::open(folder_.file("none"), Connection::Access::read).has_value());
}
