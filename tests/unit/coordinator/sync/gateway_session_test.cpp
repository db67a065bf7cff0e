// Coordinator and gateway wired back to back, on virtual time.
#include "coordinator/sync/gateway_session.hpp"

#include <CppUTest/TestHarness.h>

#include "tests/support/gateway_side.hpp"

using namespace berth;
using namespace berth::testing;
using store::Table;

TEST_GROUP(GatewaySession) {
  FakeClock clock;
  CoordinatorSide coordinator{clock};
  domain::LinkedHub hub = coordinator.link_hub("hub-a.example");

  domain::RegistrationId id(const std::string& text) {
    return must(domain::RegistrationId::parse(text));
  }
};

TEST(GatewaySession, BringsCaCertificatesAndEveryChangeOfThem) {
  auto& certificates = coordinator.catalog->ca_certificates;
  domain::CaCertificate root;
  root.name = "Root";
  root.certificate = {0x30, 0x00};
  const auto uploaded = must(certificates.put(coordinator.tenant, root, 0));
  GatewaySide gateway(coordinator, "hall-3", "ulm", 1);
  CHECK_TRUE(gateway.connect().has_value());
  CHECK_TRUE(gateway.holds(Table::ca_certificate, "root"));

  root = uploaded.record;
  root.is_verified = true;
  must(certificates.put(coordinator.tenant, root, uploaded.version));
  coordinator.server->committed(coordinator.tenant);
  gateway.exchange();
  const auto held = must(gateway.store.read(coordinator.tenant, Table::ca_certificate, "root"));
  CHECK_TRUE(must(sync::decode<domain::CaCertificate>(held->body)).is_verified);
  gateway.pass(std::chrono::seconds{1});
  LONGS_EQUAL(1, gateway.digests);
  LONGS_EQUAL(0, gateway.resyncs);

  must(certificates.erase(coordinator.tenant, "Root", 2));
  coordinator.server->committed(coordinator.tenant);
  gateway.exchange();
  CHECK_FALSE(gateway.holds(Table::ca_certificate, "root"));
}

TEST(GatewaySession, LivesFromJoiningToResynchronisation) {
  const auto enrollment = coordinator.enroll("Press-1");
  GatewaySide gateway(coordinator, "hall-3", "ulm", 1);

  // A snapshot brings everything, with a permit and a token for the hub.
  CHECK_TRUE(gateway.connect().has_value());
  LONGS_EQUAL(1, gateway.snapshots);
  CHECK_TRUE(gateway.holds(Table::individual_enrollment, "press-1"));
  CHECK_TRUE(gateway.holds(Table::linked_hub, hub.hub_id.str()));
  CHECK_TRUE(gateway.holds(Table::tenant_settings, "settings"));
  CHECK_TRUE(gateway.holds(Table::hub_token, hub.hub_id.str()));
  CHECK_TRUE(gateway.permits
                 ->admit(coordinator.tenant, gateway::Acquaintance::unseen, gateway::Contact::alone)
                 .has_value());
  gateway.pass(std::chrono::seconds{1});
  LONGS_EQUAL(1, gateway.digests);
  LONGS_EQUAL(0, gateway.resyncs);

  // A change comes without being asked for.
  coordinator.enroll("Press-2");
  gateway.exchange();
  CHECK_TRUE(gateway.holds(Table::individual_enrollment, "press-2"));
  LONGS_EQUAL(1, gateway.snapshots);

  // A look-back finds nothing, and from then on tells what comes.
  gateway.session->request_look_back(coordinator.tenant, id("Press-1"));
  gateway.exchange();
  LONGS_EQUAL(1, gateway.look_backs.size());
  CHECK_FALSE(gateway.look_backs[0].registration.body.has_value());

  // An outcome goes up and is acknowledged.
  gateway.assign(enrollment, hub);
  gateway.exchange();
  CHECK_TRUE(gateway.queue.empty());
  const auto taken =
      must(coordinator.catalog->registrations.find(coordinator.tenant, id("Press-1")));
  CHECK_TRUE(taken.has_value());
  STRCMP_EQUAL("hub-a.example", taken->record.assigned_hub.c_str());
  CHECK_TRUE(taken->record.gateway_id == gateway.id);
  CHECK_TRUE(taken->record.arrival == clock.wall());

  // After a time apart, changes go on from the cursor.
  gateway.disconnect();
  coordinator.enroll("Press-3");
  CHECK_TRUE(gateway.connect().has_value());
  LONGS_EQUAL(1, gateway.snapshots);
  CHECK_TRUE(gateway.holds(Table::individual_enrollment, "press-3"));

  // A registration that an admin deletes leaves the gateway too.
  CHECK_TRUE(gateway.holds(Table::registration, "press-1"));
  must(coordinator.catalog->registrations.erase(coordinator.tenant, id("Press-1"), taken->version));
  coordinator.server->committed(coordinator.tenant);
  gateway.exchange();
  CHECK_FALSE(gateway.holds(Table::registration, "press-1"));

  // A copy that lost a record is found out by its digest, and fetched again.
  store::Change lost;
  lost.kind = store::Change::Kind::erase;
  lost.table = Table::individual_enrollment;
  lost.id = "press-2";
  store::ChangeSet damage;
  damage.tenant = coordinator.tenant;
  damage.changes.push_back(lost);
  must(store::commit_one(gateway.store, damage));
  coordinator.enroll("Press-2");
  gateway.exchange();
  gateway.pass(std::chrono::seconds{1});
  LONGS_EQUAL(1, gateway.resyncs);
  LONGS_EQUAL(2, gateway.snapshots);
  CHECK_TRUE(gateway.holds(Table::individual_enrollment, "press-2"));
  gateway.pass(std::chrono::seconds{1});
  LONGS_EQUAL(1, gateway.resyncs);
  CHECK_FALSE(coordinator.has_alarm());
}

TEST(GatewaySession, GivesASiteOnlyWhatItMayServe) {
  coordinator.enroll("everywhere");
  coordinator.enroll("at-ulm", {domain::SiteId("ulm")});
  coordinator.enroll("at-graz", {domain::SiteId("graz")});
  coordinator.enroll("blocked-at-graz", {domain::SiteId("graz")}, true);
  GatewaySide gateway(coordinator, "hall-3", "ulm", 1);
  CHECK_TRUE(gateway.connect().has_value());
  CHECK_TRUE(gateway.holds(Table::individual_enrollment, "everywhere"));
  CHECK_TRUE(gateway.holds(Table::individual_enrollment, "at-ulm"));
  CHECK_FALSE(gateway.holds(Table::individual_enrollment, "at-graz"));
  CHECK_FALSE(gateway.holds(Table::refusal_stub, "at-graz"));
  CHECK_FALSE(gateway.holds(Table::individual_enrollment, "blocked-at-graz"));
  CHECK_TRUE(gateway.holds(Table::refusal_stub, "blocked-at-graz"));

  // Leaving the scope is a deletion, coming into it a record.
  coordinator.enroll("at-ulm", {domain::SiteId("graz")});
  coordinator.enroll("at-graz", {domain::SiteId("ulm")});
  coordinator.enroll("blocked-at-graz", {domain::SiteId("ulm")}, true);
  gateway.exchange();
  CHECK_FALSE(gateway.holds(Table::individual_enrollment, "at-ulm"));
  CHECK_TRUE(gateway.holds(Table::individual_enrollment, "at-graz"));
  CHECK_TRUE(gateway.holds(Table::individual_enrollment, "blocked-at-graz"));
  CHECK_FALSE(gateway.holds(Table::refusal_stub, "blocked-at-graz"));
  gateway.pass(std::chrono::seconds{1});
  LONGS_EQUAL(1, gateway.digests);
  LONGS_EQUAL(0, gateway.resyncs);
}

TEST(GatewaySession, BeginsASnapshotAgainThatWasCutOff) {
  for (int i = 0; i < 250; ++i) coordinator.enroll("device-" + std::to_string(i));
  GatewaySide gateway(coordinator, "hall-3", "ulm", 1);
  gateway.stop_after_frames = 1;
  CHECK_TRUE(gateway.connect().has_value());
  gateway.boot();
  gateway.stop_after_frames.reset();
  CHECK_TRUE(gateway.connect().has_value());
  UNSIGNED_LONGLONGS_EQUAL(0, gateway.cursor().snapshot_in_progress);
  CHECK_TRUE(gateway.holds(Table::individual_enrollment, "device-0"));
  CHECK_TRUE(gateway.holds(Table::individual_enrollment, "device-249"));
  gateway.pass(std::chrono::seconds{1});
  LONGS_EQUAL(1, gateway.digests);
  LONGS_EQUAL(0, gateway.resyncs);
}

TEST(GatewaySession, GivesAnotherSnapshotWhenItsStoreWasRestored) {
  const auto enrollment = coordinator.enroll("Press-1");
  GatewaySide gateway(coordinator, "hall-3", "ulm", 1);
  CHECK_TRUE(gateway.connect().has_value());
  gateway.assign(enrollment, hub);
  gateway.exchange();
  CHECK_TRUE(gateway.queue.empty());
  gateway.disconnect();

  // The back-up does not know the registration.
  store::ChangeSet forget;
  forget.tenant = coordinator.tenant;
  store::Change erase;
  erase.kind = store::Change::Kind::erase;
  erase.table = Table::registration;
  erase.id = "press-1";
  forget.changes.push_back(erase);
  must(store::commit_one(coordinator.store, forget));
  coordinator.store.set_incarnation("coordinator-2");

  CHECK_TRUE(gateway.connect().has_value());
  LONGS_EQUAL(2, gateway.snapshots);
  CHECK_TRUE(
      must(coordinator.catalog->registrations.find(coordinator.tenant, id("Press-1"))).has_value());
  CHECK_TRUE(gateway.holds(Table::registration, "press-1"));
  CHECK_TRUE(gateway.queue.empty());
}

TEST(GatewaySession, FindsOutThatABackUpOfItsStoreWasRestored) {
  const auto enrollment = coordinator.enroll("Press-1");
  GatewaySide other(coordinator, "hall-1", "ulm", 2);
  CHECK_TRUE(other.connect().has_value());
  GatewaySide gateway(coordinator, "hall-3", "ulm", 1);
  CHECK_TRUE(gateway.connect().has_value());
  gateway.assign(enrollment, hub);
  gateway.exchange();
  gateway.disconnect();
  const auto before = gateway.cursor().incarnation;

  // The back-up knows neither the registration nor what the gateway has seen since.
  store::ChangeSet forget;
  forget.tenant = coordinator.tenant;
  store::Change erase;
  erase.kind = store::Change::Kind::erase;
  erase.table = Table::registration;
  erase.id = "press-1";
  forget.changes.push_back(erase);
  must(store::commit_one(coordinator.store, forget));
  auto cursor = gateway.cursor();
  cursor.sequence = must(coordinator.store.head(coordinator.tenant)) + 1;
  store::Change seen_more;
  seen_more.table = Table::cursor;
  seen_more.id = gateway::kCursorId;
  seen_more.body = sync::encode(cursor);
  store::ChangeSet ahead;
  ahead.tenant = coordinator.tenant;
  ahead.changes.push_back(seen_more);
  must(store::commit_one(gateway.store, ahead));

  CHECK_TRUE(gateway.connect().has_value());
  other.exchange();
  CHECK_TRUE(coordinator.has_alarm());
  CHECK_TRUE(
      must(coordinator.catalog->registrations.find(coordinator.tenant, id("Press-1"))).has_value());
  CHECK_TRUE(gateway.cursor().incarnation != before);
  // Whoever was connected goes on from the same store.
  LONGS_EQUAL(2, other.snapshots);
  CHECK_TRUE(other.cursor().incarnation == gateway.cursor().incarnation);

  // It stays known, and nobody gets another snapshot.
  coordinator.events.clear();
  gateway.disconnect();
  other.disconnect();
  coordinator.start();
  CHECK_TRUE(gateway.connect().has_value());
  CHECK_TRUE(other.connect().has_value());
  LONGS_EQUAL(2, gateway.snapshots);
  LONGS_EQUAL(2, other.snapshots);
  CHECK_FALSE(coordinator.has_alarm());
}

TEST(GatewaySession, KnowsARolledBackDiskByTheBootThatGaveTheNumbers) {
  const auto enrollment = coordinator.enroll("Press-1");
  GatewaySide gateway(coordinator, "hall-3", "ulm", 1);
  const auto before =
      must(gateway.store.read(store::kNode, Table::node, gateway::kOutboxIdentityId))->body;
  CHECK_TRUE(gateway.connect().has_value());
  gateway.boot();
  CHECK_TRUE(gateway.connect().has_value());
  gateway.assign(enrollment, hub);
  gateway.exchange();
  gateway.disconnect();

  store::Change earlier;
  earlier.table = Table::node;
  earlier.id = gateway::kOutboxIdentityId;
  earlier.body = before;
  store::ChangeSet back;
  back.tenant = store::kNode;
  back.changes.push_back(earlier);
  must(store::commit_one(gateway.store, back));
  // The number of starts is the same again, and so is the first sequence.
  gateway.boot();
  const auto second = coordinator.enroll("Press-2");
  gateway.assign(second, hub);

  CHECK_FALSE(coordinator.has_alarm());
  CHECK_TRUE(gateway.connect().has_value());
  CHECK_TRUE(coordinator.has_alarm());
  CHECK_FALSE(
      must(coordinator.catalog->registrations.find(coordinator.tenant, id("Press-2"))).has_value());
  CHECK_TRUE(gateway.connect().has_value());
  CHECK_TRUE(
      must(coordinator.catalog->registrations.find(coordinator.tenant, id("Press-2"))).has_value());
  CHECK_TRUE(gateway.queue.empty());
}

TEST(GatewaySession, RaisesAnAlarmForAGatewayWhoseDiskWasRolledBack) {
  const auto enrollment = coordinator.enroll("Press-1");
  GatewaySide gateway(coordinator, "hall-3", "ulm", 1);
  CHECK_TRUE(gateway.connect().has_value());
  gateway.assign(enrollment, hub);
  gateway.exchange();

  store::ChangeSet back;
  back.tenant = store::kNode;
  store::Change earlier;
  earlier.table = Table::node;
  earlier.id = gateway::kOutboxIdentityId;
  earlier.body = sync::encode(domain::OutboxIdentity{gateway.numbers->incarnation(), 0});
  back.changes.push_back(earlier);
  must(store::commit_one(gateway.store, back));
  // Epoch 1 again: its first number was given before.
  gateway.boot();
  const auto second = coordinator.enroll("Press-2");
  gateway.assign(second, hub);
  const auto before = gateway.numbers->incarnation();
  // What was taken in lies above what this boot would have given, so the numbers go on elsewhere.
  domain::OutboxWatermark mark;
  mark.gateway_id = gateway.id;
  mark.incarnation = before;
  mark.sequence = gateway.numbers->last() + 5;
  store::ChangeSet ahead;
  ahead.tenant = store::kNode;
  store::Change put;
  put.table = Table::outbox_watermark;
  put.id = coordinator::watermark_id(gateway.id, before);
  put.body = sync::encode(mark);
  ahead.changes.push_back(put);
  must(store::commit_one(coordinator.store, ahead));

  CHECK_TRUE(gateway.connect().has_value());
  CHECK_TRUE(coordinator.has_alarm());
  CHECK_TRUE(gateway.numbers->incarnation() != before);
  CHECK_FALSE(
      must(coordinator.catalog->registrations.find(coordinator.tenant, id("Press-2"))).has_value());
  CHECK_TRUE(gateway.connect().has_value());
  CHECK_TRUE(
      must(coordinator.catalog->registrations.find(coordinator.tenant, id("Press-2"))).has_value());
  CHECK_TRUE(gateway.queue.empty());
}

TEST(GatewaySession, SettlesWhatTwoGatewaysAssignedWhileApart) {
  const auto other_hub = coordinator.link_hub("hub-b.example");
  const auto enrollment = coordinator.enroll("Press-1");
  GatewaySide first(coordinator, "hall-1", "ulm", 1);
  GatewaySide second(coordinator, "hall-2", "ulm", 2);
  CHECK_TRUE(first.connect().has_value());
  CHECK_TRUE(second.connect().has_value());
  first.disconnect();
  second.disconnect();

  // The first is asked first; its clock claims the opposite.
  first.clock_error = std::chrono::hours{2};
  first.assign(enrollment, hub);
  clock.advance(std::chrono::minutes{1});
  second.assign(enrollment, other_hub);
  clock.advance(std::chrono::minutes{1});
  CHECK_TRUE(second.connect().has_value());
  CHECK_TRUE(first.connect().has_value());
  second.exchange();

  const auto stands =
      must(coordinator.catalog->registrations.find(coordinator.tenant, id("Press-1")));
  STRCMP_EQUAL("hub-b.example", stands->record.assigned_hub.c_str());
  CHECK_TRUE(stands->record.superseded.has_value());
  STRCMP_EQUAL("hub-a.example", stands->record.superseded->assigned_hub.c_str());
  CHECK_FALSE(stands->record.arrival_clamped);
  // Both gateways hold what stands, and one was asked to clean up.
  STRCMP_EQUAL(
      "hub-b.example",
      first.read<domain::Registration>(Table::registration, "press-1")->assigned_hub.c_str());
  STRCMP_EQUAL(
      "hub-b.example",
      second.read<domain::Registration>(Table::registration, "press-1")->assigned_hub.c_str());
  LONGS_EQUAL(1, first.cleanups.size() + second.cleanups.size());
  CHECK_TRUE(first.cleanups.at(0).task.hub_id == hub.hub_id);
  CHECK_TRUE(
      must(coordinator.store.list(coordinator.tenant, Table::cleanup, "", 10)).records.empty());
}

TEST(GatewaySession, LeavesARegistrationAloneWhoseOutcomeIsOnTheWay) {
  const auto enrollment = coordinator.enroll("Press-1");
  GatewaySide gateway(coordinator, "hall-3", "ulm", 1);
  CHECK_TRUE(gateway.connect().has_value());
  gateway.session->request_look_back(coordinator.tenant, id("Press-1"));
  gateway.exchange();
  gateway.assign(enrollment, hub);
  sync::LookBackReply stale;
  stale.tenant = coordinator.tenant;
  stale.registration = {Table::registration, "press-1", 0, std::nullopt};
  gateway::Applier applier(gateway.id, *coordinator.crypto, *gateway.numbers);
  CHECK_TRUE(must(applier.look_back(gateway.store, stale)).changes.empty());
  gateway.exchange();
  CHECK_FALSE(must(applier.look_back(gateway.store, stale)).changes.empty());
}

TEST(GatewaySession, RenewsThePermitAtHalfItsLife) {
  GatewaySide gateway(coordinator, "hall-3", "ulm", 1);
  CHECK_TRUE(gateway.connect().has_value());
  const auto first = must(gateway.permits->facts(gateway.store, coordinator.tenant)).permit.value();
  for (auto hours = 0; hours < 24 * 4; ++hours) {
    for (auto i = 0; i < 3; ++i) gateway.pass(std::chrono::seconds{30});
    clock.set_wall(clock.wall() + std::chrono::hours{1});
  }
  CHECK_FALSE(gateway.closed.has_value());
  const auto later = must(gateway.permits->facts(gateway.store, coordinator.tenant)).permit.value();
  CHECK_TRUE(later.serial > first.serial);
  CHECK_TRUE(later.expiry > first.expiry);
}

TEST(GatewaySession, AnswersTheFenceWithTheHead) {
  GatewaySide gateway(coordinator, "hall-3", "ulm", 1);
  CHECK_TRUE(gateway.connect().has_value());
  coordinator.enroll("Press-9");
  const auto request = gateway.session->request_head(coordinator.tenant);
  gateway.exchange();
  LONGS_EQUAL(1, gateway.heads.size());
  UNSIGNED_LONGLONGS_EQUAL(request, gateway.heads[0].request_id);
  UNSIGNED_LONGLONGS_EQUAL(must(coordinator.store.head(coordinator.tenant)),
                           gateway.heads[0].sequence);
  CHECK_TRUE(gateway.session->received(coordinator.tenant) == gateway.heads[0].sequence);
}

TEST(GatewaySession, IssuesCertificatesForTheGatewayButNotForItself) {
  GatewaySide gateway(coordinator, "hall-3", "ulm", 1);
  CHECK_TRUE(gateway.connect().has_value());
  const auto key = must(coordinator.x509->generate_p256());
  const auto csr = must(coordinator.x509->make_csr("gw", key.private_key));
  using Purpose = sync::CertificateRequest::Purpose;
  gateway.session->request_certificate(Purpose::device_endpoint, csr, {"gw.local", "10.0.0.1"});
  gateway.session->request_certificate(Purpose::device_endpoint, csr, {"DPS.example"});
  gateway.session->request_certificate(Purpose::gateway, csr, {});
  gateway.exchange();
  LONGS_EQUAL(3, gateway.certificates.size());
  LONGS_EQUAL(2, gateway.certificates[0].chain.size());
  CHECK_TRUE(gateway.certificates[1].chain.empty());
  CHECK_TRUE(gateway.certificates[2].chain.empty());
}

TEST(GatewaySession, EndsForAGatewayThatIsDisabled) {
  GatewaySide gateway(coordinator, "hall-3", "ulm", 1);
  CHECK_TRUE(gateway.connect().has_value());
  must(coordinator.fleet.disable(gateway.id));
  coordinator.server->gateway_changed(gateway.id);
  gateway.exchange();
  CHECK_TRUE(gateway.closed.has_value());
  const auto again = gateway.connect();
  CHECK_FALSE(again.has_value());
  CHECK_TRUE(again.error().code == Errc::disabled);
}

TEST(GatewaySession, MayOnlyRenewWithAnExpiredCertificate) {
  coordinator.enroll("Press-1");
  GatewaySide gateway(coordinator, "hall-3", "ulm", 1);
  clock.advance(coordinator::kGatewayCertificateLifetime + std::chrono::hours{1});
  CHECK_TRUE(gateway.connect().has_value());
  LONGS_EQUAL(1, gateway.welcomes.size());
  CHECK_TRUE(gateway.welcomes[0].tenants.empty());
  LONGS_EQUAL(0, gateway.snapshots);
}

TEST(GatewaySession, ReplacesAnOlderConnectionOfTheSameGateway) {
  GatewaySide gateway(coordinator, "hall-3", "ulm", 1);
  CHECK_TRUE(gateway.connect().has_value());
  auto older = std::move(gateway.peer);
  CHECK_TRUE(gateway.connect().has_value());
  CHECK_TRUE(older->closed());
  CHECK_FALSE(gateway.peer->closed());
  older.reset();
  LONGS_EQUAL(1, coordinator.server->connected());
}

TEST(GatewaySession, GivesUpAndSaysNothingOfAFailingStore) {
  GatewaySide gateway(coordinator, "hall-3", "ulm", 1);
  CHECK_TRUE(gateway.connect().has_value());
  coordinator.store.fail_next(Errc::io);
  gateway.session->request_head(coordinator.tenant);
  gateway.exchange();
  CHECK_TRUE(gateway.closed.has_value());
  CHECK_TRUE(gateway.closed->code == Errc::unavailable);
}

// ---- Webhooks, called for a gateway that does not reach them (design 3.5) ----

TEST_GROUP(RelayedWebhook) {
  FakeClock clock;
  CoordinatorSide coordinator{clock};
  GatewaySide gateway{coordinator, "hall-3", "ulm", 1};

  domain::EnrollmentRef enroll(const std::string& registration,
                               std::vector<domain::SiteId> sites = {},
                               domain::AllocationPolicy policy = domain::AllocationPolicy::custom) {
    auto record = coordinator.enroll(registration, std::move(sites));
    record.provisioning.allocation_policy = policy;
    record.provisioning.custom_allocation =
        domain::CustomAllocation{"https://alloc.example/" + registration, "2021-10-01"};
    const auto stored = must(
        coordinator.catalog->enrollments.individual(coordinator.tenant, record.registration_id));
    must(coordinator.catalog->enrollments.put(coordinator.tenant, record, stored->version));
    return {false, registration, 0};
  }
  // The reply that came at once, or none.
  std::vector<sync::WebhookReply> ask(const domain::EnrollmentRef& enrollment,
                                      const std::string& body = "{}") {
    const std::size_t before = gateway.webhook_replies.size();
    gateway.session->request_webhook(coordinator.tenant, enrollment, body);
    gateway.exchange();
    return {gateway.webhook_replies.begin() + static_cast<std::ptrdiff_t>(before),
            gateway.webhook_replies.end()};
  }
};

TEST(RelayedWebhook, IsTheOneOfTheCoordinatorsOwnRecord) {
  const auto enrollment = enroll("press-1");
  CHECK_TRUE(gateway.connect().has_value());
  CHECK_TRUE(ask({false, "PRESS-1", 99}, R"({"x":1})").empty());
  LONGS_EQUAL(1, coordinator.webhook_calls.size());
  STRCMP_EQUAL("https://alloc.example/press-1", coordinator.webhook_calls[0].url.c_str());
  STRCMP_EQUAL(R"({"x":1})", coordinator.webhook_calls[0].body.c_str());

  sync::WebhookReply answer;
  answer.status = 503;
  answer.body = "later";
  coordinator.webhook_calls[0].done(answer);
  gateway.exchange();
  LONGS_EQUAL(1, gateway.webhook_replies.size());
  LONGS_EQUAL(503, gateway.webhook_replies[0].status);
  STRCMP_EQUAL("later", gateway.webhook_replies[0].body.c_str());
}

TEST(RelayedWebhook, IsNotCalledForWhatTheGatewayDoesNotServe) {
  enroll("at-graz", {domain::SiteId("graz")});
  enroll("hashed", {}, domain::AllocationPolicy::hashed);
  CHECK_TRUE(gateway.connect().has_value());
  for (const char* id : {"nobody", "at-graz", "hashed"}) {
    const auto replies = ask({false, id, 1});
    LONGS_EQUAL(1, replies.size());
    LONGS_EQUAL(0, replies[0].status);
    CHECK_FALSE(replies[0].reason.empty());
  }
  LONGS_EQUAL(1, ask({true, "at-graz", 1}).size());
  LONGS_EQUAL(0, coordinator.webhook_calls.size());
}

TEST(RelayedWebhook, AnswersNoLaterSessionThanTheOneThatAsked) {
  const auto enrollment = enroll("press-1");
  CHECK_TRUE(gateway.connect().has_value());
  CHECK_TRUE(ask(enrollment).empty());
  gateway.disconnect();
  coordinator.webhook_calls[0].done(sync::WebhookReply{0, 200, "{}", ""});
  CHECK_TRUE(gateway.connect().has_value());
  coordinator.webhook_calls[0].done(sync::WebhookReply{0, 200, "{}", ""});
  gateway.exchange();
  LONGS_EQUAL(0, gateway.webhook_replies.size());
}

TEST(RelayedWebhook, HasALimitOfCallsUnderWay) {
  const auto enrollment = enroll("press-1");
  CHECK_TRUE(gateway.connect().has_value());
  for (std::size_t i = 0; i < coordinator::kMaxWebhookCalls; ++i) {
    CHECK_TRUE(ask(enrollment).empty());
  }
  LONGS_EQUAL(1, ask(enrollment).size());
  coordinator.webhook_calls[0].done(sync::WebhookReply{0, 200, "{}", ""});
  gateway.exchange();
  CHECK_TRUE(ask(enrollment).empty());
  LONGS_EQUAL(coordinator::kMaxWebhookCalls + 1, coordinator.webhook_calls.size());
}
