// What every RecordStore does, run on each implementation.
#include "shared/store/record_store.hpp"

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <CppUTest/TestHarness.h>

#include "shared/vault/set_digest.hpp"
#include "tests/conformance/store/store_fixture.hpp"

using berth::Bytes;
using berth::Errc;
using berth::Error;
using berth::Result;
using berth::to_bytes;
using berth::domain::IdScope;
using berth::testing::kShortHorizon;
using namespace berth::store;

namespace {

const IdScope kOne("0neAA000001");
const IdScope kTwo("0neAA000002");
constexpr Table kLogged = Table::individual_enrollment;
constexpr Table kUnlogged = Table::outbox;

Change put(Table table, const std::string& id, const std::string& body,
           std::optional<std::uint64_t> expected = std::nullopt) {
  Change change;
  change.table = table;
  change.id = id;
  change.body = to_bytes(body);
  change.expected_version = expected;
  return change;
}

Change erase(Table table, const std::string& id,
             std::optional<std::uint64_t> expected = std::nullopt) {
  Change change = put(table, id, "", expected);
  change.kind = Change::Kind::erase;
  return change;
}

Change require(Table table, const std::string& id, std::optional<std::uint64_t> expected) {
  Change change = put(table, id, "", expected);
  change.kind = Change::Kind::require;
  return change;
}

ChangeSet set_of(std::vector<Change> changes, const IdScope& tenant = kOne) {
  ChangeSet set;
  set.tenant = tenant;
  set.changes = std::move(changes);
  return set;
}

template <class T>
Errc code_of(const Result<T>& result) {
  CHECK_FALSE(result.has_value());
  return result.error().code;
}

// For CHECK_EQUAL.
SimpleString StringFrom(Errc code) {
  return SimpleString(std::string(name_of(code)).c_str());
}

}  // namespace

TEST_GROUP(RecordStore) {
  std::unique_ptr<berth::testing::StoreFixture> fixture_ =
      berth::testing::make_store_fixture(kShortHorizon);

  void setup() override {
    CHECK(store().create_tenant(kOne).has_value());
    CHECK(store().create_tenant(kTwo).has_value());
  }

  RecordStore& store() {
    return fixture_->store();
  }

  Committed commit(std::vector<Change> changes, const IdScope& tenant = kOne) {
    auto committed = commit_one(store(), set_of(std::move(changes), tenant));
    CHECK(committed.has_value());
    return *committed;
  }

  Errc refusal_of(std::vector<Change> changes) {
    return code_of(commit_one(store(), set_of(std::move(changes))));
  }

  std::optional<Record> read(Table table, const std::string& id, const IdScope& tenant = kOne) {
    auto record = store().read(tenant, table, id);
    CHECK(record.has_value());
    return *record;
  }

  std::string body_of(Table table, const std::string& id, const IdScope& tenant = kOne) {
    const auto record = read(table, id, tenant);
    return record ? std::string(berth::as_text(record->body)) : "absent";
  }

  std::uint64_t head(const IdScope& tenant = kOne) {
    const auto sequence = store().head(tenant);
    CHECK(sequence.has_value());
    return *sequence;
  }

  std::vector<LogEntry> changes(std::uint64_t after, std::size_t limit = 100) {
    auto entries = store().changes(kOne, after, limit);
    CHECK(entries.has_value());
    return *entries;
  }

  // All IDs, page by page.
  std::multiset<std::string> listed(Table table, std::size_t page_size) {
    std::multiset<std::string> ids;
    std::string continuation;
    do {
      const auto page = store().list(kOne, table, continuation, page_size);
      CHECK(page.has_value());
      CHECK(page->records.size() <= page_size);
      for (const Record& record : page->records) ids.insert(record.id);
      continuation = page->continuation;
    } while (!continuation.empty());
    return ids;
  }

  std::set<std::string> found(const IndexTerm& term, Table table = kLogged,
                              std::size_t page_size = kMaxPage) {
    std::set<std::string> ids;
    std::string continuation;
    do {
      const auto page = store().find(kOne, table, term, continuation, page_size);
      CHECK(page.has_value());
      for (const Record& record : page->records) CHECK(ids.insert(record.id).second);
      continuation = page->continuation;
    } while (!continuation.empty());
    return ids;
  }

  void check_sound() {
    CHECK(store().verify(kOne).has_value());
    CHECK(store().verify(kTwo).has_value());
  }
};

TEST(RecordStore, GivesBackWhatWasPut) {
  const Committed committed = commit({put(kLogged, "dev-1", "first")});
  const auto record = read(kLogged, "dev-1");
  CHECK(record.has_value());
  CHECK(record->table == kLogged);
  CHECK(record->id == "dev-1");
  CHECK(record->version == 1);
  CHECK(record->sequence == 1);
  CHECK(record->body == to_bytes("first"));
  CHECK(committed.sequence == 1);
  CHECK(committed.versions == std::vector<std::uint64_t>{1});
  check_sound();
}

TEST(RecordStore, SaysNothingOfWhatIsAbsent) {
  CHECK_FALSE(read(kLogged, "dev-1").has_value());
}

TEST(RecordStore, KeepsAnEmptyBody) {
  commit({put(kLogged, "dev-1", "")});
  CHECK(read(kLogged, "dev-1")->body.empty());
}

TEST(RecordStore, CountsVersionsUpAtEveryWrite) {
  commit({put(kLogged, "dev-1", "first")});
  const Committed second = commit({put(kLogged, "dev-1", "second")});
  CHECK(second.versions == std::vector<std::uint64_t>{2});
  CHECK(body_of(kLogged, "dev-1") == "second");
  check_sound();
}

TEST(RecordStore, BeginsAtOneAgainAfterAnErase) {
  commit({put(kLogged, "dev-1", "first")});
  commit({put(kLogged, "dev-1", "second")});
  const Committed erased = commit({erase(kLogged, "dev-1")});
  CHECK(erased.versions == std::vector<std::uint64_t>{0});
  CHECK_FALSE(read(kLogged, "dev-1").has_value());
  CHECK(commit({put(kLogged, "dev-1", "third")}).versions == std::vector<std::uint64_t>{1});
  check_sound();
}

TEST(RecordStore, StoresTheVersionThatTheCallerGives) {
  Change change = put(kLogged, "dev-1", "copy");
  change.version = 41;
  CHECK(commit({change}).versions == std::vector<std::uint64_t>{41});
  CHECK(read(kLogged, "dev-1")->version == 41);
  CHECK(commit({put(kLogged, "dev-1", "own")}).versions == std::vector<std::uint64_t>{42});
  check_sound();
}

TEST(RecordStore, TellsTablesApart) {
  commit({put(kLogged, "x", "individual"), put(Table::enrollment_group, "x", "group")});
  CHECK(body_of(kLogged, "x") == "individual");
  CHECK(body_of(Table::enrollment_group, "x") == "group");
}

TEST(RecordStore, WritesWhatIsAtTheExpectedVersion) {
  commit({put(kLogged, "dev-1", "first", 0)});
  commit({put(kLogged, "dev-1", "second", 1)});
  commit({erase(kLogged, "dev-1", 2)});
  CHECK_FALSE(read(kLogged, "dev-1").has_value());
}

TEST(RecordStore, RefusesAnotherVersionThanExpected) {
  commit({put(kLogged, "dev-1", "first")});
  CHECK_EQUAL(Errc::version_mismatch, refusal_of({put(kLogged, "dev-1", "second", 2)}));
  CHECK_EQUAL(Errc::version_mismatch, refusal_of({erase(kLogged, "dev-1", 2)}));
  CHECK(body_of(kLogged, "dev-1") == "first");
}

TEST(RecordStore, RefusesToMakeWhatIsThere) {
  commit({put(kLogged, "dev-1", "first")});
  CHECK_EQUAL(Errc::already_exists, refusal_of({put(kLogged, "dev-1", "second", 0)}));
}

TEST(RecordStore, RefusesToChangeWhatIsNotThere) {
  CHECK_EQUAL(Errc::not_found, refusal_of({put(kLogged, "dev-1", "first", 1)}));
  CHECK_EQUAL(Errc::not_found, refusal_of({erase(kLogged, "dev-1", 1)}));
}

TEST(RecordStore, ErasesWhatIsAbsentWithoutATrace) {
  const Committed committed = commit({erase(kLogged, "dev-1")});
  CHECK(committed.versions == std::vector<std::uint64_t>{0});
  CHECK(committed.sequence == 0);
  CHECK(changes(0).empty());
}

TEST(RecordStore, RequiresWithoutWriting) {
  commit({put(kLogged, "dev-1", "first")});
  const Committed committed = commit({require(kLogged, "dev-1", 1), require(kLogged, "dev-2", 0),
                                      require(kLogged, "dev-1", std::nullopt)});
  CHECK(committed.versions == (std::vector<std::uint64_t>{1, 0, 1}));
  CHECK(committed.sequence == 1);
  CHECK_EQUAL(Errc::version_mismatch,
              refusal_of({require(kLogged, "dev-1", 2), put(kLogged, "dev-3", "x")}));
  CHECK_FALSE(read(kLogged, "dev-3").has_value());
}

TEST(RecordStore, LeavesNothingOfASetWithOneRefusedChange) {
  commit({put(kLogged, "old", "before")});
  CHECK_EQUAL(
      Errc::version_mismatch,
      refusal_of({put(kLogged, "new", "x"), put(kUnlogged, "1", "x"), put(kLogged, "old", "after"),
                  erase(kLogged, "old"), put(kLogged, "new", "y", 7)}));
  CHECK_FALSE(read(kLogged, "new").has_value());
  CHECK_FALSE(read(kUnlogged, "1").has_value());
  CHECK(body_of(kLogged, "old") == "before");
  CHECK(head() == 1);
  CHECK(changes(0).size() == 1);
  check_sound();
}

TEST(RecordStore, LetsEachSetOfAGroupSucceedByItself) {
  const std::vector<ChangeSet> sets = {
      set_of({put(kLogged, "a", "a")}), set_of({put(kLogged, "b", "b"), put(kLogged, "a", "x", 0)}),
      set_of({put(kLogged, "c", "c")}, kTwo), set_of({put(kLogged, "d", "d", 0)})};
  const auto results = store().commit(sets);
  CHECK(results.has_value());
  CHECK(results->size() == 4);
  CHECK((*results)[0].has_value());
  CHECK_EQUAL(Errc::already_exists, code_of((*results)[1]));
  CHECK((*results)[2].has_value());
  CHECK((*results)[3].has_value());
  CHECK((*results)[3]->sequence == 2);
  CHECK(body_of(kLogged, "a") == "a");
  CHECK_FALSE(read(kLogged, "b").has_value());
  CHECK(body_of(kLogged, "c", kTwo) == "c");
  CHECK(body_of(kLogged, "d") == "d");
  check_sound();
}

TEST(RecordStore, LetsLaterChangesOfASetSeeEarlierOnes) {
  const Committed committed =
      commit({put(kLogged, "dev-1", "first", 0), put(kLogged, "dev-1", "second", 1),
              erase(kLogged, "dev-1", 2), put(kLogged, "dev-1", "last", 0)});
  CHECK(committed.versions == (std::vector<std::uint64_t>{1, 2, 0, 1}));
  CHECK(committed.sequence == 4);
  CHECK(body_of(kLogged, "dev-1") == "last");
  check_sound();
}

TEST(RecordStore, ShowsACheckWhatEarlierSetsWrote) {
  std::string seen;
  std::size_t listed_count = 0;
  std::size_t found_count = 0;
  std::uint64_t head_seen = 0;
  Change first = put(kLogged, "a", "from the first set");
  first.terms = {{Index::group_registrations, "g"}};
  ChangeSet second = set_of({put(kLogged, "b", "b")});
  second.check = [&](const Reader& reader) -> Result<void> {
    const auto record = reader.read(kOne, kLogged, "a");
    const auto own = reader.read(kOne, kLogged, "b");
    if (!record || !*record || !own || *own) return Error{Errc::internal, "not as expected"};
    seen = std::string(berth::as_text((*record)->body));
    listed_count = reader.list(kOne, kLogged, "", 10)->records.size();
    found_count =
        reader.find(kOne, kLogged, {Index::group_registrations, "g"}, "", 10)->records.size();
    head_seen = *reader.head(kOne);
    return {};
  };
  const std::vector<ChangeSet> sets = {set_of({first}), second};
  const auto results = store().commit(sets);
  CHECK(results.has_value());
  CHECK((*results)[1].has_value());
  CHECK(seen == "from the first set");
  CHECK(listed_count == 1);
  CHECK(found_count == 1);
  CHECK(head_seen == 1);
}

TEST(RecordStore, RefusesTheSetWhoseCheckFails) {
  ChangeSet refused = set_of({put(kLogged, "a", "a")});
  refused.check = [](const Reader&) -> Result<void> { return Error{Errc::disabled, "no"}; };
  const std::vector<ChangeSet> sets = {refused, set_of({put(kLogged, "b", "b")})};
  const auto results = store().commit(sets);
  CHECK(results.has_value());
  CHECK_EQUAL(Errc::disabled, code_of((*results)[0]));
  CHECK((*results)[1].has_value());
  CHECK_FALSE(read(kLogged, "a").has_value());
  CHECK(body_of(kLogged, "b") == "b");
}

TEST(RecordStore, CommitsNothingOfNothing) {
  const auto results = store().commit({});
  CHECK(results.has_value());
  CHECK(results->empty());
  CHECK(commit({}).sequence == 0);
}

TEST(RecordStore, ListsEveryRecordOnceWhateverThePageSize) {
  std::multiset<std::string> ids;
  std::vector<Change> writes;
  for (int i = 0; i < 25; ++i) {
    ids.insert("dev-" + std::to_string(i));
    writes.push_back(put(kUnlogged, "dev-" + std::to_string(i), "x"));
  }
  commit(writes);
  commit({put(Table::intent, "other table", "x")});
  for (const std::size_t size : {1U, 7U, 24U, 25U, 26U}) CHECK(listed(kUnlogged, size) == ids);
  CHECK(listed(Table::cleanup, 10).empty());
}

TEST(RecordStore, PagesStayTrueWhenRecordsComeAndGo) {
  std::vector<Change> writes;
  for (int i = 0; i < 20; ++i) writes.push_back(put(kUnlogged, "dev-" + std::to_string(i), "x"));
  commit(writes);
  const auto first = store().list(kOne, kUnlogged, "", 8);
  CHECK(first.has_value());

  // The last one shown goes, so does one not yet shown; new ones come.
  std::set<std::string> shown;
  for (const Record& record : first->records) shown.insert(record.id);
  std::string unseen;
  for (int i = 0; unseen.empty(); ++i) {
    const std::string id = "dev-" + std::to_string(i);
    if (!shown.contains(id)) unseen = id;
  }
  commit({erase(kUnlogged, first->records.back().id), erase(kUnlogged, unseen),
          put(kUnlogged, "new-1", "x"), put(kUnlogged, "new-2", "x")});

  std::string continuation = first->continuation;
  while (!continuation.empty()) {
    const auto page = store().list(kOne, kUnlogged, continuation, 3);
    CHECK(page.has_value());
    for (const Record& record : page->records) CHECK(shown.insert(record.id).second);
    continuation = page->continuation;
  }
  for (int i = 0; i < 20; ++i) {
    const std::string id = "dev-" + std::to_string(i);
    CHECK_EQUAL(id != unseen, shown.contains(id));
  }
}

TEST(RecordStore, ClampsPagesToTheirLimit) {
  std::vector<Change> writes;
  for (std::size_t i = 0; i <= kMaxPage; ++i) {
    writes.push_back(put(kUnlogged, std::to_string(i), "x"));
    writes.back().terms = {{Index::hub_registrations, "hub"}};
  }
  commit(writes);
  const auto page = store().list(kOne, kUnlogged, "", kMaxPage + 1);
  CHECK(page.has_value());
  CHECK(page->records.size() == kMaxPage);
  const auto rest = store().list(kOne, kUnlogged, page->continuation, kMaxPage);
  CHECK(rest.has_value());
  CHECK(rest->records.size() == 1);
  CHECK(rest->continuation.empty());
  const auto hits =
      store().find(kOne, kUnlogged, {Index::hub_registrations, "hub"}, "", kMaxPage + 1);
  CHECK(hits.has_value());
  CHECK(hits->records.size() == kMaxPage);
}

TEST(RecordStore, RefusesAContinuationThatItDidNotGive) {
  CHECK_EQUAL(Errc::invalid, code_of(store().list(kOne, kLogged, "***", 10)));
  CHECK_EQUAL(Errc::invalid,
              code_of(store().find(kOne, kLogged, {Index::issuer_subject, "s"}, "***", 10)));
}

TEST(RecordStore, FindsRecordsByTheirIndexTerms) {
  Change a = put(kLogged, "a", "a");
  a.terms = {{Index::certificate_thumbprint, "AA"}, {Index::group_registrations, "g"}};
  Change b = put(kLogged, "b", "b");
  b.terms = {{Index::group_registrations, "g"}, {Index::group_registrations, "g"}};
  Change elsewhere = put(Table::registration, "c", "c");
  elsewhere.terms = {{Index::group_registrations, "g"}};
  commit({a, b, elsewhere, put(kLogged, "d", "d")});

  CHECK(found({Index::certificate_thumbprint, "AA"}) == std::set<std::string>{"a"});
  CHECK(found({Index::group_registrations, "g"}) == (std::set<std::string>{"a", "b"}));
  CHECK(found({Index::group_registrations, "g"}, kLogged, 1) == (std::set<std::string>{"a", "b"}));
  CHECK(found({Index::group_registrations, "g"}, Table::registration) ==
        std::set<std::string>{"c"});
  // The same value under another index is another term.
  CHECK(found({Index::hub_registrations, "g"}).empty());
  check_sound();
}

TEST(RecordStore, CountsRecordsByTheirIndexTerms) {
  const IndexTerm used{Index::used_credential, "g/line/p1"};
  Change a = put(kLogged, "a", "a");
  a.terms = {used};
  Change b = put(kLogged, "b", "b");
  b.terms = {used, {Index::group_registrations, "line"}};
  Change elsewhere = put(Table::registration, "c", "c");
  elsewhere.terms = {used};
  Change other = put(kLogged, "d", "d");
  other.terms = {{Index::used_credential, "g/line/p12"}};
  commit({a, b, elsewhere, other});
  CHECK_EQUAL(2U, store().count(kOne, kLogged, used).value());
  CHECK_EQUAL(1U, store().count(kOne, kLogged, {Index::group_registrations, "line"}).value());
  CHECK_EQUAL(1U, store().count(kOne, Table::registration, used).value());
  CHECK_EQUAL(0U, store().count(kOne, kLogged, {Index::used_credential, "g/line/"}).value());

  b.terms = {{Index::used_credential, "g/line/s2"}};
  commit({b, erase(kLogged, "a")});
  CHECK_EQUAL(0U, store().count(kOne, kLogged, used).value());
}

TEST(RecordStore, KnowsTheSizeOfEachTable) {
  commit({put(kLogged, "a", "a"), put(kLogged, "b", "b"), put(Table::registration, "c", "c")});
  commit({put(kLogged, "b", "again")});
  CHECK_EQUAL(2U, store().size(kOne, kLogged).value());
  CHECK_EQUAL(1U, store().size(kOne, Table::registration).value());
  CHECK_EQUAL(0U, store().size(kOne, kUnlogged).value());
  commit({erase(kLogged, "a")});
  CHECK_EQUAL(1U, store().size(kOne, kLogged).value());
}

TEST(RecordStore, CountsInATransactionWhatItsEarlierSetsWrote) {
  const IndexTerm used{Index::used_credential, "g/line/p1"};
  ChangeSet first;
  first.tenant = kOne;
  first.changes = {put(kLogged, "a", "a")};
  first.changes.front().terms = {used};
  std::uint64_t counted = 0;
  ChangeSet second;
  second.tenant = kOne;
  second.check = [&](const Reader& reader) -> Result<void> {
    const auto count = reader.count(kOne, kLogged, used);
    if (!count) return count.error();
    counted = *count;
    return {};
  };
  const std::vector<ChangeSet> sets{first, second};
  CHECK(store().commit(sets).has_value());
  CHECK_EQUAL(1U, counted);
}

TEST(RecordStore, ReplacesARecordsIndexTermsWithTheRecord) {
  Change change = put(kLogged, "a", "a");
  change.terms = {{Index::certificate_thumbprint, "OLD"}, {Index::hub_registrations, "h"}};
  commit({change});
  change.terms = {{Index::certificate_thumbprint, "NEW"}, {Index::hub_registrations, "h"}};
  commit({change});
  CHECK(found({Index::certificate_thumbprint, "OLD"}).empty());
  CHECK(found({Index::certificate_thumbprint, "NEW"}) == std::set<std::string>{"a"});
  CHECK(found({Index::hub_registrations, "h"}) == std::set<std::string>{"a"});
  commit({erase(kLogged, "a")});
  CHECK(found({Index::certificate_thumbprint, "NEW"}).empty());
  CHECK(found({Index::hub_registrations, "h"}).empty());
  check_sound();
}

TEST(RecordStore, KeepsTheTermsOfARefusedSetOut) {
  Change change = put(kLogged, "a", "a");
  change.terms = {{Index::certificate_thumbprint, "AA"}};
  refusal_of({change, require(kLogged, "b", 1)});
  CHECK(found({Index::certificate_thumbprint, "AA"}).empty());
  check_sound();
}

TEST(RecordStore, LogsEachChangeWithBothSides) {
  commit({put(kLogged, "a", "first"), put(Table::linked_hub, "h", "hub")});
  commit({put(kLogged, "a", "second")});
  commit({erase(kLogged, "a")});
  const auto log = changes(0);
  CHECK(log.size() == 4);
  for (std::size_t i = 0; i < log.size(); ++i) CHECK(log[i].sequence == i + 1);

  CHECK(log[0].table == kLogged);
  CHECK(log[0].id == "a");
  CHECK_FALSE(log[0].before.has_value());
  CHECK(log[0].after->body == to_bytes("first"));
  CHECK(log[1].table == Table::linked_hub);
  CHECK(log[1].id == "h");

  CHECK(log[2].before->body == to_bytes("first"));
  CHECK(log[2].before->version == 1);
  CHECK(log[2].before->sequence == 1);
  CHECK(log[2].after->body == to_bytes("second"));
  CHECK(log[2].after->version == 2);
  CHECK(log[2].after->sequence == 3);
  CHECK(log[2].after->id == "a");
  CHECK(log[2].after->table == kLogged);

  CHECK(log[3].before->body == to_bytes("second"));
  CHECK_FALSE(log[3].after.has_value());
}

TEST(RecordStore, GivesChangesInPiecesWithoutHoles) {
  commit({put(kLogged, "a", "1"), put(kLogged, "b", "2"), put(kLogged, "c", "3")});
  refusal_of({put(kLogged, "d", "x"), require(kLogged, "e", 1)});
  commit({put(kLogged, "d", "4"), put(kLogged, "e", "5")});
  CHECK(head() == 5);
  std::vector<std::string> ids;
  for (std::uint64_t after = 0; after < head();) {
    const auto piece = changes(after, 2);
    CHECK_FALSE(piece.empty());
    for (const LogEntry& entry : piece) {
      CHECK(entry.sequence == after + 1);
      after = entry.sequence;
      ids.push_back(entry.id);
    }
  }
  CHECK(ids == (std::vector<std::string>{"a", "b", "c", "d", "e"}));
  CHECK(changes(5).empty());
}

TEST(RecordStore, AsksForASnapshotPastTheLogsHorizon) {
  for (std::uint64_t i = 0; i < kShortHorizon; ++i) commit({put(kLogged, "a", std::to_string(i))});
  CHECK(changes(0).size() == kShortHorizon);
  commit({put(kLogged, "a", "one more")});
  CHECK_EQUAL(Errc::not_found, code_of(store().changes(kOne, 0, 10)));
  CHECK(changes(1).size() == kShortHorizon);
  check_sound();
}

TEST(RecordStore, TrimsALogThatOneCommitOverflows) {
  std::vector<Change> writes;
  for (std::uint64_t i = 0; i < 3 * kShortHorizon; ++i) {
    writes.push_back(put(kLogged, std::to_string(i), "x"));
  }
  commit(writes);
  CHECK_EQUAL(Errc::not_found, code_of(store().changes(kOne, 2 * kShortHorizon - 1, 10)));
  CHECK(changes(2 * kShortHorizon).size() == kShortHorizon);
  check_sound();
}

TEST(RecordStore, AsksForASnapshotPastTheHead) {
  commit({put(kLogged, "a", "a")});
  CHECK(changes(1).empty());
  CHECK_EQUAL(Errc::not_found, code_of(store().changes(kOne, 2, 10)));
}

TEST(RecordStore, DoesNotLogWhatHasNoReadersElsewhere) {
  commit({put(kLogged, "a", "a")});
  const Committed committed =
      commit({put(Table::hub_credential, "h", "x"), put(kUnlogged, "1", "x")});
  CHECK(committed.sequence == 1);
  CHECK(head() == 1);
  CHECK(changes(0).size() == 1);
  CHECK(commit({put(Table::refusal_stub, "s", "x")}).sequence == 2);
  check_sound();
}

TEST(RecordStore, KeepsTenantsApart) {
  commit({put(kLogged, "dev-1", "one's")}, kOne);
  commit({put(kLogged, "dev-1", "two's"), put(kLogged, "dev-2", "two's")}, kTwo);
  CHECK(body_of(kLogged, "dev-1", kOne) == "one's");
  CHECK(body_of(kLogged, "dev-1", kTwo) == "two's");
  CHECK_FALSE(read(kLogged, "dev-2", kOne).has_value());
  CHECK(head(kOne) == 1);
  CHECK(head(kTwo) == 2);
  CHECK(*store().digest_key(kOne) != *store().digest_key(kTwo));
}

TEST(RecordStore, KeepsTheNodesOwnRecords) {
  CHECK(store().create_tenant(kNode).has_value());
  commit({put(Table::node, "identity", "me")}, kNode);
  CHECK(body_of(Table::node, "identity", kNode) == "me");
}

TEST(RecordStore, ForgetsATenantAndNothingElse) {
  Change change = put(kLogged, "dev-1", "one's");
  change.terms = {{Index::hub_registrations, "h"}};
  commit({change, put(kUnlogged, "1", "x")}, kOne);
  commit({put(kLogged, "dev-1", "two's")}, kTwo);
  const auto old_key = store().digest_key(kOne);
  CHECK(store().erase_tenant(kOne).has_value());
  CHECK_EQUAL(Errc::not_found, code_of(store().read(kOne, kLogged, "dev-1")));
  CHECK_EQUAL(Errc::not_found, refusal_of({put(kLogged, "dev-1", "x")}));
  CHECK(body_of(kLogged, "dev-1", kTwo) == "two's");

  CHECK(store().create_tenant(kOne).has_value());
  CHECK_FALSE(read(kLogged, "dev-1").has_value());
  CHECK(found({Index::hub_registrations, "h"}).empty());
  CHECK(head() == 0);
  CHECK(listed(kUnlogged, 10).empty());
  check_sound();
}

TEST(RecordStore, ErasesATenantThatIsNotThere) {
  CHECK(store().erase_tenant(IdScope("0neFFFFFFFF")).has_value());
}

TEST(RecordStore, KnowsNoTenantThatWasNotCreated) {
  const IdScope stranger("0neFFFFFFFF");
  CHECK_EQUAL(Errc::not_found, code_of(store().read(stranger, kLogged, "a")));
  CHECK_EQUAL(Errc::not_found, code_of(store().list(stranger, kLogged, "", 1)));
  CHECK_EQUAL(Errc::not_found, code_of(store().head(stranger)));
  CHECK_EQUAL(Errc::not_found, code_of(store().changes(stranger, 0, 1)));
  CHECK_EQUAL(Errc::not_found, code_of(store().digest_key(stranger)));
  CHECK_EQUAL(Errc::not_found, code_of(store().verify(stranger)));
  const std::vector<ChangeSet> sets = {set_of({put(kLogged, "a", "a")}, stranger),
                                       set_of({put(kLogged, "a", "a")})};
  const auto results = store().commit(sets);
  CHECK(results.has_value());
  CHECK_EQUAL(Errc::not_found, code_of((*results)[0]));
  CHECK((*results)[1].has_value());
}

TEST(RecordStore, ComparesTenantsWithoutRegardToCase) {
  commit({put(kLogged, "a", "a")});
  CHECK(body_of(kLogged, "a", IdScope("0NEaa000001")) == "a");
  CHECK(store().create_tenant(IdScope("0neaa000001")).has_value());
  const auto names = store().tenants();
  CHECK(names.has_value());
  CHECK(*names == (std::vector<IdScope>{kOne, kTwo}));
}

TEST(RecordStore, TakesTheLargestRecordAndNoLarger) {
  const std::string largest(kMaxRecordSize, 'x');
  commit({put(kLogged, "a", largest)});
  CHECK(body_of(kLogged, "a") == largest);
  CHECK_EQUAL(Errc::too_large, refusal_of({put(kLogged, "a", largest + "x")}));
}

TEST(RecordStore, TakesTheLongestIdAndNoLonger) {
  const std::string longest(kMaxRecordId, 'x');
  commit({put(kLogged, longest, "a")});
  CHECK(body_of(kLogged, longest) == "a");
  CHECK_EQUAL(Errc::too_large, refusal_of({put(kLogged, longest + "x", "a")}));
  CHECK_EQUAL(Errc::invalid, refusal_of({put(kLogged, "", "a")}));
}

TEST(RecordStore, TakesTheMostAndLongestTermsAndNoMore) {
  Change change = put(kLogged, "a", "a");
  for (std::size_t i = 0; i < kMaxTerms; ++i) {
    change.terms.push_back({Index::hub_registrations, std::string(kMaxTermSize - i, 'x')});
  }
  commit({change});
  CHECK(found({Index::hub_registrations, std::string(kMaxTermSize, 'x')}).size() == 1);
  change.terms.push_back({Index::hub_registrations, "one more"});
  CHECK_EQUAL(Errc::too_large, refusal_of({change}));
  change.terms = {{Index::hub_registrations, std::string(kMaxTermSize + 1, 'x')}};
  CHECK_EQUAL(Errc::too_large, refusal_of({change}));
}

TEST(RecordStore, RefusesAVersionThatItCouldNotCountOnFrom) {
  Change change = put(kLogged, "a", "a");
  change.version = std::uint64_t{1} << 63;
  CHECK_EQUAL(Errc::invalid, refusal_of({change}));
}

TEST(RecordStore, IsTheSameAfterReopening) {
  Change change = put(kLogged, "a", "kept");
  change.terms = {{Index::hub_registrations, "h"}};
  commit({change, put(kUnlogged, "1", "also kept")});
  commit({put(kLogged, "b", "b")});
  const std::string incarnation = store().incarnation();
  const Bytes digest_key = *store().digest_key(kOne);

  fixture_->reopen();

  CHECK(body_of(kLogged, "a") == "kept");
  CHECK(body_of(kUnlogged, "1") == "also kept");
  CHECK(found({Index::hub_registrations, "h"}) == std::set<std::string>{"a"});
  CHECK(head() == 2);
  CHECK(changes(0).size() == 2);
  CHECK(store().incarnation() == incarnation);
  CHECK(*store().digest_key(kOne) == digest_key);
  CHECK(store().tenants()->size() == 2);
  CHECK(commit({put(kLogged, "a", "next", 1)}).sequence == 3);
  check_sound();
}

TEST(RecordStore, GivesDigestKeysOfTheDigestsSize) {
  CHECK(store().digest_key(kOne)->size() == berth::vault::kDigestKeySize);
}

TEST(RecordStore, LetsReadersSeeOnlyWholeCommits) {
  // One set always writes both records alike, and the log says the same as the head.
  constexpr int kRounds = 200;
  commit({put(kLogged, "a", "0"), put(kLogged, "b", "0")});
  std::atomic<bool> done = false;
  std::atomic<int> wrong = 0;
  std::thread reader([&] {
    std::uint64_t last = 0;
    while (!done) {
      const auto page = store().list(kOne, kLogged, "", 10);
      if (!page || page->records.size() != 2 || page->records[0].body != page->records[1].body) {
        ++wrong;
      }
      const auto sequence = store().head(kOne);
      if (!sequence || *sequence < last || *sequence % 2 != 0) {
        ++wrong;
        continue;
      }
      last = *sequence;
      const auto entries = store().changes(kOne, last, 10);
      // The log may have moved on past the horizon meanwhile.
      if (!entries && entries.error().code != Errc::not_found) ++wrong;
      if (entries && !entries->empty() && entries->front().sequence != last + 1) ++wrong;
    }
  });
  for (int i = 1; i <= kRounds; ++i) {
    commit({put(kLogged, "a", std::to_string(i)), put(kLogged, "b", std::to_string(i))});
  }
  done = true;
  reader.join();
  CHECK_EQUAL(0, wrong.load());
  check_sound();
}

TEST(RecordStore, LetsManyThreadsWrite) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 50;
  std::atomic<int> failures = 0;
  std::vector<std::thread> writers;
  for (int i = 0; i < kThreads; ++i) {
    writers.emplace_back([this, i, &failures] {
      for (int round = 0; round < kRounds; ++round) {
        const auto committed =
            commit_one(store(), set_of({put(kLogged, "dev-" + std::to_string(i), "x")}));
        const auto record = store().read(kOne, kLogged, "dev-" + std::to_string(i));
        if (!committed || !record || !*record ||
            (*record)->version != static_cast<std::uint64_t>(round + 1)) {
          ++failures;
        }
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  CHECK_EQUAL(0, failures.load());
  CHECK(head() == kThreads * kRounds);
  check_sound();
}

TEST(RecordStore, WritesAConclusionWithTheSetsThatItFollows) {
  const std::vector<ChangeSet> sets{set_of({put(kUnlogged, "a", "1")}),
                                    set_of({put(kUnlogged, "b", "1", 7)})};
  std::vector<bool> seen;
  const auto committed = store().commit_concluded(
      sets, [&](const Reader& reader, std::span<const Result<Committed>> before) {
        for (const auto& one : before) seen.push_back(one.has_value());
        const auto written = reader.read(kOne, kUnlogged, "a");
        CHECK_TRUE(written.has_value() && written->has_value());
        return Result<ChangeSet>(set_of({put(kUnlogged, "c", "1")}, kTwo));
      });
  CHECK_TRUE(committed.has_value());
  CHECK_EQUAL(2, committed->size());
  CHECK_EQUAL(2, seen.size());
  CHECK_TRUE(seen[0]);
  CHECK_FALSE(seen[1]);
  CHECK_TRUE(store().read(kTwo, kUnlogged, "c")->has_value());
}

TEST(RecordStore, WritesNothingWhereTheConclusionFails) {
  const std::vector<ChangeSet> sets{set_of({put(kUnlogged, "a", "1")}),
                                    set_of({put(kLogged, "e", "1")}, kTwo)};
  const auto committed = store().commit_concluded(
      sets, [](const Reader&, std::span<const Result<Committed>>) -> Result<ChangeSet> {
        return Error{Errc::corrupt, "no conclusion"};
      });
  CHECK_EQUAL(Errc::corrupt, code_of(committed));
  CHECK_FALSE(store().read(kOne, kUnlogged, "a")->has_value());
  CHECK_FALSE(store().read(kTwo, kLogged, "e")->has_value());
  CHECK_EQUAL(0, *store().head(kTwo));
}

TEST(RecordStore, WritesNothingWhereTheConclusionsOwnSetIsRefused) {
  const std::vector<ChangeSet> sets{set_of({put(kUnlogged, "a", "1")})};
  const auto committed =
      store().commit_concluded(sets, [](const Reader&, std::span<const Result<Committed>>) {
        return Result<ChangeSet>(set_of({put(kUnlogged, "b", "1", 7)}));
      });
  CHECK_FALSE(committed.has_value());
  CHECK_FALSE(store().read(kOne, kUnlogged, "a")->has_value());
}
