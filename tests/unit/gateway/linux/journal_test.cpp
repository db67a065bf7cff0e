#include "gateway/linux/journal.hpp"

#include <memory>
#include <vector>

#include <CppUTest/TestHarness.h>

#include "gateway/core/limits.hpp"
#include "gateway/linux/store_writer.hpp"
#include "shared/protocol/sync/record_codec.hpp"
#include "shared/store/index_terms.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_entropy.hpp"
#include "tests/unit/gateway/linux/gated_store.hpp"
#include "tests/unit/gateway/linux/written.hpp"

using namespace berth;
using namespace berth::testing;
using namespace berth::gateway;
using store::Table;

namespace {

const domain::IdScope kTenant("0ne00000001");
const domain::HubId kHub("0123456789abcdef0123456789abcdef");

domain::RegistrationId id(const std::string& text = "Press-1") {
  return domain::RegistrationId::parse(text).value();
}

}  // namespace

TEST_GROUP(Journal) {
  GatedStore store_;
  FakeClock clock_;
  FakeEntropy entropy_;
  std::unique_ptr<TrustedTime> time_;
  std::unique_ptr<PermitBook> permits_;
  std::unique_ptr<OutboxNumbers> numbers_;
  std::unique_ptr<StoreWriter> writer_;
  std::unique_ptr<Journal> journal_;
  std::vector<std::uint64_t> queued_;  // on the writer's thread; read once it has answered

  void setup() override {
    CHECK(store_.create_tenant(store::kNode).has_value());
    CHECK(store_.create_tenant(kTenant).has_value());
    time_ = std::make_unique<TrustedTime>(clock_, WallTime{});
    permits_ = std::make_unique<PermitBook>(store_, *time_);
    numbers_ = std::make_unique<OutboxNumbers>(OutboxNumbers::open(store_, entropy_).value());
    writer_ = std::make_unique<StoreWriter>(store_);
    journal_ = std::make_unique<Journal>(
        *writer_, *permits_, *numbers_,
        [this](const domain::IdScope&, std::uint64_t sequence) { queued_.push_back(sequence); });
    put(Table::individual_enrollment, "press-1", Bytes{1});
    grant(2);
  }
  void teardown() override {
    store_.open();
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
    CHECK(store::commit_one(store_.memory, std::move(set)).has_value());
  }
  void grant(std::uint64_t quota) {
    domain::Permit permit;
    permit.id_scope = kTenant;
    permit.serial = 7;
    permit.expiry = clock_.wall() + std::chrono::hours{1};
    permit.new_device_quota = quota;
    put(Table::permit, kPermitId, sync::encode(domain::SignedPermit{sync::encode(permit), {}}));
  }
  template <class T>
  std::optional<T> held(Table table, const std::string& key) {
    const auto record = store_.read(kTenant, table, key);
    if (!record->has_value()) return std::nullopt;
    return sync::decode<T>((*record)->body).value();
  }
  std::uint64_t new_devices() {
    return permits_->facts(store_, kTenant)->new_devices;
  }

  static JournalIntent intent(const std::string& device = "Press-1") {
    JournalIntent entry;
    entry.operation = {kTenant, id(device), 1};
    entry.intent.registration_id = id(device);
    entry.intent.enrollment = {false, "Press-1", 1};
    entry.intent.is_new_device = true;
    entry.intent.hub_id = kHub;
    entry.intent.api.operation_id = "operation-of-" + device;
    entry.contact = Contact::alone;
    return entry;
  }
  static JournalOutcome outcome(domain::OutboxEntry::Kind kind) {
    JournalOutcome entry;
    entry.operation = {kTenant, id(), 1};
    entry.entry.id_scope = kTenant;
    entry.entry.kind = kind;
    domain::Registration& registration = entry.entry.registration;
    registration.registration_id = id();
    if (kind == domain::OutboxEntry::Kind::assigned) {
      registration.status = domain::RegistrationStatus::assigned;
      registration.hub_id = kHub;
      registration.assigned_hub = "hub.example";
    } else {
      registration.last_attempt =
          domain::FailedAttempt{from_unix_seconds(1767225600), 401002, "Unauthorized", "expired"};
    }
    return entry;
  }
  // Holds the writer in a commit, so that what follows waits.
  void hold() {
    const auto commits = store_.groups().size();
    store_.close();
    writer_->submit(store::ChangeSet{}, Written().done());
    store_.await_commits(commits + 1);
  }
  template <class Entry>
  Result<store::Committed> write(const Entry& entry) {
    Written written;
    journal_->write(entry, written.done());
    return written.wait();
  }
};

TEST(Journal, KeepsAnIntentThatIsAdmitted) {
  CHECK(write(intent()).has_value());
  CHECK(held<domain::Intent>(Table::intent, "press-1")->hub_id == kHub);
  LONGS_EQUAL(1, new_devices());
}

TEST(Journal, RefusesAnIntentWhoseEnrollmentChanged) {
  put(Table::individual_enrollment, "press-1", Bytes{2});
  CHECK(write(intent()).error().code == Errc::version_mismatch);
  CHECK_FALSE(held<domain::Intent>(Table::intent, "press-1").has_value());
  LONGS_EQUAL(0, new_devices());
}

TEST(Journal, RefusesAnIntentWhoseEnrollmentIsGone) {
  auto entry = intent();
  entry.intent.enrollment = {true, "Presses", 1};
  CHECK(write(entry).error().code == Errc::version_mismatch);
}

TEST(Journal, ChecksTheEnrollmentAfterWhatWasSubmittedBefore) {
  // The change is in the same flush as the intent: the check sees it.
  hold();
  store::Change change;
  change.table = Table::individual_enrollment;
  change.id = "press-1";
  change.body = Bytes{2};
  store::ChangeSet set;
  set.tenant = kTenant;
  set.changes.push_back(std::move(change));
  Written changed;
  Written refused;
  writer_->submit(std::move(set), changed.done());
  journal_->write(intent(), refused.done());
  store_.open();
  CHECK(changed.wait().has_value());
  CHECK(refused.wait().error().code == Errc::version_mismatch);
  LONGS_EQUAL(2, store_.groups().back());
}

TEST(Journal, RefusesAnIntentPastThePermitsExpiry) {
  clock_.advance(std::chrono::hours{1});
  CHECK(write(intent()).has_value());
  clock_.advance(std::chrono::seconds{1});
  put(Table::individual_enrollment, "press-2", Bytes{1});
  auto entry = intent("Press-2");
  entry.intent.enrollment.id = "Press-2";
  CHECK(write(entry).error().code == Errc::unavailable);
}

TEST(Journal, AdmitsNewDevicesUpToTheQuota) {
  CHECK(write(intent("Press-1")).has_value());
  CHECK(write(intent("Press-2")).has_value());
  CHECK(write(intent("Press-3")).error().code == Errc::unavailable);
  LONGS_EQUAL(2, new_devices());
}

TEST(Journal, AdmitsNoMoreThanTheQuotaInOneFlush) {
  hold();
  std::vector<Written> all(5);
  for (std::size_t i = 0; i < all.size(); ++i) {
    journal_->write(intent("Press-" + std::to_string(i)), all[i].done());
  }
  store_.open();
  int admitted = 0;
  for (Written& one : all) admitted += one.wait().has_value() ? 1 : 0;
  LONGS_EQUAL(2, admitted);
  LONGS_EQUAL(2, new_devices());
}

TEST(Journal, CountsNoDeviceThatTheCoordinatorStandsBehind) {
  auto entry = intent();
  entry.contact = Contact::confirmed;
  CHECK(write(entry).has_value());
  entry = intent("Press-2");
  entry.intent.is_new_device = false;
  CHECK(write(entry).has_value());
  LONGS_EQUAL(0, new_devices());
}

TEST(Journal, CountsADeviceOnceHoweverOftenItsHubIsDecidedAnew) {
  grant(1);
  CHECK(write(intent()).has_value());
  auto again = intent();
  again.intent.hub_id = domain::HubId("fedcba9876543210fedcba9876543210");
  // The quota is used up, by this very device.
  CHECK(write(again).has_value());
  CHECK(held<domain::Intent>(Table::intent, "press-1")->hub_id == again.intent.hub_id);
  LONGS_EQUAL(1, new_devices());
}

TEST(Journal, AnAcceptedDeviceStillNeedsAPermitThatHolds) {
  CHECK(write(intent()).has_value());
  clock_.advance(std::chrono::hours{1} + std::chrono::seconds{1});
  CHECK(write(intent()).error().code == Errc::unavailable);
}

TEST(Journal, CountsANewOperationOfADeviceWhoseIntentStillStands) {
  CHECK(write(intent()).has_value());
  auto other = intent();
  other.intent.api.operation_id = "another";
  CHECK(write(other).has_value());
  LONGS_EQUAL(2, new_devices());
}

TEST(Journal, WritesAnAssignmentWithAllThatBelongsToIt) {
  CHECK(write(intent()).has_value());
  put(Table::last_attempt, "press-1", Bytes{1});
  auto entry = outcome(domain::OutboxEntry::Kind::assigned);
  domain::CleanupTask task;
  task.hub_id = kHub;
  task.device_id = domain::DeviceId("old");
  task.registration_id = id();
  entry.cleanup.push_back(task);
  const auto before = store_.groups().size();
  CHECK(write(entry).has_value());
  LONGS_EQUAL(before + 1, store_.groups().size());

  CHECK(held<domain::Registration>(Table::registration, "press-1")->hub_id == kHub);
  CHECK_FALSE(held<domain::Intent>(Table::intent, "press-1").has_value());
  CHECK_FALSE(store_.read(kTenant, Table::last_attempt, "press-1")->has_value());
  CHECK(held<domain::CleanupTask>(Table::cleanup, kHub.str() + "/old").has_value());
  LONGS_EQUAL(1, queued_.size());
  const auto sent = held<domain::OutboxEntry>(Table::outbox, outbox_id(queued_.front()));
  LONGS_EQUAL(queued_.front(), sent->sequence);
  // By which the applier finds it.
  const store::IndexTerm term{store::Index::outbox_registration, "press-1"};
  LONGS_EQUAL(1, store_.find(kTenant, Table::outbox, term, "", 10)->records.size());
}

TEST(Journal, GivesGrowingSequences) {
  for (int i = 0; i < 3; ++i) {
    CHECK(write(outcome(domain::OutboxEntry::Kind::assigned)).has_value());
  }
  LONGS_EQUAL(3, queued_.size());
  CHECK(queued_[0] < queued_[1] && queued_[1] < queued_[2]);
}

TEST(Journal, AFailedAttemptKeepsTheAssignmentThatIsThere) {
  CHECK(write(outcome(domain::OutboxEntry::Kind::assigned)).has_value());
  const auto version = (*store_.read(kTenant, Table::registration, "press-1"))->version;
  CHECK(write(outcome(domain::OutboxEntry::Kind::failed_attempt)).has_value());
  const auto registration = held<domain::Registration>(Table::registration, "press-1");
  CHECK(registration->status == domain::RegistrationStatus::assigned);
  CHECK(registration->hub_id == kHub);
  STRCMP_EQUAL("expired", registration->last_attempt->reason.c_str());
  LONGS_EQUAL(version, (*store_.read(kTenant, Table::registration, "press-1"))->version);
  LONGS_EQUAL(2, queued_.size());
}

TEST(Journal, AFailedAttemptOfAnUnknownDeviceStandsAlone) {
  CHECK(write(intent()).has_value());
  CHECK(write(outcome(domain::OutboxEntry::Kind::failed_attempt)).has_value());
  CHECK_FALSE(held<domain::Registration>(Table::registration, "press-1").has_value());
  CHECK_FALSE(held<domain::Intent>(Table::intent, "press-1").has_value());
  STRCMP_EQUAL("expired",
               held<domain::LastAttempt>(Table::last_attempt, "press-1")->attempt.reason.c_str());
}

TEST(Journal, WritesNothingOfAnOutcomeThatTheDiskRefuses) {
  CHECK(write(intent()).has_value());
  store_.close();
  Written refused;
  const auto commits = store_.groups().size();
  journal_->write(outcome(domain::OutboxEntry::Kind::assigned), refused.done());
  store_.await_commits(commits + 1);
  store_.memory.fail_next(Errc::io);
  store_.open();
  CHECK(refused.wait().error().code == Errc::io);
  CHECK(held<domain::Intent>(Table::intent, "press-1").has_value());
  CHECK(queued_.empty());
}

TEST(Journal, DropsAttemptsPastTheLimit) {
  hold();
  const auto attempt = outcome(domain::OutboxEntry::Kind::failed_attempt).entry;
  for (std::size_t i = 0; i < kMaxWaitingAttempts + 1; ++i) {
    journal_->record(RecordAttempt{attempt});
  }
  store_.open();
  // An outcome is no attempt, and comes after all of them.
  CHECK(write(outcome(domain::OutboxEntry::Kind::assigned)).has_value());
  LONGS_EQUAL(kMaxWaitingAttempts + 1, queued_.size());
  // What was written made room.
  journal_->record(RecordAttempt{attempt});
  CHECK(write(outcome(domain::OutboxEntry::Kind::assigned)).has_value());
  LONGS_EQUAL(kMaxWaitingAttempts + 3, queued_.size());
}
