#include "shared/store/sqlite/row_writer.hpp"

#include <string>
#include <vector>

#include <CppUTest/TestHarness.h>

#include "tests/unit/shared/store/sqlite/store_file.hpp"

using berth::Errc;
using berth::sqlite::Connection;
using namespace berth::store;

TEST_GROUP_BASE(RowWriter, StoreFile){};

TEST(RowWriter, NoticesADamagedHeadAndWritesNothing) {
  commit({put("dev-1", "x")});
  edit("UPDATE tenant SET head=randomblob(120) WHERE number=1");
  const auto head = store_->head(kTenant);
  CHECK_FALSE(head.has_value());
  CHECK(head.error().code == Errc::corrupt);
  const auto refused = try_commit({put("dev-1", "y")});
  CHECK_FALSE(refused.has_value());
  CHECK(refused.error().code == Errc::corrupt);
  commit({put("dev-1", "y")}, kOther);
  CHECK(body_of("dev-1") == "x");
}

TEST(RowWriter, RefusesAConditionalWriteOverADamagedRow) {
  commit({put("dev-1", "x")});
  edit("UPDATE record SET sealed=randomblob(60)");
  Change change = put("dev-1", "y");
  change.expected_version = 1;
  const auto refused = try_commit({change});
  CHECK_FALSE(refused.has_value());
  check_corrupt(refused.error());
}

TEST(RowWriter, MendsDamagedRowsWithUnconditionalWrites) {
  Change one = put("dev-1", "one");
  one.terms = {{Index::certificate_thumbprint, "AA"}};
  commit({one, put("dev-2", "two"), put("dev-3", "three")});
  edit("UPDATE record SET sealed=randomblob(60) WHERE rowid<3");
  commit({put("dev-1", "one again")});
  CHECK(body_of("dev-1") == "one again");
  check_unsound();  // dev-2 is still damaged
  Change erased = put("dev-2", "");
  erased.kind = Change::Kind::erase;
  commit({erased});
  CHECK(body_of("dev-2") == "absent");
  CHECK(body_of("dev-3") == "three");
  CHECK(is_sound());
  CHECK(store_->find(kTenant, kTable, one.terms.front(), "", 10)->records.empty());
}

TEST(RowWriter, TakesANewDataKeyWhenTheOldOneHasSealedEnough) {
  settings_.max_seals_per_key = 10;
  reopen();
  for (int i = 0; i < 30; ++i) {
    commit({put("dev-" + std::to_string(i), std::to_string(i))});
    CHECK(body_of("dev-" + std::to_string(i)) == std::to_string(i));
  }
  CHECK(is_sound());
  // Envelopes begin with their format and key version.
  auto connection = Connection::open(settings_.path, Connection::Access::read);
  CHECK(connection.has_value());
  CHECK(*connection->integer("SELECT count(DISTINCT substr(sealed, 1, 5)) FROM record") >= 5);
  reopen();
  CHECK(body_of("dev-0") == "0");
  CHECK(body_of("dev-29") == "29");
  CHECK(store_->changes(kTenant, 0, 100)->size() == 30);
  CHECK(is_sound());
}

TEST(RowWriter, CountsTheSealsOfRefusedSets) {
  settings_.max_seals_per_key = 10;
  reopen();
  Change impossible = put("x", "");
  impossible.expected_version = 9;
  for (int i = 0; i < 10; ++i) CHECK_FALSE(try_commit({put("dev-1", "x"), impossible}).has_value());
  commit({put("dev-1", "x")});
  auto connection = Connection::open(settings_.path, Connection::Access::read);
  CHECK(connection.has_value());
  CHECK(*connection->integer("SELECT hex(substr(sealed, 2, 4)) > '00000001' FROM record") == 1);
}

TEST(RowWriter, TrimsTheLogByTheEntryAndNotByTheTenant) {
  settings_.log_horizon = 4;
  reopen();
  commit({put("a", "1")}, kOther);
  for (int i = 0; i < 10; ++i) commit({put("a", std::to_string(i))});
  CHECK(store_->changes(kTenant, 6, 10)->size() == 4);
  CHECK(store_->changes(kOther, 0, 10)->size() == 1);
  auto connection = Connection::open(settings_.path, Connection::Access::read);
  CHECK(connection.has_value());
  CHECK(*connection->integer("SELECT count(*) FROM change") == 5);
}
