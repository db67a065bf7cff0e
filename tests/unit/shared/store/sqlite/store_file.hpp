// A store in a file that the test can edit behind its back, and what it then says.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <CppUTest/TestHarness.h>

#include "shared/crypto/mbedtls/mbedtls.hpp"
#include "shared/sqlite/connection.hpp"
#include "shared/store/sqlite/sqlite_store.hpp"
#include "tests/support/fake_entropy.hpp"
#include "tests/support/temporary_folder.hpp"

namespace berth::store {

inline const domain::IdScope kTenant("0neAA000001");
inline const domain::IdScope kOther("0neAA000002");
inline constexpr Table kTable = Table::individual_enrollment;

inline Change put(const std::string& id, const std::string& body, Table table = kTable) {
  Change change;
  change.table = table;
  change.id = id;
  change.body = to_bytes(body);
  return change;
}

struct StoreFile : Utest {
  testing::TemporaryFolder folder_;
  testing::FakeEntropy entropy_;
  std::unique_ptr<ports::Crypto> crypto_ = crypto::make_mbedtls_crypto();
  vault::RootKey root_key_{entropy_.secret(vault::kRootKeySize), "/keys/root.key"};
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

  Errc refusal_to_open(const vault::RootKey& key, std::string* reason = nullptr) {
    const auto opened = SqliteStore::open(settings_, key, *crypto_, entropy_);
    CHECK_FALSE(opened.has_value());
    if (reason != nullptr) *reason = opened.error().reason;
    return opened.error().code;
  }

  Result<Committed> try_commit(std::vector<Change> changes,
                               const domain::IdScope& tenant = kTenant) {
    ChangeSet set;
    set.tenant = tenant;
    set.changes = std::move(changes);
    return commit_one(*store_, std::move(set));
  }
  void commit(std::vector<Change> changes, const domain::IdScope& tenant = kTenant) {
    CHECK(try_commit(std::move(changes), tenant).has_value());
  }

  std::string body_of(const std::string& id) {
    const auto record = store_->read(kTenant, kTable, id);
    CHECK(record.has_value());
    return *record ? std::string(as_text((*record)->body)) : "absent";
  }

  // Edits the file behind the store's back.
  std::int64_t edit(const std::string& sql) {
    auto connection = sqlite::Connection::open(settings_.path, sqlite::Connection::Access::write);
    CHECK(connection.has_value());
    CHECK(connection->execute(sql).has_value());
    return connection->changed_rows();
  }

  // The reason given, which must name the table.
  void check_corrupt(const Error& error) {
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
  bool is_sound() { return store_->verify(kTenant).has_value(); }
};

}  // namespace berth::store
