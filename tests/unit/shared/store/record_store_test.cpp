#include "shared/store/record_store.hpp"

#include <set>
#include <string>

#include <CppUTest/TestHarness.h>

#include "tests/support/memory_store.hpp"

using berth::Errc;
using berth::domain::IdScope;
using namespace berth::store;

TEST_GROUP(CommitOne) {
  const IdScope tenant_{"0neAA000001"};
  berth::testing::MemoryStore store_;

  void setup() override {
    CHECK(store_.create_tenant(tenant_).has_value());
  }

  ChangeSet put(std::optional<std::uint64_t> expected) {
    ChangeSet set;
    set.tenant = tenant_;
    set.changes.resize(1);
    set.changes[0].table = Table::linked_hub;
    set.changes[0].id = "hub-1";
    set.changes[0].expected_version = expected;
    return set;
  }
};

TEST(CommitOne, GivesWhatBecameOfTheSet) {
  const auto committed = commit_one(store_, put(0));
  CHECK(committed.has_value());
  CHECK(committed->sequence == 1);
  const auto refused = commit_one(store_, put(0));
  CHECK_FALSE(refused.has_value());
  CHECK(refused.error().code == Errc::already_exists);
}

TEST(CommitOne, GivesTheStoresFailure) {
  store_.fail_next(Errc::io);
  const auto failed = commit_one(store_, put(0));
  CHECK_FALSE(failed.has_value());
  CHECK(failed.error().code == Errc::io);
  CHECK(commit_one(store_, put(0)).has_value());
}

TEST_GROUP(TableNames){};

TEST(TableNames, AreAllDifferent) {
  std::set<std::string> names;
  std::size_t known = 0;
  for (unsigned number = 0; number < 256; ++number) {
    const std::string name(name_of(static_cast<Table>(number)));
    if (name == "unknown") continue;
    ++known;
    names.insert(name);
  }
  CHECK(known > 20);
  CHECK(names.size() == known);
  CHECK(name_of(Table::individual_enrollment) == "individual_enrollment");
}
