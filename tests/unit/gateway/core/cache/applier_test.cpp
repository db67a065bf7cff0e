// What a session brings in order is tested with coordinator/sync; here is what must be refused, and
// what crashes and repetitions must leave alone.
#include "gateway/core/cache/applier.hpp"

#include <CppUTest/TestHarness.h>

#include "shared/base/encoding.hpp"
#include "shared/crypto/mbedtls/mbedtls.hpp"
#include "shared/protocol/sync/record_codec.hpp"
#include "tests/support/fake_entropy.hpp"
#include "tests/support/memory_store.hpp"

using namespace berth;
using namespace berth::testing;
using store::Table;

namespace {

const domain::IdScope kTenant("0ne00000001");

domain::RegistrationId id_of(const std::string& text) {
  return domain::RegistrationId::parse(text).value();
}

sync::RecordChange enrollment(const std::string& id, std::uint64_t version) {
  domain::IndividualEnrollment record;
  record.registration_id = id_of(id);
  return {Table::individual_enrollment, id, version, sync::encode(record)};
}

sync::RecordChange registration(const std::string& id, std::uint64_t version) {
  domain::Registration record;
  record.registration_id = id_of(id);
  record.assigned_hub = "of-the-coordinator";
  return {Table::registration, id, version, sync::encode(record)};
}

// Assigned by this gateway.
sync::RecordChange ours(const std::string& id, std::uint64_t version, std::int64_t arrival) {
  domain::Registration record;
  record.registration_id = id_of(id);
  record.gateway_id = domain::GatewayId("gw-1");
  record.arrival = from_unix_seconds(arrival);
  return {Table::registration, id, version, sync::encode(record)};
}

}  // namespace

TEST_GROUP(Applier) {
  MemoryStore store;
  FakeEntropy entropy;
  std::unique_ptr<ports::Crypto> crypto = crypto::make_mbedtls_crypto();
  std::optional<gateway::OutboxNumbers> numbers;
  std::optional<gateway::Applier> applier;

  void setup() override {
    CHECK_TRUE(store.create_tenant(store::kNode).has_value());
    CHECK_TRUE(store.create_tenant(kTenant).has_value());
    numbers.emplace(gateway::OutboxNumbers::open(store, entropy).value());
    applier.emplace(domain::GatewayId("gw-1"), *crypto, *numbers);
  }

  void commit(Result<store::ChangeSet> set) {
    CHECK_TRUE(set.has_value());
    if (set->changes.empty()) return;
    CHECK_TRUE(store::commit_one(store, std::move(*set)).has_value());
  }
  void snapshot(std::vector<sync::RecordChange> records, std::uint64_t sequence,
                const std::string& incarnation = "store-1") {
    static std::uint64_t number = 0;
    ++number;
    commit(applier->begin(
        store, {kTenant, number, incarnation, 1, SecretBytes::copy_of(as_bytes("digest key"))}));
    commit(applier->records(store, {kTenant, number, std::move(records)}));
    finish(number, sequence);
  }
  void finish(std::uint64_t number, std::uint64_t sequence) {
    std::optional<gateway::Applier::SweepPoint> from = gateway::Applier::SweepPoint{};
    while (from) {
      auto sweep = applier->end(store, {kTenant, number, sequence}, *from);
      CHECK_TRUE(sweep.has_value());
      from = sweep->next;
      commit(std::move(sweep->set));
    }
  }
  domain::Cursor cursor() {
    return gateway::read_cursor(store, kTenant).value();
  }
  bool holds(Table table, const std::string& id) {
    return store.read(kTenant, table, id)->has_value();
  }
  void acknowledge(const sync::OutboxAck& ack, std::uint64_t sequence) {
    auto sets = applier->acknowledged(store, ack, {{kTenant, {sequence}}});
    CHECK_TRUE(sets.has_value());
    for (auto& set : *sets) commit(std::move(set));
  }
  void queue_outcome(const std::string& id, std::uint64_t sequence) {
    domain::OutboxEntry entry;
    entry.sequence = sequence;
    entry.id_scope = kTenant;
    entry.registration.registration_id = id_of(id);
    store::ChangeSet set;
    set.tenant = kTenant;
    set.changes.push_back(gateway::outbox_change(entry));
    commit(set);
  }
};

TEST(Applier, HasNoPositionBeforeTheFirstSnapshot) {
  const auto position = gateway::position_of(kTenant, cursor());
  CHECK_TRUE(position.incarnation.empty());
  UNSIGNED_LONGLONGS_EQUAL(0, position.sequence);
}

TEST(Applier, SweepsWhatASnapshotDoesNotHold) {
  snapshot({enrollment("dev-1", 1), enrollment("dev-2", 1), registration("dev-1", 1)}, 5);
  snapshot({enrollment("dev-2", 1), enrollment("dev-3", 4)}, 9);
  CHECK_FALSE(holds(Table::individual_enrollment, "dev-1"));
  CHECK_TRUE(holds(Table::individual_enrollment, "dev-2"));
  UNSIGNED_LONGLONGS_EQUAL(
      4, store.read(kTenant, Table::individual_enrollment, "dev-3")->value().version);
  CHECK_FALSE(holds(Table::registration, "dev-1"));
  UNSIGNED_LONGLONGS_EQUAL(9, cursor().sequence);
}

TEST(Applier, SweepsMoreThanOnePage) {
  std::vector<sync::RecordChange> many;
  for (std::size_t i = 0; i < gateway::kSweepPage + 1; ++i) {
    many.push_back(enrollment("dev-" + std::to_string(i), 1));
  }
  snapshot(many, 5);
  snapshot({enrollment("dev-0", 1)}, 6);
  LONGS_EQUAL(1, store.list(kTenant, Table::individual_enrollment, "", 10)->records.size());
}

TEST(Applier, HashesAlikeHoweverTheRecordsCame) {
  snapshot({enrollment("dev-1", 1), enrollment("dev-2", 2)}, 5);
  const Bytes at_once = cursor().digest;
  snapshot({enrollment("dev-1", 9), enrollment("dev-3", 1)}, 5);
  CHECK_TRUE(cursor().digest != at_once);
  // The same record twice in one frame counts as it is left.
  commit(applier->changes(store, {kTenant,
                                  5,
                                  8,
                                  {enrollment("dev-1", 8),
                                   {Table::individual_enrollment, "dev-1", 0, std::nullopt},
                                   enrollment("dev-1", 1),
                                   enrollment("dev-2", 2),
                                   {Table::individual_enrollment, "dev-3", 0, std::nullopt}}}));
  CHECK_TRUE(cursor().digest == at_once);
  CHECK_TRUE(applier->agrees(store, {kTenant, 8, at_once}).value());
  CHECK_FALSE(applier->agrees(store, {kTenant, 8, Bytes(32)}).value());
  // A word on another sequence than the copy's says nothing.
  CHECK_TRUE(applier->agrees(store, {kTenant, 7, Bytes(32)}).value());
}

TEST(Applier, LeavesRegistrationsOutOfTheDigest) {
  snapshot({enrollment("dev-1", 1)}, 5);
  const Bytes without = cursor().digest;
  commit(applier->changes(store, {kTenant, 5, 6, {registration("dev-1", 1)}}));
  CHECK_TRUE(holds(Table::registration, "dev-1"));
  CHECK_TRUE(cursor().digest == without);
}

TEST(Applier, RefusesChangesThatDoNotJoin) {
  auto early = applier->changes(store, {kTenant, 0, 1, {}});
  CHECK_TRUE(early.error().code == Errc::conflict);
  snapshot({}, 5);
  CHECK_TRUE(applier->changes(store, {kTenant, 6, 7, {}}).error().code == Errc::conflict);
  UNSIGNED_LONGLONGS_EQUAL(5, cursor().sequence);
}

TEST(Applier, PassesOverChangesThatItHas) {
  snapshot({}, 5);
  CHECK_TRUE(applier->changes(store, {kTenant, 3, 5, {enrollment("dev-1", 1)}})->changes.empty());
  CHECK_FALSE(holds(Table::individual_enrollment, "dev-1"));
}

TEST(Applier, AsksForAnotherSnapshotAfterACrashMidway) {
  snapshot({enrollment("dev-1", 1)}, 5);
  commit(applier->begin(store, {kTenant, 77, "store-1", 1, {}}));
  commit(applier->records(store, {kTenant, 77, {enrollment("dev-2", 1)}}));
  CHECK_TRUE(gateway::position_of(kTenant, cursor()).incarnation.empty());
  // What was held goes on being served.
  CHECK_TRUE(holds(Table::individual_enrollment, "dev-1"));

  gateway::Applier restarted(domain::GatewayId("gw-1"), *crypto, *numbers);
  CHECK_TRUE(restarted.records(store, {kTenant, 77, {}}).error().code == Errc::conflict);
  CHECK_TRUE(restarted.end(store, {kTenant, 77, 9}, {}).error().code == Errc::conflict);
  CHECK_TRUE(restarted.changes(store, {kTenant, 5, 6, {}}).error().code == Errc::conflict);
}

TEST(Applier, BuildsTheSameSetAgain) {
  commit(applier->begin(store,
                        {kTenant, 78, "store-1", 1, SecretBytes::copy_of(as_bytes("digest key"))}));
  const sync::SnapshotRecords frame{kTenant, 78, {enrollment("dev-1", 1), enrollment("dev-2", 1)}};
  CHECK_TRUE(applier->records(store, frame).has_value());
  commit(applier->records(store, frame));
  CHECK_TRUE(applier->end(store, {kTenant, 78, 3}, {}).has_value());
  finish(78, 3);
  const Bytes repeated = cursor().digest;
  snapshot(frame.records, 3);
  CHECK_TRUE(cursor().digest == repeated);
}

TEST(Applier, LeavesRegistrationsAloneThatHaveAnOutcomeOnTheWay) {
  snapshot({registration("dev-1", 1)}, 5);
  queue_outcome("dev-1", 100);
  commit(applier->changes(store, {kTenant, 5, 6, {registration("dev-1", 2)}}));
  UNSIGNED_LONGLONGS_EQUAL(1, store.read(kTenant, Table::registration, "dev-1")->value().version);
  // Neither is it swept.
  snapshot({}, 7);
  CHECK_TRUE(holds(Table::registration, "dev-1"));

  // The acknowledgement of an earlier outcome leaves it alone too; that of its own brings the
  // coordinator's word and drops the entry.
  sync::OutboxAck ack;
  ack.through = 99;
  ack.records = {{kTenant, registration("dev-1", 3)}};
  acknowledge(ack, 99);
  UNSIGNED_LONGLONGS_EQUAL(1, store.read(kTenant, Table::registration, "dev-1")->value().version);
  ack.through = 100;
  acknowledge(ack, 100);
  UNSIGNED_LONGLONGS_EQUAL(3, store.read(kTenant, Table::registration, "dev-1")->value().version);
  CHECK_FALSE(holds(Table::outbox, gateway::outbox_id(100)));
}

TEST(Applier, SendsAgainWhatAnotherStoreOfTheCoordinatorLost) {
  snapshot({ours("dev-1", 1, 10), registration("dev-2", 1)}, 5);
  snapshot({}, 2, "store-2");
  CHECK_TRUE(holds(Table::registration, "dev-1"));
  CHECK_FALSE(holds(Table::registration, "dev-2"));
  const auto queued = store.list(kTenant, Table::outbox, "", 10)->records;
  LONGS_EQUAL(1, queued.size());
  const auto entry = sync::decode<domain::OutboxEntry>(queued[0].body).value();
  CHECK_TRUE(entry.registration.registration_id == id_of("dev-1"));
}

TEST(Applier, SendsAgainWhatTheSameStoreDoesNotHave) {
  snapshot({ours("dev-1", 1, 10), registration("dev-2", 1)}, 5);
  snapshot({}, 9);
  CHECK_TRUE(holds(Table::registration, "dev-1"));
  CHECK_FALSE(holds(Table::registration, "dev-2"));
  LONGS_EQUAL(1, store.list(kTenant, Table::outbox, "", 10)->records.size());
}

TEST(Applier, PutsItsOwnNewerAssignmentAboveThatOfAnotherStore) {
  snapshot({ours("newer", 3, 20), ours("same", 3, 10)}, 5);
  snapshot({ours("newer", 1, 10), ours("same", 1, 10)}, 2, "store-2");
  UNSIGNED_LONGLONGS_EQUAL(3, store.read(kTenant, Table::registration, "newer")->value().version);
  UNSIGNED_LONGLONGS_EQUAL(1, store.read(kTenant, Table::registration, "same")->value().version);
  const auto queued = store.list(kTenant, Table::outbox, "", 10)->records;
  LONGS_EQUAL(1, queued.size());
  const auto entry = sync::decode<domain::OutboxEntry>(queued[0].body).value();
  CHECK_TRUE(entry.registration.registration_id == id_of("newer"));
  // The store that it was sent to knows best.
  UNSIGNED_LONGLONGS_EQUAL(2, cursor().sequence);
  commit(applier
             ->acknowledged(store, {"", entry.sequence, {{kTenant, ours("newer", 9, 30)}}},
                            {{kTenant, {entry.sequence}}})
             .value()
             .front());
  snapshot({ours("newer", 1, 10)}, 8, "store-2");
  UNSIGNED_LONGLONGS_EQUAL(1, store.read(kTenant, Table::registration, "newer")->value().version);
}

TEST(Applier, RefusesRecordsThatDoNotDecode) {
  snapshot({}, 5);
  sync::RecordChange broken = enrollment("dev-1", 1);
  broken.body->pop_back();
  CHECK_FALSE(applier->changes(store, {kTenant, 5, 6, {broken}}).has_value());
}

TEST(Applier, FindsAStubByItsCertificate) {
  const domain::RefusalStub stub{id_of("dev-1"), Bytes(32, 0xab), {}};
  snapshot({{Table::refusal_stub, "dev-1", 1, sync::encode(stub)}}, 5);
  std::string thumbprint;
  for (int i = 0; i < 32; ++i) thumbprint += "AB";
  const auto found = store.find(kTenant, Table::refusal_stub,
                                {store::Index::certificate_thumbprint, thumbprint}, "", 10);
  LONGS_EQUAL(1, found->records.size());
}

TEST(Applier, FindsAStubByItsEndorsementKey) {
  const domain::RefusalStub stub{id_of("dev-1"), {}, {}, Bytes(32, 0xab)};
  snapshot({{Table::refusal_stub, "dev-1", 1, sync::encode(stub)}}, 5);
  const store::IndexTerm term{store::Index::endorsement_key, to_hex(Bytes(32, 0xab))};
  LONGS_EQUAL(1, store.find(kTenant, Table::refusal_stub, term, "", 10)->records.size());
}

TEST(Applier, KeepsAdmittedTpmsAndSweepsThoseThatAreGone) {
  domain::AdmittedTpm tpm;
  tpm.endorsement_key_sha256 = Bytes(32, 0xab);
  tpm.group_id = domain::EnrollmentGroupId::parse("fleet").value();
  const std::string id = to_hex(tpm.endorsement_key_sha256);
  snapshot({{Table::admitted_tpm, id, 1, sync::encode(tpm)}}, 5);
  CHECK_TRUE(store.read(kTenant, Table::admitted_tpm, id)->has_value());
  snapshot({}, 6);
  CHECK_FALSE(store.read(kTenant, Table::admitted_tpm, id)->has_value());
}
