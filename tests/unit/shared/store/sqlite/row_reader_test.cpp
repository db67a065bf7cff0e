// What is found out about a file that was edited.
#include "shared/store/sqlite/row_reader.hpp"

#include <string>

#include <CppUTest/TestHarness.h>

#include "tests/unit/shared/store/sqlite/store_file.hpp"

using berth::Errc;
using berth::sqlite::Connection;
using namespace berth::store;

TEST_GROUP_BASE(RowReader, StoreFile){};

TEST(RowReader, NoticesEveryFlippedByteOfARow) {
  commit({put("dev-1", "x")});
  auto connection = Connection::open(settings_.path, Connection::Access::write);
  CHECK(connection.has_value());
  auto select = connection->prepare("SELECT sealed FROM record");
  CHECK(select.has_value());
  berth::Bytes sealed;
  {
    auto run = select->run();
    CHECK(*run.step());
    sealed = berth::to_bytes(run.blob_at(0));
  }
  auto update = connection->prepare("UPDATE record SET sealed=?");
  CHECK(update.has_value());
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    berth::Bytes flipped = sealed;
    flipped[i] ^= 0x20;
    CHECK(update->run().blob(flipped).finish().has_value());
    check_unreadable("dev-1");
    check_unsound();
  }
  CHECK(update->run().blob(sealed).finish().has_value());
  CHECK(body_of("dev-1") == "x");
  CHECK(is_sound());
}

TEST(RowReader, NoticesATruncatedRow) {
  commit({put("dev-1", "x")});
  edit("UPDATE record SET sealed=substr(sealed, 1, length(sealed) - 1)");
  check_unreadable("dev-1");
  check_unsound();
  edit("UPDATE record SET sealed=x''");
  check_unreadable("dev-1");
}

TEST(RowReader, NoticesARowWithAnotherVersion) {
  commit({put("dev-1", "x")});
  edit("UPDATE record SET version=2");
  check_unreadable("dev-1");
  check_unsound();
}

TEST(RowReader, NoticesARowThatWasMovedToAnotherKey) {
  commit({put("dev-1", "one"), put("dev-2", "two")});
  edit(
      "CREATE TEMP TABLE two AS SELECT sealed FROM record WHERE rowid=2;"
      "UPDATE record SET sealed=(SELECT sealed FROM two) WHERE rowid=1");
  check_unreadable("dev-1");
  CHECK(body_of("dev-2") == "two");
  check_unsound();
}

TEST(RowReader, NoticesARowThatWasMovedToAnotherTable) {
  commit({put("x", "individual"), put("x", "group", Table::enrollment_group)});
  edit("DELETE FROM record WHERE kind=2; UPDATE record SET kind=2");
  const auto page = store_->list(kTenant, Table::enrollment_group, "", 10);
  CHECK_FALSE(page.has_value());
  CHECK(page.error().code == Errc::corrupt);
  CHECK_FALSE(is_sound());
}

TEST(RowReader, NoticesARowThatWasMovedToAnotherTenant) {
  commit({put("dev-1", "x")});
  edit("UPDATE record SET tenant=2");
  const auto page = store_->list(kOther, kTable, "", 10);
  CHECK_FALSE(page.has_value());
  check_corrupt(page.error());
  check_unsound();
}

TEST(RowReader, NoticesADeletedRow) {
  commit({put("dev-1", "one"), put("dev-2", "two")});
  CHECK(edit("DELETE FROM record WHERE rowid=1") == 1);
  check_unsound();
}

TEST(RowReader, NoticesAReplayedRow) {
  commit({put("dev-1", "enabled")});
  edit("CREATE TABLE kept AS SELECT * FROM record");
  commit({put("dev-1", "disabled")});
  edit(
      "UPDATE record SET version=(SELECT version FROM kept), sealed=(SELECT sealed FROM kept);"
      "DROP TABLE kept");
  // By itself the old row is sound: only the set digest tells.
  CHECK(body_of("dev-1") == "enabled");
  check_unsound();
}

TEST(RowReader, NoticesAReplayedRowOfTheSameVersion) {
  commit({put("dev-1", "same")});
  edit("CREATE TABLE kept AS SELECT * FROM record");
  Change erased = put("dev-1", "");
  erased.kind = Change::Kind::erase;
  commit({erased});
  commit({put("dev-1", "same")});
  edit("UPDATE record SET sealed=(SELECT sealed FROM kept); DROP TABLE kept");
  check_unsound();
}

TEST(RowReader, NoticesARowThatCameBack) {
  commit({put("dev-1", "x")});
  edit("CREATE TABLE kept AS SELECT * FROM record");
  Change erased = put("dev-1", "");
  erased.kind = Change::Kind::erase;
  commit({erased});
  edit("INSERT INTO record SELECT * FROM kept; DROP TABLE kept");
  check_unsound();
}

TEST(RowReader, NoticesAnIndexEntryThatLeadsToAnotherRow) {
  Change one = put("dev-1", "one");
  one.terms = {{Index::certificate_thumbprint, "AA"}};
  commit({one, put("dev-2", "two")});
  edit("UPDATE term SET row_key=(SELECT row_key FROM record WHERE rowid=2)");
  const auto page = store_->find(kTenant, kTable, one.terms.front(), "", 10);
  CHECK_FALSE(page.has_value());
  check_corrupt(page.error());
  check_unsound();
}

TEST(RowReader, NoticesAnIndexEntryWhoseRowIsMissing) {
  Change one = put("dev-1", "one");
  one.terms = {{Index::certificate_thumbprint, "AA"}};
  commit({one});
  edit("DELETE FROM record");
  const auto page = store_->find(kTenant, kTable, one.terms.front(), "", 10);
  CHECK_FALSE(page.has_value());
  check_corrupt(page.error());
}

TEST(RowReader, NoticesAMissingIndexEntry) {
  Change one = put("dev-1", "one");
  one.terms = {{Index::certificate_thumbprint, "AA"}};
  commit({one});
  edit("DELETE FROM term");
  check_unsound();
}

TEST(RowReader, NoticesAnIndexEntryTooMany) {
  commit({put("dev-1", "one")});
  edit("INSERT INTO term VALUES(1, randomblob(16), randomblob(16))");
  CHECK_FALSE(is_sound());
}

TEST(RowReader, NoticesAHoleInTheChangeLog) {
  commit({put("a", "1"), put("b", "2"), put("c", "3")});
  edit("DELETE FROM change WHERE position=(SELECT max(position)-1 FROM change)");
  const auto entries = store_->changes(kTenant, 0, 10);
  CHECK_FALSE(entries.has_value());
  CHECK(entries.error().code == Errc::corrupt);
  CHECK_FALSE(is_sound());
}

TEST(RowReader, NoticesSwappedLogEntries) {
  commit({put("a", "1"), put("b", "2")});
  edit("UPDATE change SET sealed=(SELECT sealed FROM change ORDER BY position LIMIT 1)");
  const auto entries = store_->changes(kTenant, 0, 10);
  CHECK_FALSE(entries.has_value());
  CHECK(entries.error().code == Errc::corrupt);
}
