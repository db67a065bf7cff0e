// Registrations of devices that attest by TPM, through the engine (device API 4.2).
#include <string>

#include "gateway/core/registration/engine.hpp"
#include "tests/support/software_tpm.hpp"
#include "tests/unit/gateway/core/registration/engine_bench.hpp"

using namespace berth;
using namespace berth::gateway;
using namespace berth::testing;
using domain::RegistrationStatus;

TEST_GROUP(EngineTpm) {
  EngineBench bench;
  SoftwareTpm tpm;

  void setup() override {
    enroll(tpm);
    // What is asked of the coordinator is another suite's.
    bench.link.up = false;
  }

  void enroll(const SoftwareTpm& chip) {
    domain::IndividualEnrollment record = individual("dev-1");
    record.attestation = domain::TpmAttestation{chip.endorsement_key(), {}};
    bench.cache.put(record);
  }

  static protocol::TpmKeys keys_of(const SoftwareTpm& chip) {
    return {chip.endorsement_key(), chip.storage_root_key()};
  }
  // A first register: keys and no token.
  RequestToken ask(const protocol::TpmKeys& shown,
                   domain::DeviceProtocol protocol = domain::DeviceProtocol::https) {
    RegisterRequest request{0, bench.claim("dev-1"), {}};
    request.claim.sas_token = {};
    request.claim.protocol = protocol;
    request.body.tpm = shown;
    return bench.submit(std::move(request));
  }
  Bytes challenge(RequestToken token) {
    const auto reply = bench.reply_to(token);
    CHECK_TRUE(reply.has_value());
    const auto* given = std::get_if<ChallengeReply>(&reply->content);
    CHECK_TRUE(given != nullptr);
    return given->authentication_key;
  }
  // What the device signs its tokens with.
  SecretBytes activated(const SoftwareTpm& chip) {
    const auto unwrapped = chip.unwrap(challenge(ask(keys_of(chip))));
    CHECK_TRUE(unwrapped.has_value());
    return *unwrapped;
  }
  RequestToken answer(const SecretBytes& signing_key,
                      const std::optional<protocol::TpmKeys>& shown) {
    RegisterRequest request{0, bench.claim("dev-1", signing_key), {}};
    request.body.tpm = shown;
    return bench.submit(std::move(request));
  }
  OperationReply poll(const std::string& operation, const SecretBytes& signing_key) {
    return bench.operation_reply(
        bench.submit(PollRequest{0, bench.claim("dev-1", signing_key), operation}));
  }
  static SecretBytes primary_of(const domain::DeviceCredential& credential) {
    const auto* keys = std::get_if<domain::SymmetricKeyCredential>(&credential);
    CHECK_TRUE(keys != nullptr);
    return keys->primary;
  }
  // The operation's ID, and the key that the hub was given.
  std::pair<std::string, SecretBytes> provision(const SecretBytes& signing_key) {
    const auto token = answer(signing_key, keys_of(tpm));
    bench.journal_intent();
    const ApplyToHub applied = bench.hub_takes_it();
    bench.journal_outcome();
    return {bench.operation_reply(token).status.operation_id,
            primary_of(applied.identity.credential)};
  }
};

TEST(EngineTpm, ChallengesTheChipProvisionsItAndGivesItTheHubsKey) {
  const SecretBytes signing_key = activated(tpm);
  const auto [operation, hub_key] = provision(signing_key);
  const OperationReply done = poll(operation, signing_key);
  CHECK_TRUE(done.status.status == RegistrationStatus::assigned);
  CHECK_TRUE(done.status.result->registration.attestation == domain::AttestationType::tpm);
  const auto given = tpm.unwrap(done.status.result->tpm_authentication_key);
  CHECK_TRUE(given.has_value());
  CHECK_TRUE(*given == hub_key);
  CHECK_FALSE(hub_key == signing_key);
}

TEST(EngineTpm, JournalsNothingBeforeTheAnswer) {
  challenge(ask(keys_of(tpm)));
  CHECK_FALSE(bench.wants<JournalIntent>());
  CHECK_FALSE(bench.wants<RecordAttempt>());
  LONGS_EQUAL(0, bench.engine().operations());
}

TEST(EngineTpm, PollsShowNoKeysAndNoBlobBeforeTheEnd) {
  const SecretBytes signing_key = activated(tpm);
  const auto token = answer(signing_key, keys_of(tpm));
  bench.journal_intent();
  const std::string operation = bench.operation_reply(token).status.operation_id;
  const OperationReply reply = poll(operation, signing_key);
  CHECK_TRUE(reply.status.status == RegistrationStatus::assigning);
  CHECK_TRUE(reply.status.result->tpm_authentication_key.empty());
}

// Device API 4.2, step 4: iotedge's identityd.
TEST(EngineTpm, TakesAnAnswerWithoutTheKeys) {
  const SecretBytes signing_key = activated(tpm);
  answer(signing_key, std::nullopt);
  CHECK_TRUE(bench.wants<JournalIntent>());
}

// Device API 4.2, step 4: who answers need not show the keys again, and the webhook is shown them.
TEST(EngineTpm, ShowsTheWebhookTheKeysThatWereChallenged) {
  domain::IndividualEnrollment record = individual("dev-1");
  record.attestation = domain::TpmAttestation{tpm.endorsement_key(), {}};
  record.provisioning.allocation_policy = domain::AllocationPolicy::custom;
  record.provisioning.custom_allocation =
      domain::CustomAllocation{"https://alloc.test/hub", "2021-10-01"};
  bench.cache.put(record);
  answer(activated(tpm), std::nullopt);
  bench.journal_intent();
  const auto asked = bench.take_one<AskAllocation>();
  CHECK_TRUE(asked.request.endorsement_key == tpm.endorsement_key());
  CHECK_TRUE(asked.request.storage_root_key == tpm.storage_root_key());
}

TEST(EngineTpm, TheKeyIsInTheIntentAndAReplayGivesTheSame) {
  SecretBytes signing_key = activated(tpm);
  const auto token = answer(signing_key, keys_of(tpm));
  const JournalIntent journaled = bench.journal_intent();
  CHECK_TRUE(journaled.intent.attestation == domain::AttestationType::tpm);
  const std::string operation = bench.operation_reply(token).status.operation_id;

  bench.restart(bench.journaled());
  bench.pass_to_wake();
  const ApplyToHub applied = bench.hub_takes_it();
  CHECK_TRUE(primary_of(applied.identity.credential) == primary_of(journaled.intent.credential));
  bench.journal_outcome();
  // Challenges end with the process; the device is challenged again, and finds its operation.
  const auto stale = bench.submit(PollRequest{0, bench.claim("dev-1", signing_key), operation});
  bench.check_refused(stale, Errc::unauthorized);
  signing_key = activated(tpm);
  const OperationReply done = poll(operation, signing_key);
  CHECK_TRUE(tpm.unwrap(done.status.result->tpm_authentication_key) ==
             primary_of(journaled.intent.credential));
}

TEST(EngineTpm, AClearedChipKeepsItsIdentity) {
  const SecretBytes before = activated(tpm);
  const auto token = answer(before, keys_of(tpm));
  bench.journal_intent();
  const std::string operation = bench.operation_reply(token).status.operation_id;
  tpm.clear();
  const SecretBytes after = activated(tpm);
  const auto joined = answer(after, keys_of(tpm));
  STRCMP_EQUAL(operation.c_str(), bench.operation_reply(joined).status.operation_id.c_str());
  const ApplyToHub applied = bench.hub_takes_it();
  bench.journal_outcome();
  const OperationReply done = poll(operation, after);
  CHECK_TRUE(tpm.unwrap(done.status.result->tpm_authentication_key) ==
             primary_of(applied.identity.credential));
}

TEST(EngineTpm, ALaterRegistrationGivesANewKey) {
  const auto first = provision(activated(tpm));
  const auto second = provision(activated(tpm));
  CHECK_FALSE(first.second == second.second);
}

TEST(EngineTpm, AForgottenOperationHasNoKeyToGiveAndSaysSo) {
  const SecretBytes signing_key = activated(tpm);
  const auto [operation, hub_key] = provision(signing_key);
  for (auto passed = kOperationRetention; passed > std::chrono::minutes{0};
       passed -= std::chrono::minutes{5}) {
    poll(operation, signing_key);
    bench.pass(std::chrono::minutes{5});
  }
  bench.check_refused(bench.submit(PollRequest{0, bench.claim("dev-1", signing_key), operation}),
                      Errc::not_found);
}

TEST(EngineTpm, AStatusLookUpCarriesNoKey) {
  const SecretBytes signing_key = activated(tpm);
  provision(signing_key);
  const auto token = bench.submit(StatusRequest{0, bench.claim("dev-1", signing_key), {}});
  const auto reply = bench.reply_to(token);
  const auto* registration = std::get_if<RegistrationReply>(&reply->content);
  CHECK_TRUE(registration != nullptr);
  CHECK_TRUE(registration->result.tpm_authentication_key.empty());
}

// ---- Who is refused ----

TEST(EngineTpm, RefusesAnotherChip) {
  const SoftwareTpm other(1);
  bench.check_refused(ask(keys_of(other)), Errc::unauthorized);
  STRCMP_CONTAINS("is not the enrolled one", bench.take_one<Log>().text.c_str());
}

TEST(EngineTpm, TellsAChipThatNobodyEnrolled) {
  bench.cache.individuals.clear();
  const auto token = ask(keys_of(tpm));
  bench.check_refused(token, Errc::not_found);
  LONGS_EQUAL(404201, protocol::device_error(bench.refusal(token).code).error_code);
}

TEST(EngineTpm, RefusesAnAnswerSignedWithAnotherKey) {
  challenge(ask(keys_of(tpm)));
  bench.check_refused(answer(key(66), keys_of(tpm)), Errc::unauthorized);
  STRCMP_CONTAINS("answers no challenge", bench.take_one<Log>().text.c_str());
  CHECK_FALSE(bench.wants<JournalIntent>());
}

TEST(EngineTpm, RefusesAnAnswerToAChallengeThatExpired) {
  const SecretBytes signing_key = activated(tpm);
  bench.clock.advance(2 * kTpmChallengeLifetime);
  bench.check_refused(answer(signing_key, keys_of(tpm)), Errc::unauthorized);
}

TEST(EngineTpm, RefusesAnAnswerBesideAnAlteredStorageRootKey) {
  const SecretBytes signing_key = activated(tpm);
  SoftwareTpm other(1);
  bench.check_refused(
      answer(signing_key, protocol::TpmKeys{tpm.endorsement_key(), other.storage_root_key()}),
      Errc::unauthorized);
}

TEST(EngineTpm, RefusesMalformedPublicAreas) {
  protocol::TpmKeys shown = keys_of(tpm);
  shown.storage_root_key.pop_back();
  bench.check_refused(ask(shown), Errc::malformed);
  STRCMP_CONTAINS("storage root key is no TPM2B_PUBLIC", bench.take_one<Log>().text.c_str());
  shown.storage_root_key.clear();
  bench.check_refused(ask(shown), Errc::invalid);
}

TEST(EngineTpm, RefusesAnEccChipClearly) {
  protocol::TpmKeys shown = keys_of(tpm);
  shown.endorsement_key[3] = 0x23;
  domain::IndividualEnrollment record = individual("dev-1");
  record.attestation = domain::TpmAttestation{shown.endorsement_key, {}};
  bench.cache.put(record);
  bench.check_refused(ask(shown), Errc::unsupported);
  STRCMP_CONTAINS("is an ECC key", bench.take_one<Log>().text.c_str());
}

// Device API 4.1.
TEST(EngineTpm, ChallengesOnlyWhereThereIsAWayBack) {
  using domain::DeviceProtocol;
  for (const auto protocol :
       {DeviceProtocol::https, DeviceProtocol::amqp, DeviceProtocol::amqp_ws}) {
    CHECK_TRUE(tpm.unwrap(challenge(ask(keys_of(tpm), protocol))).has_value());
  }
  for (const auto protocol :
       {DeviceProtocol::mqtt, DeviceProtocol::mqtt_ws, DeviceProtocol::coap}) {
    bench.check_refused(ask(keys_of(tpm), protocol), Errc::unsupported);
  }
}

TEST(EngineTpm, SomebodyWhoKnowsTheEndorsementKeyLocksNobodyOut) {
  const SecretBytes signing_key = activated(tpm);
  // Attackers with storage root keys of their own; what is in them does not matter.
  for (int i = 0; i < 20; ++i) {
    protocol::TpmKeys shown = keys_of(tpm);
    shown.storage_root_key[100] ^= static_cast<std::uint8_t>(i + 1);
    RegisterRequest request{0, bench.claim("dev-1"), {}};
    request.claim.sas_token = {};
    request.claim.source = "198.51.100." + std::to_string(i);
    request.body.tpm = shown;
    challenge(bench.submit(std::move(request)));
  }
  answer(signing_key, keys_of(tpm));
  CHECK_TRUE(bench.wants<JournalIntent>());
}

TEST(EngineTpm, WaitsForAFenceBeforeItRefusesAChip) {
  bench.cache.individuals.clear();
  bench.link.up = true;
  const auto token = ask(keys_of(tpm));
  CHECK_FALSE(bench.reply_to(token).has_value());
  enroll(tpm);
  bench.answer_fence();
  CHECK_TRUE(tpm.unwrap(challenge(token)).has_value());
}

// --- groups of TPMs (docs/attestation/tpm.md) ---

TEST_GROUP(EngineTpmGroup) {
  EngineBench bench;
  SoftwareTpm tpm;
  std::string id;

  void setup() override {
    bench.link.up = false;
    const auto hash = bench.crypto.sha256(tpm.endorsement_key());
    id = to_base32(hash);
    domain::EnrollmentGroup group;
    group.group_id = *domain::EnrollmentGroupId::parse("fleet");
    group.attestation = domain::TpmGroupAttestation{};
    bench.cache.put(group);
    domain::AdmittedTpm listed;
    listed.endorsement_key_sha256 = to_bytes(hash);
    listed.group_id = group.group_id;
    bench.cache.admitted_tpms[to_hex(hash)] = listed;
  }
  RequestToken ask(const std::string& registration_id) {
    RegisterRequest request{0, bench.claim(registration_id), {}};
    request.claim.sas_token = {};
    request.body.tpm = protocol::TpmKeys{tpm.endorsement_key(), tpm.storage_root_key()};
    return bench.submit(std::move(request));
  }
  SecretBytes challenged() {
    const auto reply = bench.reply_to(ask(id));
    CHECK_TRUE(reply.has_value());
    const auto* given = std::get_if<ChallengeReply>(&reply->content);
    CHECK_TRUE(given != nullptr);
    return tpm.unwrap(given->authentication_key).value();
  }
};

TEST(EngineTpmGroup, AListedChipGetsItsHubAndTheHubsKey) {
  const SecretBytes signing_key = challenged();
  RegisterRequest request{0, bench.claim(id, signing_key), {}};
  request.body.tpm = protocol::TpmKeys{tpm.endorsement_key(), tpm.storage_root_key()};
  const auto token = bench.submit(std::move(request));
  const JournalIntent journaled = bench.journal_intent();
  CHECK_TRUE(journaled.intent.enrollment == (domain::EnrollmentRef{true, "fleet", 1}));
  CHECK_TRUE(journaled.intent.device_id == domain::DeviceId(id));
  const ApplyToHub applied = bench.hub_takes_it();
  bench.journal_outcome();
  // Polls show no keys.
  const OperationReply done = bench.operation_reply(bench.submit(PollRequest{
      0, bench.claim(id, signing_key), bench.operation_reply(token).status.operation_id}));
  CHECK_TRUE(done.status.status == RegistrationStatus::assigned);
  const auto* keys = std::get_if<domain::SymmetricKeyCredential>(&applied.identity.credential);
  CHECK_TRUE(keys != nullptr);
  CHECK_TRUE(tpm.unwrap(done.status.result->tpm_authentication_key) == keys->primary);
}

TEST(EngineTpmGroup, AChipThatWasTakenOffTheListIsRefused) {
  const SecretBytes signing_key = challenged();
  bench.cache.admitted_tpms.clear();
  RegisterRequest request{0, bench.claim(id, signing_key), {}};
  bench.check_refused(bench.submit(std::move(request)), Errc::not_found);
}

// Who knows a listed endorsement key, which is no secret, has no attempts of made-up IDs recorded.
TEST(EngineTpmGroup, AListedChipUnderAnotherIdLeavesNoRecord) {
  bench.check_refused(ask("made-up-1"), Errc::unauthorized);
  CHECK_FALSE(bench.wants<RecordAttempt>());
  bench.cache.groups.begin()->second.record.provisioning.status =
      domain::ProvisioningStatus::disabled;
  bench.check_refused(ask("made-up-2"), Errc::unauthorized);
  CHECK_FALSE(bench.wants<RecordAttempt>());
  bench.check_refused(ask(id), Errc::disabled);
  CHECK_TRUE(bench.wants<RecordAttempt>());
}
