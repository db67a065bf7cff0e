// What the SQLite engine adds to tests/conformance/store.
#include "shared/store/sqlite/sqlite_store.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <sys/stat.h>
#include <vector>

#include <CppUTest/TestHarness.h>

#include "tests/unit/shared/store/sqlite/store_file.hpp"

using berth::Errc;
using berth::sqlite::Connection;
using namespace berth::store;

namespace {

std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_GROUP_BASE(SqliteStore, StoreFile){};

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
