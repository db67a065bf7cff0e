// What the SQLite engine adds to tests/conformance/store: keys, files and what is found out about a
// file that was edited. The editing is done here through a connection of the test's own.
#include "shared/store/sqlite/sqlite_store.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <sys/stat.h>
#include <utility>
#include <vector>

#include <CppUTest/TestHarness.h>

#include "shared/crypto/mbedtls/mbedtls.hpp"
#include "shared/sqlite/connection.hpp"
#include "tests/support/fake_entropy.hpp"
#include "tests/support/temporary_folder.hpp"

using berth::Errc;
using berth::Result;
using berth::domain::IdScope;
using berth::sqlite::Connection;
using namespace berth::store;

namespace {

const IdScope kTenant("0neAA000001");
const IdScope kOther("0neAA000002");
constexpr Table kTable = Table::individual_enrollment;

Change put(const std::string& id, const std::string& body, Table table = kTable) {
  Change change;
  change.table = table;
  change.id = id;
  change.body = berth::to_bytes(body);
  return change;
}

std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_GROUP(SqliteStore) {
  berth::testing::TemporaryFolder folder_;
  berth::testing::FakeEntropy entropy_;
  std::unique_ptr<berth::ports::Crypto> crypto_ = berth::crypto::make_mbedtls_crypto();
  berth::vault::RootKey root_key_{entropy_.secret(berth::vault::kRootKeySize), "/keys/root.key"};
  SqliteStore::Settings settings_{.path = folder_.file("store.db")};
  std::unique_ptr<SqliteStore> store_;

  void setup() override {
    reopen();
    CHECK(store_->create_tenant(kTenant).has_value());
    CHECK(store_->create_tenant(kOther).has_value());
  }

  void reopen() {
    store_.reset();
    auto opened = SqliteStore::open(settings_, root_key_, *crypto_, entropy_);
    CHECK(opened.has_value());
    store_ = std::move(opened).value();
  }

  Errc refusal_to_open(const berth::vault::RootKey& key, std::string* reason = nullptr) {
    const auto opened = SqliteStore::open(settings_, key, *crypto_, entropy_);
    CHECK_FALSE(opened.has_value());
    if (reason != nullptr) *reason = opened.error().reason;
    return opened.error().code;
  }

  Result<Committed> try_commit(std::vector<Change> changes, const IdScope& tenant = kTenant) {
    ChangeSet set;
    set.tenant = tenant;
    set.changes = std::move(changes);
    return commit_one(*store_, std::move(set));
  }
  void commit(std::vector<Change> changes, const IdScope& tenant = kTenant) {
    CHECK(try_commit(std::move(changes), tenant).has_value());
  }

  std::string body_of(const std::string& id) {
    const auto record = store_->read(kTenant, kTable, id);
    CHECK(record.has_value());
    return *record ? std::string(berth::as_text((*record)->body)) : "absent";
  }

  // Edits the file behind the store's back.
  std::int64_t edit(const std::string& sql) {
    auto connection = Connection::open(settings_.path, Connection::Access::write);
    CHECK(connection.has_value());
    CHECK(connection->execute(sql).has_value());
    return connection->changed_rows();
  }

  // The reason given, which must name the table.
  void check_corrupt(const berth::Error& error) {
    CHECK(error.code == Errc::corrupt);
    CHECK(error.reason.find("individual_enrollment") != std::string::npos);
  }
  void check_unreadable(const std::string& id) {
    const auto record = store_->read(kTenant, kTable, id);
    CHECK_FALSE(record.has_value());
    check_corrupt(record.error());
  }
  void check_unsound() {
    const auto sound = store_->verify(kTenant);
    CHECK_FALSE(sound.has_value());
    check_corrupt(sound.error());
  }
  bool is_sound() {
    return store_->verify(kTenant).has_value();
  }
};

TEST(SqliteStore, RefusesAnotherRootKeyAndSaysWhatToDo) {
  commit({put("dev-1", "x")});
  store_.reset();
  const berth::vault::RootKey other{entropy_.secret(berth::vault::kRootKeySize), "/keys/other.key"};
  std::string reason;
  CHECK(refusal_to_open(other, &reason) == Errc::wrong_key);
  CHECK(reason.find("/keys/other.key") != std::string::npos);
  CHECK(reason.find(settings_.path) != std::string::npos);
  reopen();
  CHECK(body_of("dev-1") == "x");
}

TEST(SqliteStore, RefusesAFileOfAnotherKind) {
  settings_.path = folder_.file("text");
  std::ofstream(settings_.path) << std::string(4096, 'x');
  CHECK(refusal_to_open(root_key_) == Errc::corrupt);
}

TEST(SqliteStore, RefusesAFileThatLostItsNodeRow) {
  store_.reset();
  edit("DELETE FROM node");
  CHECK(refusal_to_open(root_key_) == Errc::corrupt);
}

TEST(SqliteStore, RefusesAnIncarnationThatFailsItsSeal) {
  store_.reset();
  edit("UPDATE node SET incarnation=randomblob(61)");
  CHECK(refusal_to_open(root_key_) == Errc::corrupt);
}

TEST(SqliteStore, KeepsItsFilesToTheirOwner) {
  commit({put("dev-1", "x")});
  for (const char* suffix : {"", "-wal", "-shm"}) {
    struct stat status {};
    CHECK(::stat((settings_.path + suffix).c_str(), &status) == 0);
    CHECK_EQUAL(0600U, status.st_mode & 0777U);
  }
}

TEST(SqliteStore, HasAnIncarnationOfItsOwn) {
  const std::string first = store_->incarnation();
  CHECK(first.size() == 32);
  settings_.path = folder_.file("another.db");
  reopen();
  CHECK(store_->incarnation() != first);
}

TEST(SqliteStore, ShowsNothingInClear) {
  // Long enough not to occur by chance; none may be seen in the database or its log.
  Change change =
      put("registration-4711", "{\"hub\":\"factory-hub.example\",\"key\":\"c2VjcmV0\"}");
  change.terms = {{Index::certificate_thumbprint, "0123456789ABCDEF"},
                  {Index::hub_registrations, "hub-of-the-factory"}};
  commit({change});
  commit({put("registration-4711", "factory-hub.example again")});
  commit({put("outbox-entry-17", "factory-hub.example", Table::outbox)});
  const auto key = store_->digest_key(kTenant);
  CHECK(key.has_value());

  const std::vector<std::string> secrets = {"registration-4711",
                                            "factory-hub",
                                            "c2VjcmV0",
                                            "0123456789ABCDEF",
                                            "hub-of-the",
                                            "outbox-entry-17",
                                            "0neAA000001",
                                            "0neaa000001",
                                            store_->incarnation(),
                                            std::string(berth::as_text(*key)),
                                            std::string(berth::as_text(root_key_.bytes.reveal()))};
  const auto check_clean = [&] {
    for (const char* suffix : {"", "-wal", "-shm"}) {
      if (!std::filesystem::exists(settings_.path + suffix)) continue;
      const std::string content = content_of(settings_.path + suffix);
      for (const std::string& secret : secrets) CHECK(content.find(secret) == std::string::npos);
    }
  };
  CHECK(content_of(settings_.path + "-wal").size() > 0);
  check_clean();
  store_.reset();  // moves the log into the database
  check_clean();
}

TEST(SqliteStore, NoticesEveryFlippedByteOfARow) {
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

TEST(SqliteStore, NoticesATruncatedRow) {
  commit({put("dev-1", "x")});
  edit("UPDATE record SET sealed=substr(sealed, 1, length(sealed) - 1)");
  check_unreadable("dev-1");
  check_unsound();
  edit("UPDATE record SET sealed=x''");
  check_unreadable("dev-1");
}

TEST(SqliteStore, NoticesARowWithAnotherVersion) {
  commit({put("dev-1", "x")});
  edit("UPDATE record SET version=2");
  check_unreadable("dev-1");
  check_unsound();
}

TEST(SqliteStore, NoticesARowThatWasMovedToAnotherKey) {
  commit({put("dev-1", "one"), put("dev-2", "two")});
  edit(
      "CREATE TEMP TABLE two AS SELECT sealed FROM record WHERE rowid=2;"
      "UPDATE record SET sealed=(SELECT sealed FROM two) WHERE rowid=1");
  check_unreadable("dev-1");
  CHECK(body_of("dev-2") == "two");
  check_unsound();
}

TEST(SqliteStore, NoticesARowThatWasMovedToAnotherTable) {
  commit({put("x", "individual"), put("x", "group", Table::enrollment_group)});
  edit("DELETE FROM record WHERE kind=2; UPDATE record SET kind=2");
  const auto page = store_->list(kTenant, Table::enrollment_group, "", 10);
  CHECK_FALSE(page.has_value());
  CHECK(page.error().code == Errc::corrupt);
  CHECK_FALSE(is_sound());
}

TEST(SqliteStore, NoticesARowThatWasMovedToAnotherTenant) {
  commit({put("dev-1", "x")});
  edit("UPDATE record SET tenant=2");
  const auto page = store_->list(kOther, kTable, "", 10);
  CHECK_FALSE(page.has_value());
  check_corrupt(page.error());
  check_unsound();
}

TEST(SqliteStore, NoticesADeletedRow) {
  commit({put("dev-1", "one"), put("dev-2", "two")});
  CHECK(edit("DELETE FROM record WHERE rowid=1") == 1);
  check_unsound();
}

TEST(SqliteStore, NoticesAReplayedRow) {
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

TEST(SqliteStore, NoticesAReplayedRowOfTheSameVersion) {
  commit({put("dev-1", "same")});
  edit("CREATE TABLE kept AS SELECT * FROM record");
  Change erased = put("dev-1", "");
  erased.kind = Change::Kind::erase;
  commit({erased});
  commit({put("dev-1", "same")});
  edit("UPDATE record SET sealed=(SELECT sealed FROM kept); DROP TABLE kept");
  check_unsound();
}

TEST(SqliteStore, NoticesARowThatCameBack) {
  commit({put("dev-1", "x")});
  edit("CREATE TABLE kept AS SELECT * FROM record");
  Change erased = put("dev-1", "");
  erased.kind = Change::Kind::erase;
  commit({erased});
  edit("INSERT INTO record SELECT * FROM kept; DROP TABLE kept");
  check_unsound();
}

TEST(SqliteStore, NoticesAnIndexEntryThatLeadsToAnotherRow) {
  Change one = put("dev-1", "one");
  one.terms = {{Index::certificate_thumbprint, "AA"}};
  commit({one, put("dev-2", "two")});
  edit("UPDATE term SET row_key=(SELECT row_key FROM record WHERE rowid=2)");
  const auto page = store_->find(kTenant, kTable, one.terms.front(), "", 10);
  CHECK_FALSE(page.has_value());
  check_corrupt(page.error());
  check_unsound();
}

TEST(SqliteStore, NoticesAnIndexEntryWhoseRowIsMissing) {
  Change one = put("dev-1", "one");
  one.terms = {{Index::certificate_thumbprint, "AA"}};
  commit({one});
  edit("DELETE FROM record");
  const auto page = store_->find(kTenant, kTable, one.terms.front(), "", 10);
  CHECK_FALSE(page.has_value());
  check_corrupt(page.error());
}

TEST(SqliteStore, NoticesAMissingIndexEntry) {
  Change one = put("dev-1", "one");
  one.terms = {{Index::certificate_thumbprint, "AA"}};
  commit({one});
  edit("DELETE FROM term");
  check_unsound();
}

TEST(SqliteStore, NoticesAnIndexEntryTooMany) {
  commit({put("dev-1", "one")});
  edit("INSERT INTO term VALUES(1, randomblob(16), randomblob(16))");
  CHECK_FALSE(is_sound());
}

TEST(SqliteStore, NoticesAHoleInTheChangeLog) {
  commit({put("a", "1"), put("b", "2"), put("c", "3")});
  edit("DELETE FROM change WHERE position=(SELECT max(position)-1 FROM change)");
  const auto entries = store_->changes(kTenant, 0, 10);
  CHECK_FALSE(entries.has_value());
  CHECK(entries.error().code == Errc::corrupt);
  CHECK_FALSE(is_sound());
}

TEST(SqliteStore, NoticesSwappedLogEntries) {
  commit({put("a", "1"), put("b", "2")});
  edit("UPDATE change SET sealed=(SELECT sealed FROM change ORDER BY position LIMIT 1)");
  const auto entries = store_->changes(kTenant, 0, 10);
  CHECK_FALSE(entries.has_value());
  CHECK(entries.error().code == Errc::corrupt);
}

TEST(SqliteStore, NoticesADamagedHeadAndWritesNothing) {
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

TEST(SqliteStore, ServesOtherTenantsWhenOnesKeysAreDamaged) {
  commit({put("dev-1", "x")}, kOther);
  store_.reset();
  edit("UPDATE tenant SET keys=randomblob(200) WHERE number=1");
  reopen();
  const auto record = store_->read(kTenant, kTable, "dev-1");
  CHECK_FALSE(record.has_value());
  CHECK(record.error().code == Errc::corrupt);
  CHECK(store_->create_tenant(kTenant).error().code == Errc::corrupt);
  CHECK_FALSE(store_->tenants().has_value());
  CHECK(store_->read(kOther, kTable, "dev-1").has_value());
}

TEST(SqliteStore, RefusesAConditionalWriteOverADamagedRow) {
  commit({put("dev-1", "x")});
  edit("UPDATE record SET sealed=randomblob(60)");
  Change change = put("dev-1", "y");
  change.expected_version = 1;
  const auto refused = try_commit({change});
  CHECK_FALSE(refused.has_value());
  check_corrupt(refused.error());
}

TEST(SqliteStore, MendsDamagedRowsWithUnconditionalWrites) {
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

TEST(SqliteStore, TakesANewDataKeyWhenTheOldOneHasSealedEnough) {
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

TEST(SqliteStore, CountsTheSealsOfRefusedSets) {
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

TEST(SqliteStore, LeavesNoTraceOfAForgottenTenantsKeys) {
  commit({put("dev-1", "x")});
  std::string keys;
  {
    auto connection = Connection::open(settings_.path, Connection::Access::read);
    CHECK(connection.has_value());
    auto statement = connection->prepare("SELECT keys FROM tenant WHERE number=1");
    CHECK(statement.has_value());
    auto run = statement->run();
    CHECK(*run.step());
    keys = std::string(berth::as_text(run.blob_at(0))).substr(0, 64);
  }
  CHECK(store_->erase_tenant(kTenant).has_value());
  for (const char* suffix : {"", "-wal"}) {
    CHECK(content_of(settings_.path + suffix).find(keys) == std::string::npos);
  }
}

TEST(SqliteStore, ReadsAFileThatWasCopiedInMidFlight) {
  // As after a power cut: the log was not moved into the database.
  commit({put("dev-1", "first")});
  commit({put("dev-1", "second"), put("dev-2", "x")});
  const std::string copy = folder_.file("copy.db");
  std::filesystem::copy_file(settings_.path, copy);
  std::filesystem::copy_file(settings_.path + "-wal", copy + "-wal");
  settings_.path = copy;
  reopen();
  CHECK(body_of("dev-1") == "second");
  CHECK(body_of("dev-2") == "x");
  CHECK(is_sound());
  CHECK(*store_->head(kTenant) == 3);
}

TEST(SqliteStore, DropsACommitWhoseLogWasCutShort) {
  commit({put("dev-1", "first")});
  const auto whole = std::filesystem::file_size(settings_.path + "-wal");
  commit({put("dev-1", "second")});
  const std::string copy = folder_.file("copy.db");
  std::filesystem::copy_file(settings_.path, copy);
  std::filesystem::copy_file(settings_.path + "-wal", copy + "-wal");
  std::filesystem::resize_file(copy + "-wal", whole + 100);
  settings_.path = copy;
  reopen();
  CHECK(body_of("dev-1") == "first");
  CHECK(*store_->head(kTenant) == 1);
  CHECK(is_sound());
}

TEST(SqliteStore, TrimsTheLogByTheEntryAndNotByTheTenant) {
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
