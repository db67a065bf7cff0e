// Both sides' audit logs over a whole sync session (docs/formats/audit.md).
#include "coordinator/sync/audit_intake.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <CppUTest/TestHarness.h>

#include "tests/support/gateway_side.hpp"

using namespace berth;
using namespace berth::testing;

TEST_GROUP(AuditIntake) {
  FakeClock clock;
  CoordinatorSide coordinator{clock};
  GatewaySide gateway{coordinator, "gw-1", "plant-1", 21};

  // The texts of a chain's entries at the coordinator, after the chain was found whole.
  std::vector<std::string> proven(const std::string& chain) {
    std::vector<std::string> texts;
    const auto state = must(store::read_chain(coordinator.store, chain));
    if (!state) return texts;
    domain::ChainVerifier verifier(chain, {}, *coordinator.crypto);
    for (auto number = state->first_segment; number < state->next_segment; ++number) {
      const auto segment = must(store::read_segment(coordinator.store, chain, number));
      for (const auto& entry : segment.entries) {
        CHECK_TRUE(verifier.take(entry).has_value());
        texts.push_back(entry.note.fields.front().value);
      }
    }
    CHECK_TRUE(verifier.position() == state->head);
    return texts;
  }
  std::vector<std::string> of_gateway() {
    return proven(gateway.id.str());
  }
  domain::AuditChainState at_gateway() {
    return must(store::read_chain(gateway.store, gateway.id.str()))
        .value_or(domain::AuditChainState{});
  }
  // How far each signer has signed a chain.
  std::vector<std::pair<std::string, std::uint64_t>> seals(const store::Reader& reader,
                                                           const std::string& chain) {
    std::vector<std::pair<std::string, std::uint64_t>> found;
    for (const auto& seal : must(store::list_seals(reader))) {
      if (seal.chain != chain) continue;
      CHECK_TRUE(domain::check_seal(seal, coordinator.ca.parsed_certificate(), *coordinator.crypto)
                     .has_value());
      found.emplace_back(seal.signer, seal.position.sequence);
    }
    std::sort(found.begin(), found.end());
    return found;
  }
  // A seal as a gateway makes one whose key somebody else has.
  domain::AuditSeal signed_by_gateway(const std::string& chain, std::uint64_t sequence) {
    domain::AuditSeal seal;
    seal.chain = chain;
    seal.position.sequence = sequence;
    seal.signer = gateway.id.str();
    seal.signed_at = clock.wall();
    seal.certificate = gateway.certificate;
    seal.signature =
        must(coordinator.crypto->sign_p256(gateway.private_key, domain::seal_statement(seal)));
    return seal;
  }
  void note_at_coordinator(const std::string& text) {
    store::ChangeSet set;
    set.tenant = store::kNode;
    domain::AuditNote note;
    note.kind = "change";
    note.add("text", text);
    set.notes.push_back(std::move(note));
    must(store::commit_one(coordinator.audited, std::move(set)));
  }
};

TEST(AuditIntake, KeepsWhatGatewaysDecidedAndLetsThemForget) {
  gateway.decide("a");
  gateway.decide("b");
  must(gateway.connect());
  CHECK_TRUE(of_gateway() == (std::vector<std::string>{"a", "b"}));
  CHECK_EQUAL(3, at_gateway().first_segment);
  CHECK_EQUAL(2, at_gateway().head.sequence);
  gateway.decide("c");
  gateway.exchange();
  CHECK_TRUE(of_gateway() == (std::vector<std::string>{"a", "b", "c"}));
}

TEST(AuditIntake, TakesInWhatWasDecidedWhileTheLinkWasDown) {
  must(gateway.connect());
  gateway.disconnect();
  for (int i = 0; i < 200; ++i) gateway.decide(std::to_string(i));
  must(gateway.connect());
  CHECK_EQUAL(200, of_gateway().size());
  CHECK_TRUE(gateway.audit_acks.size() >= 4);
}

TEST(AuditIntake, TakesASegmentOnceThatIsSentTwice) {
  gateway.decide("a");
  must(gateway.connect());
  const auto record = must(coordinator.store.read(store::kNode, store::Table::audit_segment,
                                                  store::segment_id(gateway.id.str(), 1)));
  gateway.session->send_audit(sync::AuditSegments{gateway.id.str(), {{1, record->body}}});
  gateway.exchange();
  CHECK_FALSE(gateway.audit_acks.back().diverged);
  CHECK_EQUAL(1, of_gateway().size());
  CHECK_FALSE(coordinator.has_alarm());
}

TEST(AuditIntake, HasBothSidesSignTheGatewaysHead) {
  gateway.decide("a");
  must(gateway.connect());
  const std::vector<std::pair<std::string, std::uint64_t>> both{{coordinator.id.str(), 1},
                                                                {gateway.id.str(), 1}};
  auto sorted = both;
  std::sort(sorted.begin(), sorted.end());
  CHECK_TRUE(seals(coordinator.store, gateway.id.str()) == sorted);
  CHECK_TRUE(seals(gateway.store, gateway.id.str()) ==
             (std::vector<std::pair<std::string, std::uint64_t>>{{coordinator.id.str(), 1}}));
}

TEST(AuditIntake, HasGatewaysCountersignItsOwnHead) {
  note_at_coordinator("a");
  must(gateway.connect());
  gateway.pass(std::chrono::seconds(1));
  CHECK_TRUE(seals(coordinator.store, coordinator.id.str()) ==
             (std::vector<std::pair<std::string, std::uint64_t>>{{gateway.id.str(), 1}}));
  note_at_coordinator("b");
  for (int i = 0; i < 4; ++i) gateway.pass(std::chrono::seconds(20));
  CHECK_TRUE(seals(coordinator.store, coordinator.id.str()) ==
             (std::vector<std::pair<std::string, std::uint64_t>>{{gateway.id.str(), 2}}));
}

TEST(AuditIntake, RaisesAnAlarmOverAGatewayWhoseLogWasRolledBackAndGoesOnWithAnother) {
  gateway.decide("a");
  MemoryStore before{"gateway"};
  must(before.create_tenant(store::kNode));
  const auto chain =
      must(gateway.store.read(store::kNode, store::Table::audit_chain, gateway.id.str()));
  const auto segment = must(gateway.store.read(store::kNode, store::Table::audit_segment,
                                               store::segment_id(gateway.id.str(), 1)));
  must(gateway.connect());
  gateway.decide("b");
  gateway.exchange();
  gateway.disconnect();
  // The disk is as it was before "b", and goes another way.
  store::ChangeSet back;
  back.tenant = store::kNode;
  store::Change old_chain;
  old_chain.table = store::Table::audit_chain;
  old_chain.id = gateway.id.str();
  old_chain.body = chain->body;
  back.changes.push_back(old_chain);
  back.changes.push_back(store::put_segment(gateway.id.str(), 1, segment->body));
  must(store::commit_one(gateway.store, std::move(back)));
  gateway.decide("c");
  must(gateway.connect());
  CHECK_TRUE(coordinator.has_alarm());
  CHECK_TRUE(of_gateway() == (std::vector<std::string>{"a", "b"}));
  CHECK_TRUE(proven(gateway.id.str() + "~2") == (std::vector<std::string>{gateway.id.str(), "c"}));
  gateway.decide("d");
  gateway.exchange();
  CHECK_EQUAL(3, proven(gateway.id.str() + "~2").size());
}

TEST(AuditIntake, RefusesALogThatDoesNotHangTogether) {
  gateway.decide("a");
  must(gateway.connect());
  domain::AuditPosition elsewhere;
  elsewhere.sequence = 1;
  elsewhere.hash.fill(7);
  domain::AuditNote note;
  note.kind = "assigned";
  const auto forged = domain::append_entry(elsewhere, gateway.id.str(), note, {}, clock.wall(),
                                           *coordinator.crypto);
  gateway.session->send_audit(
      sync::AuditSegments{gateway.id.str(), {{2, domain::encode_segment({{forged}})}}});
  gateway.exchange();
  CHECK_TRUE(coordinator.has_alarm());
  CHECK_EQUAL(1, of_gateway().size());
}

TEST(AuditIntake, TakesNoLogOfAnotherNode) {
  must(gateway.connect());
  domain::AuditPosition head;
  domain::AuditNote note;
  const auto entry =
      domain::append_entry(head, coordinator.id.str(), note, {}, clock.wall(), *coordinator.crypto);
  gateway.session->send_audit(
      sync::AuditSegments{coordinator.id.str(), {{1, domain::encode_segment({{entry}})}}});
  gateway.exchange();
  CHECK_FALSE(must(store::read_chain(coordinator.store, coordinator.id.str())).has_value());
  CHECK_TRUE(gateway.closed.has_value());
}

TEST(AuditIntake, SaysWhatIsMissingWhereItsOwnStoreLostWhatTheGatewayForgot) {
  gateway.decide("a");
  must(gateway.connect());
  gateway.disconnect();
  store::ChangeSet lost;
  lost.tenant = store::kNode;
  for (const auto& [table, id] :
       {std::pair(store::Table::audit_chain, gateway.id.str()),
        std::pair(store::Table::audit_segment, store::segment_id(gateway.id.str(), 1))}) {
    store::Change change;
    change.kind = store::Change::Kind::erase;
    change.table = table;
    change.id = id;
    lost.changes.push_back(change);
  }
  must(store::commit_one(coordinator.store, std::move(lost)));
  gateway.decide("b");
  must(gateway.connect());
  CHECK_TRUE(coordinator.has_alarm());
  CHECK_EQUAL(2, must(store::read_chain(coordinator.store, gateway.id.str()))->head.sequence);
  CHECK_EQUAL(3, at_gateway().first_segment);
}

TEST(AuditIntake, WritesItsAlarmsIntoItsOwnLog) {
  must(gateway.connect());
  domain::AuditSeal seal;
  seal.chain = gateway.id.str();
  seal.signer = gateway.id.str();
  seal.certificate = gateway.certificate;
  seal.signature = Bytes{0x30};
  gateway.session->send_audit(sync::AuditSealed{seal});
  gateway.exchange();
  CHECK_TRUE(coordinator.has_alarm());
  CHECK_EQUAL(1, proven(coordinator.id.str()).size());
}

// Somebody who has a gateway's key must not fill the log, which is kept for good.
TEST(AuditIntake, TellsSoManyAlarmsOfAGatewayAndCountsTheOthers) {
  must(gateway.connect());
  domain::AuditSeal seal;
  seal.chain = gateway.id.str();
  seal.signer = gateway.id.str();
  seal.certificate = gateway.certificate;
  seal.signature = Bytes{0x30};
  for (std::size_t i = 0; i < berth::coordinator::kAlarmBurst + 200; ++i) {
    gateway.session->send_audit(sync::AuditSealed{seal});
    gateway.exchange();
  }
  CHECK_EQUAL(berth::coordinator::kAlarmBurst, proven(coordinator.id.str()).size());
  const auto reported = [this] {
    return std::ranges::count_if(coordinator.events,
                                 [](const auto& event) { return event.is_alarm; });
  };
  const auto before = reported();
  LONGS_EQUAL(berth::coordinator::kAlarmBurst, before);
  gateway.pass(berth::coordinator::kAlarmSummaryInterval);
  CHECK_EQUAL(berth::coordinator::kAlarmBurst + 1, proven(coordinator.id.str()).size());
  LONGS_EQUAL(before + 1, reported());
  CHECK_TRUE(std::ranges::any_of(coordinator.events, [](const auto& event) {
    return event.is_alarm && event.text.starts_with("200 more alarms");
  }));
}

TEST(AuditIntake, BeginsAnotherLogWhereAGatewaySawMoreOfItsOwn) {
  note_at_coordinator("a");
  note_at_coordinator("b");
  must(gateway.connect());
  gateway.pass(std::chrono::seconds(1));
  gateway.disconnect();
  // A back-up from after "a".
  domain::AuditChainState state = *must(store::read_chain(coordinator.store, coordinator.id.str()));
  const auto first = must(store::read_segment(coordinator.store, coordinator.id.str(), 1));
  domain::ChainVerifier verifier(coordinator.id.str(), {}, *coordinator.crypto);
  for (const auto& entry : first.entries) must(verifier.take(entry));
  state.head = verifier.position();
  state.next_segment = 2;
  store::ChangeSet back;
  back.tenant = store::kNode;
  back.changes.push_back(store::put_chain(coordinator.id.str(), state));
  store::Change gone;
  gone.kind = store::Change::Kind::erase;
  gone.table = store::Table::audit_segment;
  gone.id = store::segment_id(coordinator.id.str(), 2);
  back.changes.push_back(gone);
  must(store::commit_one(coordinator.store, std::move(back)));
  coordinator.start();
  must(gateway.connect());
  gateway.pass(std::chrono::seconds(1));
  CHECK_EQUAL(1, gateway.alarms.size());
  CHECK_TRUE(coordinator.has_alarm());
  CHECK_TRUE(proven(coordinator.id.str() + "~2").size() >= 1);
}

TEST(AuditIntake, BeginsNoOtherLogOnTheWordOfOneGateway) {
  note_at_coordinator("a");
  must(gateway.connect());
  gateway.pass(std::chrono::seconds(1));
  const std::string own = coordinator.id.str();
  // Real, but of another position.
  const auto kept = must(gateway.store.read(store::kNode, store::Table::audit_seal, "seen~seal"));
  const domain::AuditSeal genuine = must(domain::decode_seal(kept->body));
  const auto begun = [&] { return must(store::list_chains(coordinator.store)).size(); };
  const std::size_t chains = begun();
  for (const std::string& chain : {own, own + "~2", own + "~99"}) {
    const domain::AuditSeal word = signed_by_gateway(chain, 1'000'000);
    domain::AuditSeal forged = word;
    forged.signer = own;
    domain::AuditSeal bare = forged;
    bare.certificate.clear();
    gateway.session->send_audit(sync::AuditSealed{word});
    for (const domain::AuditSeal& under : {genuine, word, forged, bare}) {
      gateway.session->send_audit(sync::AuditSealed{word, under});
    }
    gateway.exchange();
    CHECK_FALSE(gateway.closed.has_value());
    CHECK_EQUAL(chains, begun());
    for (const auto& [signer, sequence] : seals(coordinator.store, chain)) {
      CHECK_TRUE(sequence < 1'000'000);
    }
  }
  CHECK_TRUE(coordinator.has_alarm());
}

TEST(AuditIntake, TellsOfEveryOutcomeOnce) {
  const auto hub = coordinator.link_hub("hub-a.example");
  const auto enrollment = coordinator.enroll("press-1");
  must(gateway.connect());
  domain::OutboxEntry entry;
  entry.id_scope = coordinator.tenant;
  entry.registration.registration_id = enrollment.registration_id;
  entry.registration.status = domain::RegistrationStatus::assigned;
  entry.registration.hub_id = hub.hub_id;
  entry.registration.assigned_hub = hub.host_name;
  entry.registration.enrollment = {false, enrollment.registration_id.str(), 1};
  entry.registration.gateway_id = gateway.id;
  entry.registration.arrival = clock.wall();
  entry.arrival_moment = gateway.now();
  entry.tracking_id = "2f6b8e0c";
  gateway.journal(entry);
  gateway.exchange();
  CHECK_TRUE(coordinator.outcomes == (std::vector<std::string>{"2f6b8e0c"}));
}
