#include "gateway/core/cache/outbox.hpp"

#include <CppUTest/TestHarness.h>

#include "tests/support/fake_entropy.hpp"
#include "tests/support/memory_store.hpp"

using namespace berth;
using namespace berth::testing;
using gateway::OutboxNumbers;
using gateway::OutboxQueue;

namespace {

const domain::IdScope kTenant("0ne00000001");

}  // namespace

TEST_GROUP(Outbox) {
  MemoryStore store;
  FakeEntropy entropy;

  void setup() override {
    CHECK_TRUE(store.create_tenant(store::kNode).has_value());
    CHECK_TRUE(store.create_tenant(kTenant).has_value());
  }
  void write(std::uint64_t sequence) {
    domain::OutboxEntry entry;
    entry.sequence = sequence;
    entry.id_scope = kTenant;
    entry.registration.registration_id = domain::RegistrationId::parse("dev-1").value();
    store::ChangeSet set;
    set.tenant = kTenant;
    set.changes.push_back(gateway::outbox_change(entry));
    CHECK_TRUE(store::commit_one(store, set).has_value());
  }
  std::vector<std::uint64_t> sequences(const std::vector<domain::OutboxEntry>& entries) {
    std::vector<std::uint64_t> found;
    for (const auto& entry : entries) found.push_back(entry.sequence);
    return found;
  }
};

TEST(Outbox, NumbersGrowOverRestarts) {
  auto first = OutboxNumbers::open(store, entropy).value();
  const auto one = first.next();
  CHECK_TRUE(first.next() == one + 1);
  auto second = OutboxNumbers::open(store, entropy).value();
  CHECK_TRUE(second.last() > first.last());
  CHECK_TRUE(second.incarnation() == first.incarnation());
  LONGS_EQUAL(32, first.incarnation().size());
}

TEST(Outbox, NumbersGrowOverANewName) {
  auto numbers = OutboxNumbers::open(store, entropy).value();
  const auto before = numbers.next();
  const std::string name = numbers.incarnation();
  CHECK_TRUE(numbers.renew(store, entropy).has_value());
  CHECK_TRUE(numbers.incarnation() != name);
  CHECK_TRUE(numbers.next() > before);
  CHECK_TRUE(OutboxNumbers::open(store, entropy)->incarnation() == numbers.incarnation());
}

TEST(Outbox, DoesNotStartIfTheEpochCannotBeWritten) {
  store.fail_next(Errc::io);
  CHECK_FALSE(OutboxNumbers::open(store, entropy).has_value());
}

TEST(Outbox, KeepsTheOrderOfSequencesInIds) {
  CHECK_TRUE(gateway::outbox_id(9) < gateway::outbox_id(10));
  LONGS_EQUAL(20, gateway::outbox_id(1).size());
  LONGS_EQUAL(20, gateway::outbox_id(UINT64_MAX).size());
}

TEST(Outbox, SendsWhatAnEarlierRunLeftOldestFirst) {
  for (const std::uint64_t sequence : {12U, 3U, 7U}) write(sequence);
  auto queue = OutboxQueue::load(store, {kTenant}).value();
  LONGS_EQUAL(3, queue.size());
  CHECK_TRUE(sequences(queue.next(store, 2).value()) == (std::vector<std::uint64_t>{3, 7}));
  CHECK_TRUE(sequences(queue.next(store, 2).value()) == std::vector<std::uint64_t>{12});
  CHECK_TRUE(queue.next(store, 2)->empty());
  queue.restart();
  LONGS_EQUAL(3, queue.next(store, 10)->size());
}

TEST(Outbox, ForgetsWhatIsAcknowledged) {
  for (const std::uint64_t sequence : {3U, 7U, 12U}) write(sequence);
  auto queue = OutboxQueue::load(store, {kTenant}).value();
  CHECK_TRUE(queue.up_to(7).at(kTenant) == (std::vector<std::uint64_t>{3, 7}));
  queue.acknowledged(7);
  LONGS_EQUAL(1, queue.size());
  CHECK_TRUE(sequences(queue.next(store, 10).value()) == std::vector<std::uint64_t>{12});
}

TEST(Outbox, TakesNewEntriesBehindTheOthers) {
  OutboxQueue queue;
  write(5);
  queue.added(kTenant, 5);
  LONGS_EQUAL(1, queue.next(store, 10)->size());
  write(6);
  queue.added(kTenant, 6);
  CHECK_TRUE(sequences(queue.next(store, 10).value()) == std::vector<std::uint64_t>{6});
}

TEST(Outbox, SaysWhenItCannotBeRead) {
  write(5);
  auto queue = OutboxQueue::load(store, {kTenant}).value();
  store.fail_next(Errc::io);
  CHECK_TRUE(queue.next(store, 10).error().code == Errc::io);
  LONGS_EQUAL(1, queue.next(store, 10)->size());
}

TEST(Outbox, SetsAnEntryAsideThatCannotBeReadAndSendsTheOthers) {
  for (const std::uint64_t sequence : {3U, 7U, 12U}) write(sequence);
  store::Change damage;
  damage.table = store::Table::outbox;
  damage.id = gateway::outbox_id(7);
  damage.body = {0xFF};
  store::ChangeSet set;
  set.tenant = kTenant;
  set.changes.push_back(damage);
  CHECK_TRUE(store::commit_one(store, set).has_value());
  auto queue = OutboxQueue::load(store, {kTenant}).value();
  CHECK_TRUE(sequences(queue.next(store, 10).value()) == (std::vector<std::uint64_t>{3, 12}));
  CHECK_TRUE(queue.take_unreadable() == std::vector<std::uint64_t>{7});
  CHECK_TRUE(queue.take_unreadable().empty());
  // Acknowledging what came after it does not delete it.
  CHECK_TRUE(queue.up_to(12).at(kTenant) == (std::vector<std::uint64_t>{3, 12}));
  LONGS_EQUAL(2, queue.size());
}
