#include "shared/store/sqlite/schema.hpp"

#include <string>
#include <utility>

#include <CppUTest/TestHarness.h>

#include "tests/support/temporary_folder.hpp"

using berth::Errc;
using berth::Result;
using berth::sqlite::Connection;
using berth::store::migrate;

TEST_GROUP(Schema) {
  berth::testing::TemporaryFolder folder_;
  Result<Connection> opened_ =
      Connection::open(folder_.file("store.db"), Connection::Access::write);

  Connection& connection() {
    CHECK(opened_.has_value());
    return *opened_;
  }
  void execute(const std::string& sql) {
    CHECK(connection().execute(sql).has_value());
  }
  Errc refusal() {
    const auto migrated = migrate(connection());
    CHECK_FALSE(migrated.has_value());
    return migrated.error().code;
  }
};

TEST(Schema, MakesTheTablesOfAnEmptyFile) {
  const auto migrated = migrate(connection());
  CHECK(migrated.has_value());
  CHECK(*migrated);
  CHECK(*connection().integer("PRAGMA user_version") == 1);
  CHECK(connection().execute("SELECT * FROM record, change, term, tenant, node").has_value());
}

TEST(Schema, LeavesTodaysFormatAlone) {
  CHECK(migrate(connection()).has_value());
  execute("INSERT INTO node VALUES(1, x'00', x'00')");
  const auto again = migrate(connection());
  CHECK(again.has_value());
  CHECK_FALSE(*again);
  CHECK(*connection().integer("SELECT count(*) FROM node") == 1);
}

TEST(Schema, RefusesANewerFormat) {
  CHECK(migrate(connection()).has_value());
  execute("PRAGMA user_version=2");
  CHECK(refusal() == Errc::unsupported);
}

TEST(Schema, RefusesAnotherProgramsFile) {
  execute("CREATE TABLE notes(text)");
  CHECK(refusal() == Errc::corrupt);
  execute("PRAGMA user_version=1");
  CHECK(refusal() == Errc::corrupt);
}

TEST(Schema, RefusesAFileThatLostItsVersion) {
  CHECK(migrate(connection()).has_value());
  execute("PRAGMA user_version=0");
  CHECK(refusal() == Errc::corrupt);
}
