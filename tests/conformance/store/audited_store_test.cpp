// The audit chain on each store: appended with what it tells of, or not at all.
#include "shared/store/audited_store.hpp"

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <CppUTest/TestHarness.h>

#include "shared/crypto/mbedtls/mbedtls.hpp"
#include "tests/conformance/store/store_fixture.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_entropy.hpp"

using namespace berth;
using namespace berth::store;

namespace {

const domain::IdScope kTenant("0neAA000001");
constexpr Table kTable = Table::intent;

ChangeSet noted(const std::string& id, const std::string& text,
                std::optional<std::uint64_t> expected = std::nullopt) {
  Change change;
  change.table = kTable;
  change.id = id;
  change.body = to_bytes(text);
  change.expected_version = expected;
  ChangeSet set;
  set.tenant = kTenant;
  set.changes.push_back(std::move(change));
  domain::AuditNote note;
  note.tenant = kTenant;
  note.kind = "test";
  note.add("id", id).add("text", text);
  set.notes.push_back(std::move(note));
  return set;
}

}  // namespace

TEST_GROUP(AuditedStore) {
  std::unique_ptr<berth::testing::StoreFixture> fixture =
      berth::testing::make_store_fixture(berth::testing::kShortHorizon);
  std::unique_ptr<ports::Crypto> crypto = crypto::make_mbedtls_crypto();
  berth::testing::FakeClock clock;
  berth::testing::FakeEntropy entropy;
  AuditTrail trail{"node-1", *crypto, clock, entropy};
  std::unique_ptr<AuditedStore> store = std::make_unique<AuditedStore>(fixture->store(), trail);

  void setup() override {
    CHECK(store->create_tenant(kNode).has_value());
    CHECK(store->create_tenant(kTenant).has_value());
  }

  void reopen() {
    store.reset();
    fixture->reopen();
    store = std::make_unique<AuditedStore>(fixture->store(), trail);
  }

  // The "id" of every entry that is kept, after the chain was found whole.
  std::vector<std::string> proven(const std::string& chain = "node-1") {
    std::vector<std::string> ids;
    const auto state = read_chain(*store, chain);
    CHECK(state.has_value());
    if (!*state) return ids;
    domain::ChainVerifier verifier(chain, (*state)->pruned, *crypto);
    for (auto number = (*state)->first_segment; number < (*state)->next_segment; ++number) {
      const auto segment = read_segment(*store, chain, number);
      CHECK(segment.has_value());
      for (const domain::AuditEntry& entry : segment->entries) {
        CHECK_TRUE(verifier.take(entry).has_value());
        ids.push_back(entry.note.fields.front().value);
      }
    }
    CHECK_TRUE(verifier.position().hash == (*state)->head.hash);
    CHECK_EQUAL((*state)->head.sequence, verifier.position().sequence);
    return ids;
  }
};

TEST(AuditedStore, AppendsWhatASetNotes) {
  CHECK_TRUE(commit_one(*store, noted("a", "1")).has_value());
  CHECK_TRUE(commit_one(*store, noted("b", "1")).has_value());
  CHECK_TRUE(proven() == (std::vector<std::string>{"a", "b"}));
}

TEST(AuditedStore, AppendsNothingForASetThatIsRefused) {
  const std::vector<ChangeSet> sets{noted("a", "1"), noted("b", "1", 7), noted("c", "1")};
  CHECK_TRUE(store->commit(sets).has_value());
  CHECK_TRUE(proven() == (std::vector<std::string>{"a", "c"}));
}

TEST(AuditedStore, WritesOneRowForAllSetsOfACommit) {
  const std::vector<ChangeSet> sets{noted("a", "1"), noted("b", "1"), noted("c", "1")};
  CHECK_TRUE(store->commit(sets).has_value());
  CHECK_EQUAL(2, (*read_chain(*store, "node-1"))->next_segment);
  CHECK_EQUAL(3, proven().size());
}

TEST(AuditedStore, WritesNoChangeWhereItsEntryCannotBeAppended) {
  CHECK_TRUE(commit_one(*store, noted("a", "1")).has_value());
  // Somebody stands in the place of the next segment.
  ChangeSet squatter;
  squatter.tenant = kNode;
  squatter.changes.push_back(put_segment("node-1", 2, to_bytes(std::string_view("x"))));
  CHECK_TRUE(commit_one(*store, std::move(squatter)).has_value());
  CHECK_FALSE(commit_one(*store, noted("b", "1")).has_value());
  CHECK_FALSE(store->read(kTenant, kTable, "b")->has_value());
}

TEST(AuditedStore, LeavesACommitWithoutNotesAlone) {
  ChangeSet set = noted("a", "1");
  set.notes.clear();
  CHECK_TRUE(commit_one(*store, std::move(set)).has_value());
  CHECK_FALSE(read_chain(*store, "node-1")->has_value());
}

TEST(AuditedStore, GoesOnWithTheChainAfterARestart) {
  CHECK_TRUE(commit_one(*store, noted("a", "1")).has_value());
  reopen();
  CHECK_TRUE(commit_one(*store, noted("b", "1")).has_value());
  CHECK_TRUE(proven() == (std::vector<std::string>{"a", "b"}));
}

TEST(AuditedStore, SplitsWhatIsTooMuchForOneRow) {
  ChangeSet set = noted("a", "1");
  set.notes.clear();
  for (int i = 0; i < 20; ++i) {
    domain::AuditNote note;
    note.kind = "test";
    note.add("id", std::to_string(i)).add("text", std::string(domain::kMaxAuditValue, 'x'));
    set.notes.push_back(std::move(note));
  }
  CHECK_TRUE(commit_one(*store, std::move(set)).has_value());
  CHECK_TRUE((*read_chain(*store, "node-1"))->next_segment > 2);
  CHECK_EQUAL(20, proven().size());
}

TEST(AuditedStore, KeepsOneChainUnderManyWriters) {
  constexpr int kThreads = 4;
  constexpr int kEach = 25;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([this, thread] {
      for (int i = 0; i < kEach; ++i) {
        static_cast<void>(
            commit_one(*store, noted(std::to_string(thread) + "-" + std::to_string(i), "1")));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK_EQUAL(kThreads * kEach, proven().size());
}

TEST(AuditedStore, PrunesAndGoesOnFromTheHead) {
  for (const char* id : {"a", "b", "c"}) CHECK_TRUE(commit_one(*store, noted(id, "1")).has_value());
  auto pruned = prune_chain(*store, "node-1", 2, *crypto);
  CHECK_TRUE(pruned.has_value());
  CHECK_TRUE(commit_one(*store, std::move(*pruned)).has_value());
  CHECK_TRUE(commit_one(*store, noted("d", "1")).has_value());
  CHECK_TRUE(proven() == (std::vector<std::string>{"c", "d"}));
  CHECK_FALSE(store->read(kNode, Table::audit_segment, segment_id("node-1", 1))->has_value());
}

TEST(AuditedStore, BeginsAnotherChainThatNamesTheOneBefore) {
  CHECK_TRUE(commit_one(*store, noted("a", "1")).has_value());
  for (const char* expected : {"node-1~2", "node-1~3"}) {
    auto another = trail.begin_another(*store, "the disk was rolled back");
    CHECK_TRUE(another.has_value());
    CHECK_TRUE(commit_one(*store, std::move(*another)).has_value());
    STRCMP_EQUAL(expected, trail.name(*store)->c_str());
  }
  CHECK_TRUE(commit_one(*store, noted("b", "1")).has_value());
  CHECK_TRUE(proven("node-1") == (std::vector<std::string>{"a"}));
  CHECK_TRUE(proven("node-1~2") == (std::vector<std::string>{"node-1"}));
  CHECK_TRUE(proven("node-1~3") == (std::vector<std::string>{"node-1~2", "b"}));
  CHECK_TRUE(*list_chains(*store) == (std::vector<std::string>{"node-1", "node-1~2", "node-1~3"}));
}

TEST(AuditedStore, KeepsTheLastSealOfEachSignerAndDay) {
  domain::AuditSeal seal;
  seal.chain = "node-1";
  seal.signer = "gateway-1";
  seal.signed_at = clock.wall();
  for (const std::uint64_t sequence : {1, 2}) {
    seal.position.sequence = sequence;
    ChangeSet set;
    set.tenant = kNode;
    set.changes.push_back(put_seal(seal));
    CHECK_TRUE(commit_one(*store, std::move(set)).has_value());
  }
  const auto seals = list_seals(*store);
  CHECK_TRUE(seals.has_value());
  CHECK_EQUAL(1, seals->size());
  CHECK_EQUAL(2, seals->front().position.sequence);
}

TEST(AuditedStore, RepeatsWhatOnlyTheOldChainHeldWhereItMoves) {
  CHECK_TRUE(commit_one(*store, noted("a", "1")).has_value());
  CHECK_TRUE(commit_one(*store, noted("b", "1")).has_value());
  auto another = trail.begin_another(*store, "the disk was rolled back", 1);
  CHECK_TRUE(another.has_value());
  CHECK_TRUE(commit_one(*store, std::move(*another)).has_value());
  CHECK_TRUE(proven("node-1~2") == (std::vector<std::string>{"node-1", "a", "b"}));
  CHECK_TRUE(*list_chains(*store) == (std::vector<std::string>{"node-1~2"}));
  CHECK_FALSE(store->read(kNode, Table::audit_segment, segment_id("node-1", 1))->has_value());
}
