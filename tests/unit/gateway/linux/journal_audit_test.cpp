// What the journal tells the gateway's audit log, in the transaction of what it tells of.
#include <memory>
#include <string>
#include <vector>

#include <CppUTest/TestHarness.h>

#include "gateway/core/limits.hpp"
#include "gateway/linux/cleanup_tasks.hpp"
#include "gateway/linux/journal.hpp"
#include "gateway/linux/store_writer.hpp"
#include "shared/crypto/mbedtls/mbedtls.hpp"
#include "shared/protocol/sync/record_codec.hpp"
#include "shared/store/audited_store.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_entropy.hpp"
#include "tests/support/memory_store.hpp"
#include "tests/unit/gateway/linux/gated_store.hpp"
#include "tests/unit/gateway/linux/written.hpp"

using namespace berth;
using namespace berth::testing;
using namespace berth::gateway;
using store::Table;

namespace {

const domain::IdScope kTenant("0ne00000001");
constexpr const char* kChain = "gw-1";

}  // namespace

TEST_GROUP(JournalAudit) {
  std::unique_ptr<ports::Crypto> crypto_ = crypto::make_mbedtls_crypto();
  GatedStore store_;
  FakeClock clock_;
  FakeEntropy entropy_;
  store::AuditTrail trail_{kChain, *crypto_, clock_, entropy_};
  store::AuditedStore audited_{store_, trail_};
  std::unique_ptr<TrustedTime> time_;
  std::unique_ptr<PermitBook> permits_;
  std::unique_ptr<OutboxNumbers> numbers_;
  std::unique_ptr<StoreWriter> writer_;
  std::unique_ptr<Journal> journal_;

  void setup() override {
    CHECK(store_.create_tenant(store::kNode).has_value());
    CHECK(store_.create_tenant(kTenant).has_value());
    time_ = std::make_unique<TrustedTime>(clock_, WallTime{});
    permits_ = std::make_unique<PermitBook>(store_, *time_);
    numbers_ = std::make_unique<OutboxNumbers>(OutboxNumbers::open(store_, entropy_).value());
    writer_ = std::make_unique<StoreWriter>(audited_);
    journal_ = std::make_unique<Journal>(*writer_, *permits_, *numbers_,
                                         [](const domain::IdScope&, std::uint64_t) {});
    put(Table::individual_enrollment, "press-1", Bytes{1});
    domain::Permit permit;
    permit.id_scope = kTenant;
    permit.serial = 7;
    permit.expiry = clock_.wall() + std::chrono::hours{1};
    permit.new_device_quota = 5;
    put(Table::permit, kPermitId, sync::encode(domain::SignedPermit{sync::encode(permit), {}}));
  }
  void teardown() override {
    writer_.reset();
  }

  void put(Table table, const std::string& key, Bytes body) {
    store::Change change;
    change.table = table;
    change.id = key;
    change.body = std::move(body);
    store::ChangeSet set;
    set.tenant = kTenant;
    set.changes.push_back(std::move(change));
    CHECK(store::commit_one(store_, std::move(set)).has_value());
  }
  static OperationRef operation() {
    return {kTenant, domain::RegistrationId::parse("Press-1").value(), 1, "2f6b8e0c"};
  }
  static JournalIntent intent(std::uint64_t version = 1) {
    JournalIntent entry;
    entry.operation = operation();
    entry.intent.registration_id = entry.operation.registration_id;
    entry.intent.enrollment = {false, "Press-1", version};
    entry.intent.is_new_device = true;
    entry.intent.api.tracking_id = "2f6b8e0c";
    return entry;
  }
  template <class Entry>
  bool write(const Entry& entry) {
    Written written;
    journal_->write(entry, written.done());
    return written.wait().has_value();
  }
  // The writer waits in its commit until the store is opened, and all that comes now waits there.
  void hold() {
    store_.close();
    const std::size_t commits = store_.groups().size();
    writer_->submit(store::ChangeSet{kTenant, {}, {}, {}}, [](const Result<store::Committed>&) {});
    store_.await_commits(commits + 1);
  }
  // All that was submitted before is written.
  void settle() {
    Written written;
    writer_->submit(store::ChangeSet{kTenant, {}, {}, {}}, written.done());
    CHECK(written.wait().has_value());
  }
  std::vector<std::string> kinds() {
    std::vector<std::string> kinds;
    const auto state = store::read_chain(store_, kChain);
    if (!state->has_value()) return kinds;
    for (std::uint64_t number = 1; number < (*state)->next_segment; ++number) {
      const auto segment = store::read_segment(store_, kChain, number);
      for (const auto& entry : segment->entries) kinds.push_back(entry.note.kind);
    }
    return kinds;
  }
};

TEST(JournalAudit, TellsOfWhatWasAcceptedAndOfItsEnd) {
  CHECK_TRUE(write(intent()));
  JournalOutcome outcome;
  outcome.operation = operation();
  outcome.entry.id_scope = kTenant;
  outcome.entry.registration.registration_id = outcome.operation.registration_id;
  outcome.entry.registration.status = domain::RegistrationStatus::assigned;
  CHECK_TRUE(write(outcome));
  CHECK_TRUE(kinds() == (std::vector<std::string>{"accepted", "assigned"}));
}

TEST(JournalAudit, TellsNothingOfWhatWasNotWritten) {
  CHECK_FALSE(write(intent(2)));
  CHECK_TRUE(kinds().empty());
}

TEST(JournalAudit, TellsOfRefusalsAndOfTheNumberOfThoseThatWereTooMany) {
  Refused refused;
  refused.tenant = kTenant;
  refused.error = Error{Errc::unauthorized, "the key does not fit"};
  for (std::size_t i = 0; i < kRefusalBurst + 10; ++i) {
    journal_->note(refused, MonotonicTime{0});
    settle();
  }
  CHECK_EQUAL(kRefusalBurst, kinds().size());
  journal_->tell_refusals(MonotonicTime::max());
  settle();
  CHECK_EQUAL(kRefusalBurst + 1, kinds().size());
  CHECK_TRUE(kinds().back() == "refused");
}

// A minute between two of them, so that it is not their rate for which they are counted.
TEST(JournalAudit, LetsSoManyRefusalsWaitForTheDiskAndCountsOneMore) {
  Refused refused;
  refused.tenant = kTenant;
  refused.error = Error{Errc::unauthorized, "the key does not fit"};
  hold();
  MonotonicTime now{0};
  const auto note = [&] { journal_->note(refused, now += std::chrono::minutes{1}); };
  for (std::size_t i = 0; i < kMaxWaitingNotes; ++i) note();
  note();
  store_.open();
  settle();
  CHECK_EQUAL(kMaxWaitingNotes, kinds().size());
  // The counted one is told of with the next, for which what was written made room.
  note();
  settle();
  CHECK_EQUAL(kMaxWaitingNotes + 2, kinds().size());
}

TEST(JournalAudit, TellsOfAnIntentThatCannotBeReadAndItsDeviceRegistersAgain) {
  put(Table::intent, "press-1", to_bytes("what is this"));
  journal_->note_unreadable(kTenant, "press-1", Error{Errc::malformed, "it is no record"});
  settle();
  CHECK_TRUE(kinds().back() == "failed");
  CHECK_TRUE(write(intent()));
  CHECK_TRUE(kinds().back() == "accepted");
}

TEST(JournalAudit, TellsOfEachStepOfACleanUp) {
  domain::CleanupTask task;
  task.hub_id = domain::HubId("hub-1");
  task.device_id = domain::DeviceId("press-1");
  task.registration_id = operation().registration_id;
  const HeldCleanup held{kTenant, 1, task};
  put(Table::cleanup, cleanup_id(task), sync::encode(task));
  Written written;
  writer_->submit(cleanup_done(held, CleanupStep::remove, {}, clock_.wall()), written.done());
  CHECK(written.wait().has_value());
  CHECK_TRUE(kinds() == (std::vector<std::string>{"cleaned_up"}));
}
