#include "gateway/core/registration/engine.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

#include "shared/base/encoding.hpp"
#include "tests/unit/gateway/core/registration/engine_bench.hpp"

using namespace berth;
using namespace berth::gateway;
using namespace berth::testing;
using domain::RegistrationStatus;
using domain::RegistrationSubstatus;

namespace {

// The hub that hashing gives to a device.
domain::LinkedHub hub_of(EngineBench& bench, const std::string& id) {
  EngineBench other;
  other.cache.linked = bench.cache.linked;
  other.cache.put(individual(id));
  other.register_device(id);
  other.answer_look_back();
  const domain::HubId chosen = other.take_one<JournalIntent>().intent.hub_id;
  for (const domain::LinkedHub& linked : bench.cache.linked) {
    if (linked.hub_id == chosen) return linked;
  }
  FAIL("no such hub");
  return {};
}

domain::LinkedHub not_the(EngineBench& bench, const domain::LinkedHub& hub) {
  return bench.cache.linked[0].hub_id == hub.hub_id ? bench.cache.linked[1] : bench.cache.linked[0];
}

// A device that has its place in the hub that hashing would not give it.
void place_elsewhere(EngineBench& bench, const std::string& id, domain::ReprovisionPolicy policy) {
  domain::IndividualEnrollment record = individual(id);
  record.provisioning.reprovision_policy = policy;
  bench.cache.put(record);
  bench.cache.put(assigned(id, not_the(bench, hub_of(bench, id))));
}

domain::EnrollmentGroup symmetric_group(const std::string& id) {
  domain::EnrollmentGroup out;
  out.group_id = group_id(id);
  out.attestation = domain::SymmetricKeyAttestation{key(8), key(9)};
  return out;
}

}  // namespace

TEST_GROUP(RegistrationEngine) {
  EngineBench bench;
  std::vector<Count> counts;

  std::ptrdiff_t counted(Count::What what, bool succeeded) {
    for (const Count& count : bench.take<Count>()) counts.push_back(count);
    return std::ranges::count_if(counts, [&](const Count& count) {
      return count.what == what && count.succeeded == succeeded;
    });
  }
  std::ptrdiff_t attestations(bool succeeded) {
    return counted(Count::What::attestation_attempt, succeeded);
  }
};

// ---- The good way ----

TEST(RegistrationEngine, AnswersRegisterOnceTheIntentIsJournaledAndNotBefore) {
  bench.cache.put(individual("dev-1"));
  const auto token = bench.register_device("dev-1");
  bench.answer_look_back();
  CHECK_FALSE(bench.reply_to(token).has_value());
  CHECK_FALSE(bench.wants<ApplyToHub>());

  bench.journal_intent();
  const OperationReply reply = bench.operation_reply(token);
  CHECK_TRUE(reply.status.status == RegistrationStatus::assigning);
  LONGS_EQUAL(kRetryAfter.count(), reply.retry_after.count());
  CHECK_TRUE(parse_operation_id(reply.status.operation_id).has_value());
  CHECK_TRUE(bench.wants<ApplyToHub>());
}

TEST(RegistrationEngine, TellsAssignedOnceTheOutcomeIsJournaledAndNotBefore) {
  bench.cache.put(individual("dev-1"));
  const auto token = bench.accept("dev-1");
  const std::string operation = bench.operation_reply(token).status.operation_id;
  bench.hub_takes_it();
  CHECK_TRUE(bench.operation_reply(bench.poll("dev-1", operation)).status.status ==
             RegistrationStatus::assigning);

  bench.journal_outcome();
  const OperationReply done = bench.operation_reply(bench.poll("dev-1", operation));
  CHECK_TRUE(done.status.status == RegistrationStatus::assigned);
  STRCMP_EQUAL(operation.c_str(), done.status.operation_id.c_str());
  const domain::Registration& registration = done.status.result->registration;
  STRCMP_EQUAL(hub_of(bench, "dev-1").host_name.c_str(), registration.assigned_hub.c_str());
  STRCMP_EQUAL("dev-1", registration.device_id.str().c_str());
  CHECK_TRUE(registration.substatus == RegistrationSubstatus::initial_assignment);
  CHECK_FALSE(done.status.result->etag.empty());
}

TEST(RegistrationEngine, JournalsWhatAReplayNeeds) {
  bench.cache.put(individual("Dev-1"));
  RegisterRequest request{0, bench.claim("Dev-1"), {}};
  request.body.payload = R"({"model":"x"})";
  const WallTime arrival = bench.clock.wall();
  bench.submit(request);
  bench.clock.advance(std::chrono::milliseconds{30});
  bench.answer_look_back();
  const domain::Intent intent = bench.take_one<JournalIntent>().intent;
  CHECK_TRUE(intent.arrival == arrival);
  STRCMP_EQUAL("boot-1", intent.arrival_moment.boot_id.c_str());
  CHECK_TRUE(intent.enrollment == (domain::EnrollmentRef{false, "Dev-1", 1}));
  LONGS_EQUAL(7, intent.permit_serial);
  CHECK_TRUE(intent.is_new_device);
  STRCMP_EQUAL(R"({"model":"x"})", intent.api.payload.c_str());
  STRCMP_EQUAL("2019-03-31", intent.api.api_version.c_str());
  LONGS_EQUAL(1, intent.attempts.size());
  CHECK_TRUE(intent.attempts[0].hub_id == intent.hub_id);
  const auto* keys = std::get_if<domain::SymmetricKeyCredential>(&intent.credential);
  CHECK_TRUE(keys != nullptr);
  CHECK_TRUE(keys->primary == key(1));
  CHECK_TRUE(keys->secondary == key(2));
}

TEST(RegistrationEngine, BringsIdentityAndInitialTwinIntoTheHub) {
  domain::IndividualEnrollment record = individual("dev-1");
  record.device_id = domain::DeviceId("line-4");
  record.provisioning.iot_edge = true;
  bench.cache.put(record);
  bench.accept("dev-1");
  const ApplyToHub wanted = bench.take_one<ApplyToHub>();
  STRCMP_EQUAL("line-4", wanted.identity.device_id.str().c_str());
  STRCMP_EQUAL(R"({"interval":30})", wanted.identity.twin.desired.c_str());
  CHECK_FALSE(wanted.identity.replace_twin);
  CHECK_TRUE(wanted.identity.iot_edge == true);
}

TEST(RegistrationEngine, TakesTheSecondaryKey) {
  bench.cache.put(individual("dev-1"));
  bench.register_device("dev-1", key(2));
  bench.answer_look_back();
  CHECK_TRUE(bench.wants<JournalIntent>());
}

TEST(RegistrationEngine, DerivesTheKeysOfAGroupsDevice) {
  bench.cache.put(symmetric_group("line"));
  const SecretBytes device_key = domain::derive_device_key(key(9), "dev-9", bench.crypto);
  bench.register_device("dev-9", device_key);
  bench.answer_look_back();
  const domain::Intent intent = bench.take_one<JournalIntent>().intent;
  CHECK_TRUE(intent.enrollment.is_group);
  STRCMP_EQUAL("line", intent.enrollment.id.c_str());
  const auto* keys = std::get_if<domain::SymmetricKeyCredential>(&intent.credential);
  CHECK_TRUE(keys != nullptr);
  CHECK_TRUE(keys->secondary == device_key);
}

TEST(RegistrationEngine, AttestsACertificateAndShowsItInTheAnswer) {
  const auto leaf = bench.crypto.make({.subject = "CN=dev-x", .issuer = "CN=dev-x"});
  domain::IndividualEnrollment record = individual("dev-x");
  record.attestation = domain::X509Attestation{
      domain::X509Attestation::Kind::client_certificates, leaf.der, {}, {}, {}};
  bench.cache.put(record);
  Claim claim = bench.claim("dev-x");
  claim.sas_token = {};
  claim.chain = {leaf.der};
  const auto token = bench.submit(RegisterRequest{0, claim, {}});
  bench.answer_look_back();
  const domain::Intent intent = bench.journal_intent().intent;
  CHECK_TRUE(intent.attestation == domain::AttestationType::x509);
  const auto* thumbprint = std::get_if<domain::ThumbprintCredential>(&intent.credential);
  CHECK_TRUE(thumbprint != nullptr);
  STRCMP_EQUAL(to_upper_hex(leaf.sha256).c_str(), thumbprint->sha256.c_str());
  bench.hub_takes_it();
  bench.journal_outcome();

  const std::string operation = bench.operation_reply(token).status.operation_id;
  const auto polled = bench.submit(PollRequest{0, claim, operation});
  const auto status = bench.operation_reply(polled).status;
  CHECK_TRUE(status.result->certificate.has_value());
  STRCMP_EQUAL("dev-x", status.result->certificate->common_name.c_str());
}

TEST(RegistrationEngine, GivesTheNearestHubByThisGatewaysProbes) {
  domain::IndividualEnrollment record = individual("dev-1");
  record.provisioning.allocation_policy = domain::AllocationPolicy::geo_latency;
  bench.cache.put(record);
  for (const auto& [near, far] : {std::pair{0, 1}, std::pair{1, 0}}) {
    const auto n = static_cast<std::size_t>(near);
    const auto f = static_cast<std::size_t>(far);
    bench.restart();
    bench.probe.latencies[bench.cache.linked[n].hub_id] = std::chrono::milliseconds{10};
    bench.probe.latencies[bench.cache.linked[f].hub_id] = std::chrono::milliseconds{90};
    bench.register_device("dev-1");
    if (bench.wants<LookBack>()) bench.answer_look_back();
    CHECK_TRUE(bench.take_one<JournalIntent>().intent.hub_id == bench.cache.linked[n].hub_id);
  }
}

TEST(RegistrationEngine, CountsAttestationsRegistrationsAndAssignments) {
  bench.cache.put(individual("dev-1"));
  bench.provision("dev-1");
  std::multiset<Count::What> counted;
  for (const Count& count : bench.take<Count>()) {
    CHECK_TRUE(count.succeeded);
    counted.insert(count.what);
  }
  LONGS_EQUAL(1, counted.count(Count::What::attestation_attempt));
  LONGS_EQUAL(1, counted.count(Count::What::registration_attempt));
  LONGS_EQUAL(1, counted.count(Count::What::device_assignment));
}

TEST(RegistrationEngine, CountsOneAttestationPerRequestHoweverOftenItIsMatched) {
  bench.cache.put(individual("dev-1"));
  const auto token = bench.register_device("dev-1");
  bench.answer_look_back();
  for (int i = 0; i < kMaxDecisionRounds; ++i) {
    const auto wanted = bench.take_one<JournalIntent>();
    bench.take_in(bench.engine().on_journaled(wanted.operation,
                                              Error{Errc::version_mismatch, "changed meanwhile"}));
  }
  bench.check_refused(token, Errc::unavailable);
  // It attested; what failed is its registration.
  LONGS_EQUAL(1, attestations(true));
  LONGS_EQUAL(0, attestations(false));
}

TEST(RegistrationEngine, CountsADeviceThatWasPutOffOnce) {
  bench.cache.put(individual("dev-1"));
  const auto token = bench.register_device("dev-1");
  bench.answer_look_back();
  const auto wanted = bench.take_one<JournalIntent>();
  bench.take_in(bench.engine().on_journaled(wanted.operation, Error{Errc::throttled, "no room"}));
  bench.poll("dev-1", bench.operation_reply(token).status.operation_id);
  bench.journal_intent();
  LONGS_EQUAL(1, attestations(true));
  LONGS_EQUAL(0, attestations(false));
}

TEST(RegistrationEngine, CountsWhatThePermitDoesNotCoverAsARegistrationThatFailed) {
  bench.cache.put(individual("dev-1"));
  bench.link.up = false;
  bench.admission.refuse_new = "used up";
  bench.check_refused(bench.register_device("dev-1"), Errc::unavailable);
  LONGS_EQUAL(1, attestations(true));
  LONGS_EQUAL(0, attestations(false));
  LONGS_EQUAL(1, counted(Count::What::registration_attempt, false));
}

TEST(RegistrationEngine, CountsAWrongKeyAsAnAttestationThatFailedAndAsNoRegistration) {
  bench.cache.put(individual("dev-1"));
  bench.link.up = false;
  bench.register_device("dev-1", key(66));
  LONGS_EQUAL(0, attestations(true));
  LONGS_EQUAL(1, attestations(false));
  LONGS_EQUAL(0, counted(Count::What::registration_attempt, false));
}

// ---- One owner per device ----

TEST(RegistrationEngine, LetsASecondRegisterJoinTheRunningOperation) {
  bench.cache.put(individual("dev-1"));
  const auto first = bench.register_device("dev-1");
  bench.answer_look_back();
  const auto second = bench.register_device("DEV-1");
  CHECK_FALSE(bench.reply_to(second).has_value());
  bench.journal_intent();
  const std::string operation = bench.operation_reply(first).status.operation_id;
  STRCMP_EQUAL(operation.c_str(), bench.operation_reply(second).status.operation_id.c_str());
  const auto third = bench.register_device("dev-1");
  STRCMP_EQUAL(operation.c_str(), bench.operation_reply(third).status.operation_id.c_str());
  LONGS_EQUAL(1, bench.take<ApplyToHub>().size());
  LONGS_EQUAL(1, bench.engine().operations());
}

TEST(RegistrationEngine, BoundsTheRequestsThatWaitForOneIntent) {
  bench.cache.put(individual("dev-1"));
  bench.register_device("dev-1");
  bench.answer_look_back();
  for (std::size_t i = 1; i < kMaxJoinedRequests; ++i) {
    const auto token = bench.register_device("dev-1");
    CHECK_FALSE(bench.reply_to(token).has_value());
  }
  bench.check_refused(bench.register_device("dev-1"), Errc::throttled);
}

TEST(RegistrationEngine, KeepsSomebodyElsesTriesAwayFromTheDevicesOperation) {
  bench.cache.put(individual("dev-1"));
  bench.link.up = false;
  const auto token = bench.register_device("dev-1");
  bench.check_refused(bench.register_device("dev-1", key(66)), Errc::unauthorized);
  bench.journal_intent();
  CHECK_TRUE(bench.operation_reply(token).status.status == RegistrationStatus::assigning);
  CHECK_TRUE(bench.wants<ApplyToHub>());
}

TEST(RegistrationEngine, StartsAnewWhenAFinishedDeviceRegistersAgain) {
  bench.cache.put(individual("dev-1"));
  const std::string first = bench.provision("dev-1");
  const std::string second = bench.provision("dev-1");
  CHECK_TRUE(first != second);
  // Who still asks for the earlier operation learns of the one that took its place.
  const auto status = bench.operation_reply(bench.poll("dev-1", first)).status;
  STRCMP_EQUAL(second.c_str(), status.operation_id.c_str());
  CHECK_TRUE(status.status == RegistrationStatus::assigned);
}

TEST(RegistrationEngine, IgnoresAnswersForAnOperationThatIsOver) {
  bench.cache.put(individual("dev-1"));
  bench.accept("dev-1");
  const ApplyToHub first = bench.hub_takes_it();
  bench.journal_outcome();
  bench.accept("dev-1");
  const auto before = bench.take<Log>().size();
  CHECK_TRUE(before > 0);
  bench.take_in(bench.engine().on_hub_outcome(first.operation, Error{Errc::hub_conflict, "late"}));
  bench.take_in(bench.engine().on_journaled(first.operation, Error{Errc::io, "late"}));
  CHECK_TRUE(bench.take<Log>().empty());
  CHECK_TRUE(bench.wants<ApplyToHub>());
}

// ---- The fence ----

TEST(RegistrationEngine, MatchesOnceMoreAfterTheFence) {
  const auto token = bench.register_device("dev-1");
  CHECK_FALSE(bench.reply_to(token).has_value());
  bench.cache.put(individual("dev-1"));
  bench.answer_fence();
  bench.answer_look_back();
  bench.journal_intent();
  CHECK_TRUE(bench.operation_reply(token).status.status == RegistrationStatus::assigning);
}

// The roll of a key began at the coordinator a moment ago; this gateway has the enrollment from
// before, and the device has the new key already.
TEST(RegistrationEngine, TakesAKeyThatWasRolledInAMomentAgo) {
  auto enrolled = individual("dev-1");
  enrolled.attestation = domain::SymmetricKeyAttestation{key(1), key(2), "p1", "s1"};
  bench.cache.put(enrolled);
  bench.provision("dev-1");
  STRCMP_EQUAL("p1", bench.cache.registration(bench.cache.scope, rid("dev-1"))
                         ->registration->record.credential_id.c_str());

  const auto token = bench.register_device("dev-1", key(3));
  CHECK_FALSE(bench.reply_to(token).has_value());
  enrolled.attestation = domain::SymmetricKeyAttestation{key(1), key(3), "p1", "s2"};
  bench.cache.put(enrolled);
  bench.answer_fence();
  if (bench.wants<LookBack>()) bench.answer_look_back();
  STRCMP_EQUAL("s2", bench.journal_intent().intent.credential_id.c_str());
  CHECK_TRUE(bench.operation_reply(token).status.status == RegistrationStatus::assigning);
  const auto applied = bench.hub_takes_it();
  const auto& given = std::get<domain::SymmetricKeyCredential>(applied.identity.credential);
  CHECK_TRUE(given.primary == key(1));
  CHECK_TRUE(given.secondary == key(3));
  STRCMP_EQUAL("s2", bench.journal_outcome().entry.registration.credential_id.c_str());
}

TEST(RegistrationEngine, TakesAGroupsKeyThatWasRolledInAMomentAgo) {
  domain::EnrollmentGroup line;
  line.group_id = group_id("line");
  line.attestation = domain::SymmetricKeyAttestation{key(8), key(9), "p1", "s1"};
  bench.cache.put(line);
  const auto token =
      bench.register_device("dev-1", domain::derive_device_key(key(3), "dev-1", bench.crypto));
  CHECK_FALSE(bench.reply_to(token).has_value());
  line.attestation = domain::SymmetricKeyAttestation{key(8), key(3), "p1", "s2"};
  bench.cache.put(line);
  bench.answer_fence();
  if (bench.wants<LookBack>()) bench.answer_look_back();
  STRCMP_EQUAL("s2", bench.journal_intent().intent.credential_id.c_str());
  // The old one is as good.
  const auto other =
      bench.register_device("dev-2", domain::derive_device_key(key(8), "dev-2", bench.crypto));
  if (bench.wants<LookBack>()) bench.answer_look_back();
  STRCMP_EQUAL("p1", bench.journal_intent().intent.credential_id.c_str());
  CHECK_TRUE(bench.operation_reply(other).status.status == RegistrationStatus::assigning);
}

TEST(RegistrationEngine, RefusesWhatTheFenceDidNotBring) {
  const auto token = bench.register_device("dev-1");
  bench.answer_fence();
  bench.check_refused(token, Errc::unauthorized);
  CHECK_FALSE(bench.wants<RequestFence>());
  LONGS_EQUAL(0, bench.engine().waiting());
}

TEST(RegistrationEngine, SharesOneFenceAmongThoseWhoCameBeforeAndAsksAgainForTheRest) {
  const auto first = bench.register_device("dev-1");
  const auto fence = bench.take_one<RequestFence>();
  bench.clock.advance(std::chrono::milliseconds{100});
  const auto second = bench.register_device("dev-2");
  const auto third = bench.register_device("dev-3");
  CHECK_FALSE(bench.wants<RequestFence>());

  bench.take_in(bench.engine().on_fence(fence.tenant, fence.ticket));
  bench.check_refused(first, Errc::unauthorized);
  CHECK_FALSE(bench.reply_to(second).has_value());
  bench.answer_fence();
  bench.check_refused(second, Errc::unauthorized);
  bench.check_refused(third, Errc::unauthorized);
}

TEST(RegistrationEngine, WaitsForAFenceNoLongerThanItsDeadline) {
  const auto first = bench.register_device("dev-1");
  bench.clock.advance(std::chrono::milliseconds{100});
  const auto second = bench.register_device("dev-2");
  bench.pass(kFenceDeadline - std::chrono::milliseconds{101});
  CHECK_FALSE(bench.reply_to(first).has_value());
  bench.pass(std::chrono::milliseconds{1});
  bench.check_refused(first, Errc::unauthorized);
  CHECK_FALSE(bench.reply_to(second).has_value());
  bench.pass(std::chrono::milliseconds{100});
  bench.check_refused(second, Errc::unauthorized);
  CHECK_FALSE(bench.engine().next_wake().has_value());
}

TEST(RegistrationEngine, IgnoresTheAnswerToAnEarlierFence) {
  bench.register_device("dev-1");
  const auto old = bench.take_one<RequestFence>();
  bench.pass(kFenceDeadline);
  const auto token = bench.register_device("dev-2");
  bench.take_in(bench.engine().on_fence(old.tenant, old.ticket));
  CHECK_FALSE(bench.reply_to(token).has_value());
}

TEST(RegistrationEngine, AsksNoFenceWithTheLinkDown) {
  bench.link.up = false;
  bench.check_refused(bench.register_device("dev-1"), Errc::unauthorized);
}

TEST(RegistrationEngine, AllowsByItselfWhatTheLimitsSay) {
  LONGS_EQUAL(kMaxOperations, bench.settings.max_operations);
  LONGS_EQUAL(kMaxWaitingRequests, bench.settings.max_waiting);
  LONGS_EQUAL(kMaxTpmChallenges, bench.settings.max_tpm_challenges);
}

TEST(RegistrationEngine, ServesSoManyWakesInOneCallAndTheRestInTheNext) {
  for (int i = 0; i <= kMaxWakesPerCall; ++i) {
    const std::string id = "dev-" + std::to_string(i);
    bench.cache.put(individual(id));
    bench.accept(id);
    bench.hub_answers(Errc::unavailable);
  }
  bench.pass(kFirstRetry);
  LONGS_EQUAL(kMaxWakesPerCall, bench.take<ApplyToHub>().size());
  CHECK_TRUE(*bench.engine().next_wake() <= bench.clock.monotonic());
  bench.pass({});
  LONGS_EQUAL(1, bench.take<ApplyToHub>().size());
}

TEST(RegistrationEngine, BoundsTheRequestsThatWait) {
  bench.settings.max_waiting = 3;
  for (int i = 0; i < 3; ++i) {
    CHECK_FALSE(bench.reply_to(bench.register_device("dev-" + std::to_string(i))).has_value());
  }
  LONGS_EQUAL(3, bench.engine().waiting());
  bench.check_refused(bench.register_device("dev-9"), Errc::unauthorized);
}

// ---- The look-back ----

TEST(RegistrationEngine, AsksTheCoordinatorBeforeItTakesADeviceForNew) {
  const domain::LinkedHub elsewhere = not_the(bench, hub_of(bench, "dev-1"));
  domain::IndividualEnrollment record = individual("dev-1");
  record.provisioning.reprovision_policy = domain::ReprovisionPolicy{false, false};
  bench.cache.put(record);
  bench.register_device("dev-1");
  CHECK_FALSE(bench.wants<JournalIntent>());
  bench.cache.put(assigned("dev-1", elsewhere));
  bench.answer_look_back();
  const domain::Intent intent = bench.take_one<JournalIntent>().intent;
  CHECK_TRUE(intent.hub_id == elsewhere.hub_id);
  CHECK_FALSE(intent.is_new_device);
}

TEST(RegistrationEngine, TrustsALocalRecordThatIsCurrent) {
  bench.cache.put(individual("dev-1"));
  bench.cache.put(assigned("dev-1", linked_hub("a")));
  bench.register_device("dev-1");
  CHECK_FALSE(bench.wants<LookBack>());
  CHECK_TRUE(bench.wants<JournalIntent>());
  CHECK_TRUE(bench.admission.asked.back() ==
             std::pair(Acquaintance::returning, Contact::confirmed));
}

TEST(RegistrationEngine, GoesByTheOfflineRuleWhenTheLookBackMissesItsDeadline) {
  bench.cache.put(individual("dev-1"));
  const auto token = bench.register_device("dev-1");
  bench.pass(kLookBackDeadline - std::chrono::milliseconds{1});
  CHECK_FALSE(bench.wants<JournalIntent>());
  bench.pass(std::chrono::milliseconds{1});
  CHECK_TRUE(bench.wants<JournalIntent>());
  CHECK_TRUE(bench.admission.asked.back() == std::pair(Acquaintance::unseen, Contact::alone));
  bench.journal_intent();
  CHECK_TRUE(bench.operation_reply(token).status.status == RegistrationStatus::assigning);
}

TEST(RegistrationEngine, GoesByTheOfflineRuleWithTheLinkDown) {
  bench.link.up = false;
  bench.cache.put(individual("dev-1"));
  bench.cache.put(individual("dev-2"));
  bench.cache.put(assigned("dev-2", linked_hub("a")));
  bench.register_device("dev-1");
  CHECK_TRUE(bench.admission.asked.back() == std::pair(Acquaintance::unseen, Contact::alone));
  bench.register_device("dev-2");
  CHECK_TRUE(bench.admission.asked.back() == std::pair(Acquaintance::returning, Contact::alone));
  CHECK_FALSE(bench.wants<LookBack>());
}

TEST(RegistrationEngine, SharesOneLookBackAmongTheRequestsOfADevice) {
  bench.cache.put(individual("dev-1"));
  bench.register_device("dev-1");
  bench.register_device("dev-1");
  LONGS_EQUAL(2, bench.engine().waiting());
  bench.answer_look_back();
  LONGS_EQUAL(0, bench.engine().waiting());
  LONGS_EQUAL(1, bench.take<JournalIntent>().size());
}

TEST(RegistrationEngine, LeavesADeviceToTheCoordinatorThatThePermitDoesNotCover) {
  bench.admission.refuse_new = "the permit expired";
  bench.cache.put(individual("dev-1"));
  bench.link.up = false;
  const auto token = bench.register_device("dev-1");
  bench.check_refused(token, Errc::unavailable);
  LONGS_EQUAL(kOverloadRetryAfter.count(), bench.refusal(token).retry_after.count());
  STRCMP_EQUAL("the permit expired", bench.take_one<Log>().text.c_str());
  CHECK_FALSE(bench.wants<JournalIntent>());
}

// ---- Two gateways ----

// Each has its own copy of the records, got in its own way; nothing but the copies makes them
// alike.
TEST(RegistrationEngine, DecidesAsAGatewayThatItNeverTalkedTo) {
  std::vector<domain::LinkedHub> hubs;
  for (const char* name : {"a", "b", "c", "d"}) {
    hubs.push_back(linked_hub(name));
    hubs.back().allocation_weight = static_cast<std::uint32_t>(hubs.size());
  }
  EngineBench other;
  other.settings = {domain::GatewayId("gw-2"), "boot-9", {}, {}};
  std::vector<std::uint8_t> other_randomness(7);
  other.entropy.fill(other_randomness);
  other.clock.advance(std::chrono::hours{5});
  other.link.up = false;

  bench.cache.linked = hubs;
  bench.cache.put(symmetric_group("line"));
  // The other has seen the group change, and the hubs come in another order.
  auto earlier = symmetric_group("line");
  earlier.provisioning.iot_hubs = {hubs[0].host_name};
  other.cache.linked = {hubs.rbegin(), hubs.rend()};
  other.cache.put(earlier);
  other.cache.put(symmetric_group("line"));
  for (const auto& linked : hubs) {
    bench.probe.latencies[linked.hub_id] =
        std::chrono::milliseconds{1 + bench.probe.latencies.size()};
  }

  constexpr int kDevices = 200;
  const auto chosen_at = [](EngineBench& at, int device) {
    const std::string id = "sn-" + std::to_string(device);
    at.register_device(id, domain::derive_device_key(key(8), id, at.crypto));
    if (at.wants<RequestFence>()) at.answer_fence();
    if (at.wants<LookBack>()) at.answer_look_back();
    return at.take_one<JournalIntent>().intent.hub_id;
  };
  std::map<int, domain::HubId> at_other;
  // In another order too.
  for (int i = kDevices; i-- > 0;) at_other.emplace(i, chosen_at(other, i));
  std::set<domain::HubId> used;
  for (int i = 0; i < kDevices; ++i) {
    const domain::HubId hub = chosen_at(bench, i);
    CHECK_TRUE(hub == at_other.at(i));
    used.insert(hub);
  }
  LONGS_EQUAL(hubs.size(), used.size());
}

// ---- Refusals ----

TEST(RegistrationEngine, RefusesWithTheSpecifiedCodeAndAPlainReason) {
  struct Case {
    const char* what;
    Errc code;
    void (*prepare)(EngineBench& bench, RegisterRequest& request);
  };
  static const std::string kExpired =
      "SharedAccessSignature sr=0ne00LAB001%2Fregistrations%2Fdev-1&sig=" +
      percent_encode(to_base64(Bytes(32, 0))) + "&se=1700000000";
  const std::vector<Case> cases = {
      {"unknown ID scope", Errc::unauthorized,
       [](EngineBench&, RegisterRequest& r) { r.claim.id_scope = "0ne99999999"; }},
      {"registration ID with a slash", Errc::invalid,
       [](EngineBench&, RegisterRequest& r) { r.claim.registration_id = "a/b"; }},
      {"registration ID of 129 characters", Errc::invalid,
       [](EngineBench&, RegisterRequest& r) { r.claim.registration_id.assign(129, 'a'); }},
      {"certificate request", Errc::unsupported,
       [](EngineBench&, RegisterRequest& r) { r.body.has_csr = true; }},
      {"body that names another device", Errc::invalid,
       [](EngineBench&, RegisterRequest& r) { r.body.registration_id = "dev-2"; }},
      {"no evidence", Errc::unauthorized,
       [](EngineBench&, RegisterRequest& r) { r.claim.sas_token = {}; }},
      {"malformed token", Errc::unauthorized,
       [](EngineBench&, RegisterRequest& r) {
         r.claim.sas_token = SecretBytes::copy_of(as_bytes("Bearer x"));
       }},
      {"expired token", Errc::unauthorized,
       [](EngineBench&, RegisterRequest& r) {
         r.claim.sas_token = SecretBytes::copy_of(as_bytes(kExpired));
       }},
      {"wrong key", Errc::unauthorized,
       [](EngineBench& b, RegisterRequest& r) { r.claim = b.claim("dev-1", key(66)); }},
      {"unknown ID", Errc::unauthorized,
       [](EngineBench& b, RegisterRequest& r) { r.claim = b.claim("dev-77", key(1)); }},
      {"disabled individual", Errc::disabled,
       [](EngineBench& b, RegisterRequest&) {
         auto record = individual("dev-1");
         record.provisioning.status = domain::ProvisioningStatus::disabled;
         b.cache.put(record);
       }},
      {"disabled individual of another site", Errc::disabled,
       [](EngineBench& b, RegisterRequest&) {
         b.cache.individuals.clear();
         b.cache.stubs.insert("dev-1");
       }},
      {"disabled group", Errc::disabled,
       [](EngineBench& b, RegisterRequest& r) {
         auto record = symmetric_group("line");
         record.provisioning.status = domain::ProvisioningStatus::disabled;
         b.cache.put(record);
         r.claim = b.claim("dev-9", domain::derive_device_key(key(8), "dev-9", b.crypto));
       }},
      {"chain of nine certificates", Errc::too_large,
       [](EngineBench&, RegisterRequest& r) {
         r.claim.sas_token = {};
         r.claim.chain.assign(domain::kMaxPresentedCertificates + 1, Bytes(10, 1));
       }},
      {"certificate that does not parse", Errc::certificate_refused,
       [](EngineBench&, RegisterRequest& r) {
         r.claim.sas_token = {};
         r.claim.chain = {Bytes(10, 1)};
       }},
      {"foreign certificate", Errc::certificate_refused,
       [](EngineBench& b, RegisterRequest& r) {
         r.claim = b.claim("dev-8");
         r.claim.sas_token = {};
         r.claim.chain = {b.crypto.make({.subject = "CN=dev-8", .issuer = "CN=nobody"}).der};
       }},
      {"TPM that nobody enrolled", Errc::not_found,
       [](EngineBench& b, RegisterRequest& r) {
         r.claim = b.claim("dev-8");
         r.claim.sas_token = {};
         r.body.tpm = protocol::TpmKeys{Bytes(3, 1), {}};
       }},
  };
  for (const Case& c : cases) {
    EngineBench b;
    b.link.up = false;
    b.cache.put(individual("dev-1"));
    b.cache.put(assigned("dev-1", linked_hub("a")));
    RegisterRequest request{0, b.claim("dev-1"), {}};
    c.prepare(b, request);
    const auto token = b.submit(request);
    const Refusal refused = b.refusal(token);
    CHECK_TEXT(c.code == refused.code, c.what);
    const Log log = b.take_one<Log>();
    CHECK_TEXT(!log.text.empty(), c.what);
    CHECK_TEXT(log.tracking_id == refused.tracking_id, c.what);
    STRCMP_EQUAL("192.0.2.7", log.source.c_str());
    CHECK_TEXT(!b.wants<JournalIntent>() && !b.wants<ApplyToHub>(), c.what);
    CHECK_TEXT(b.engine().operations() == 0, c.what);
    CHECK_TEXT(b.cache.registrations["dev-1"].registration->record.assigned_hub ==
                   linked_hub("a").host_name,
               c.what);
  }
}

TEST(RegistrationEngine, RefusesAnExpiredCertificate) {
  const auto leaf = bench.crypto.make(
      {.subject = "CN=dev-x", .issuer = "CN=dev-x", .not_after = kNow - std::chrono::days{1}});
  domain::IndividualEnrollment record = individual("dev-x");
  record.attestation = domain::X509Attestation{
      domain::X509Attestation::Kind::client_certificates, leaf.der, {}, {}, {}};
  bench.cache.put(record);
  Claim claim = bench.claim("dev-x");
  claim.sas_token = {};
  claim.chain = {leaf.der};
  bench.check_refused(bench.submit(RegisterRequest{0, claim, {}}), Errc::certificate_refused);
  const RecordAttempt attempt = bench.take_one<RecordAttempt>();
  LONGS_EQUAL(401002, attempt.entry.registration.last_attempt->error_code);
  CHECK_FALSE(attempt.entry.registration.last_attempt->reason.empty());
}

TEST(RegistrationEngine, RecordsTheLastAttemptBesideWhatIsKnownAndNowhereElse) {
  bench.link.up = false;
  bench.cache.put(individual("dev-1"));
  bench.register_device("dev-1", key(66));
  const RecordAttempt attempt = bench.take_one<RecordAttempt>();
  CHECK_TRUE(attempt.entry.kind == domain::OutboxEntry::Kind::failed_attempt);
  STRCMP_EQUAL("dev-1", attempt.entry.registration.registration_id.str().c_str());
  LONGS_EQUAL(401002, attempt.entry.registration.last_attempt->error_code);

  bench.register_device("made-up", key(66));
  CHECK_FALSE(bench.wants<RecordAttempt>());
}

TEST(RegistrationEngine, BoundsTheAttemptsThatAreRecordedInASecond) {
  bench.link.up = false;
  bench.cache.put(individual("dev-1"));
  for (int i = 0; i < kMaxRecordedAttempts; ++i) bench.register_device("dev-1", key(66));
  LONGS_EQUAL(kMaxRecordedAttempts, bench.take<RecordAttempt>().size());
  bench.register_device("dev-1", key(66));
  CHECK_FALSE(bench.wants<RecordAttempt>());
  bench.clock.advance(std::chrono::seconds{1});
  bench.register_device("dev-1", key(66));
  CHECK_TRUE(bench.wants<RecordAttempt>());
}

TEST(RegistrationEngine, KeepsControlCharactersOfADeviceOutOfTheLog) {
  Claim claim = bench.claim("dev-1");
  claim.registration_id = "a\nb" + std::string(500, 'x');
  bench.submit(RegisterRequest{0, claim, {}});
  const Log log = bench.take_one<Log>();
  STRNCMP_EQUAL("a?bx", log.registration_id.c_str(), 4);
  LONGS_EQUAL(kMaxLoggedText, log.registration_id.size());
}

TEST(RegistrationEngine, LogsSoMuchOfWhatADeviceSaysAndNotOneMore) {
  for (const std::size_t size : {kMaxLoggedText, kMaxLoggedText + 1}) {
    Claim claim = bench.claim("dev-1");
    claim.registration_id =
        std::string(kMaxLoggedText - 1, '!') + std::string(size - kMaxLoggedText + 1, '?');
    bench.submit(RegisterRequest{0, claim, {}});
    STRCMP_EQUAL((std::string(kMaxLoggedText - 1, '!') + "?").c_str(),
                 bench.take_one<Log>().registration_id.c_str());
  }
}

TEST(RegistrationEngine, LetsNoOtherGroupTakeOverARegistration) {
  bench.cache.put(symmetric_group("line"));
  domain::Registration bound = assigned("dev-9", linked_hub("a"));
  bound.enrollment = {true, "another", 1};
  bench.cache.put(bound);
  bench.check_refused(
      bench.register_device("dev-9", domain::derive_device_key(key(8), "dev-9", bench.crypto)),
      Errc::forbidden);
  CHECK_FALSE(bench.wants<JournalIntent>());
}

TEST(RegistrationEngine, AnswersARecordThatCannotBeReadWithoutTouchingAnything) {
  bench.cache.put(individual("dev-1"));
  bench.cache.failure = Errc::corrupt;
  bench.check_refused(bench.register_device("dev-1"), Errc::corrupt);
}

TEST(RegistrationEngine, TellsADeviceWithoutAHubThatItFailed) {
  bench.cache.linked.clear();
  bench.cache.put(individual("dev-1"));
  const auto token = bench.register_device("dev-1");
  bench.answer_look_back();
  CHECK_FALSE(bench.wants<JournalIntent>());
  CHECK_TRUE(bench.wants<RecordAttempt>());
  const OperationReply reply = bench.operation_reply(token);
  CHECK_TRUE(reply.status.status == RegistrationStatus::assigning);
  const auto polled = bench.operation_reply(bench.poll("dev-1", reply.status.operation_id));
  CHECK_TRUE(polled.status.status == RegistrationStatus::failed);
  LONGS_EQUAL(400208, *polled.status.result->error_code);
}

// ---- Polls and lookups ----

TEST(RegistrationEngine, VerifiesTheCredentialAtEveryPoll) {
  bench.cache.put(individual("dev-1"));
  const std::string operation = bench.provision("dev-1");
  bench.link.up = false;
  bench.check_refused(bench.submit(PollRequest{0, bench.claim("dev-1", key(66)), operation}),
                      Errc::unauthorized);
}

TEST(RegistrationEngine, GivesAnOperationToItsDeviceOnly) {
  bench.cache.put(individual("dev-1"));
  bench.cache.put(individual("dev-2"));
  const std::string operation = bench.provision("dev-1");
  bench.provision("dev-2");
  bench.check_refused(bench.poll("dev-2", operation), Errc::not_found);
  bench.check_refused(bench.poll("dev-1", "5.zz.x"), Errc::not_found);
  bench.check_refused(bench.poll("dev-1", ""), Errc::not_found);
}

// Over MQTT, AMQP and CoAP an answer has no header for the tracking ID: it leads to the logs all
// the same.
TEST(RegistrationEngine, NamesAnOperationByItsTrackingId) {
  bench.cache.put(individual("dev-1"));
  const auto reply = bench.reply_to(bench.accept("dev-1"));
  CHECK_TRUE(reply.has_value() && !reply->tracking_id.empty());
  const auto& answer = std::get<OperationReply>(reply->content);
  STRCMP_EQUAL(reply->tracking_id.c_str(),
               parse_operation_id(answer.status.operation_id)->guid.c_str());
}

TEST(RegistrationEngine, AnswersAForgottenOperationFromTheRegistration) {
  bench.cache.put(individual("dev-1"));
  const std::string operation = bench.provision("dev-1");
  bench.pass(kOperationRetention);
  LONGS_EQUAL(0, bench.engine().operations());
  const auto status = bench.operation_reply(bench.poll("dev-1", operation)).status;
  CHECK_TRUE(status.status == RegistrationStatus::assigned);
  STRCMP_EQUAL(operation.c_str(), status.operation_id.c_str());
}

TEST(RegistrationEngine, AsksTheCoordinatorForAnOperationOfAnotherGateway) {
  bench.cache.put(individual("dev-1"));
  const std::string operation = make_operation_id(device_hash("0ne00LAB001", "dev-1"),
                                                  "7c9e6679-7425-40de-944b-e07fc1f90ae7");
  const auto token = bench.poll("dev-1", operation);
  CHECK_FALSE(bench.reply_to(token).has_value());
  bench.cache.put(assigned("dev-1", linked_hub("b")));
  bench.answer_look_back();
  CHECK_TRUE(bench.operation_reply(token).status.status == RegistrationStatus::assigned);

  bench.cache.put(individual("dev-2"));
  bench.link.up = false;
  bench.check_refused(
      bench.poll("dev-2", make_operation_id(device_hash("0ne00LAB001", "dev-2"),
                                            "7c9e6679-7425-40de-944b-e07fc1f90ae7")),
      Errc::not_found);
}

TEST(RegistrationEngine, LooksUpARegistration) {
  bench.cache.put(individual("dev-1"));
  const auto missing = bench.ask_status("dev-1");
  bench.answer_look_back();
  bench.check_refused(missing, Errc::not_found);

  bench.accept("dev-1");
  const auto moving = bench.reply_to(bench.ask_status("dev-1"));
  CHECK_TRUE(std::get_if<RegistrationReply>(&moving->content)->result.registration.status ==
             RegistrationStatus::assigning);
  bench.hub_takes_it();
  bench.journal_outcome();
  bench.pass(kOperationRetention);
  const auto found = bench.reply_to(bench.ask_status("dev-1"));
  CHECK_TRUE(std::get_if<RegistrationReply>(&found->content)->result.registration.status ==
             RegistrationStatus::assigned);
}

// ---- Hubs that do not take a device ----

TEST(RegistrationEngine, StaysAssigningWhileTheHubIsAwayAndTriesAgainEverSlower) {
  bench.cache.put(individual("dev-1"));
  const auto token = bench.accept("dev-1");
  const std::string operation = bench.operation_reply(token).status.operation_id;
  std::chrono::nanoseconds full = kFirstRetry;
  for (const Errc code :
       {Errc::unavailable, Errc::timed_out, Errc::throttled, Errc::hub_unauthorized,
        Errc::unavailable, Errc::unavailable, Errc::unavailable, Errc::unavailable}) {
    bench.hub_answers(code);
    CHECK_TRUE(bench.operation_reply(bench.poll("dev-1", operation)).status.status ==
               RegistrationStatus::assigning);
    const auto pause = bench.pass_to_wake();
    CHECK_TRUE(pause >= full * 3 / 4);
    CHECK_TRUE(pause <= full);
    full = std::min<std::chrono::nanoseconds>(full * 2, kMaxRetry);
  }
  CHECK_TRUE(full == kMaxRetry);
  bench.hub_takes_it();
  bench.journal_outcome();
  CHECK_TRUE(bench.operation_reply(bench.poll("dev-1", operation)).status.status ==
             RegistrationStatus::assigned);
  // One line that it waits, not one for each try.
  int waiting = 0;
  for (const Log& log : bench.take<Log>()) waiting += log.level == Log::Level::warning ? 1 : 0;
  LONGS_EQUAL(1, waiting);
}

TEST(RegistrationEngine, SendsANewDeviceToTheNextHubWhenOneRefuses) {
  bench.cache.put(individual("dev-1"));
  const auto token = bench.accept("dev-1");
  const ApplyToHub refused = bench.hub_answers(Errc::hub_full);
  // The other hub is durable before anything is written there.
  CHECK_FALSE(bench.wants<ApplyToHub>());
  const JournalIntent again = bench.journal_intent();
  CHECK_TRUE(again.intent.hub_id != refused.hub.hub_id);
  LONGS_EQUAL(2, again.intent.attempts.size());
  CHECK_TRUE(again.intent.attempts[0].failure == Errc::hub_full);
  const ApplyToHub taken = bench.hub_takes_it();
  CHECK_TRUE(taken.hub.hub_id == again.intent.hub_id);
  const JournalOutcome outcome = bench.journal_outcome();
  CHECK_TRUE(outcome.cleanup.empty());
  const std::string operation = bench.operation_reply(token).status.operation_id;
  STRCMP_EQUAL(taken.hub.host_name.c_str(), bench.operation_reply(bench.poll("dev-1", operation))
                                                .status.result->registration.assigned_hub.c_str());
}

TEST(RegistrationEngine, FailsWhenEveryHubRefuses) {
  bench.cache.put(individual("dev-1"));
  const auto token = bench.accept("dev-1");
  bench.hub_answers(Errc::hub_refused);
  bench.journal_intent();
  bench.hub_answers(Errc::hub_refused);
  const JournalOutcome outcome = bench.journal_outcome();
  CHECK_TRUE(outcome.entry.kind == domain::OutboxEntry::Kind::failed_attempt);
  const std::string operation = bench.operation_reply(token).status.operation_id;
  const auto status = bench.operation_reply(bench.poll("dev-1", operation)).status;
  CHECK_TRUE(status.status == RegistrationStatus::failed);
  LONGS_EQUAL(protocol::device_error(Errc::hub_refused).error_code, *status.result->error_code);
  CHECK_FALSE(status.result->error_message.empty());
  CHECK_TRUE(bench.journal.empty());
}

TEST(RegistrationEngine, CleansUpWhereAnAttemptMayHaveBeenWritten) {
  bench.cache.put(individual("dev-1"));
  bench.accept("dev-1");
  const ApplyToHub first = bench.hub_answers(Errc::timed_out);
  bench.pass_to_wake();
  bench.hub_answers(Errc::hub_refused);
  bench.journal_intent();
  bench.hub_takes_it();
  const JournalOutcome outcome = bench.journal_outcome();
  LONGS_EQUAL(1, outcome.cleanup.size());
  CHECK_TRUE(outcome.cleanup[0].hub_id == first.hub.hub_id);
  CHECK_TRUE(outcome.cleanup[0].device_id == first.identity.device_id);
}

TEST(RegistrationEngine, KeepsTheHubOfAStaticEnrollmentThatRefuses) {
  domain::IndividualEnrollment record = individual("dev-1");
  record.provisioning.allocation_policy = domain::AllocationPolicy::static_hub;
  record.provisioning.iot_hubs = {"a.example.test"};
  bench.cache.put(record);
  bench.accept("dev-1");
  bench.hub_answers(Errc::hub_refused);
  CHECK_FALSE(bench.wants<JournalIntent>());
  CHECK_TRUE(bench.journal_outcome().entry.kind == domain::OutboxEntry::Kind::failed_attempt);
}

TEST(RegistrationEngine, NeverTouchesAnIdentityThatIsNotOurs) {
  bench.cache.put(individual("dev-1"));
  const auto token = bench.accept("dev-1");
  bench.hub_answers(Errc::hub_conflict);
  const JournalOutcome outcome = bench.journal_outcome();
  CHECK_TRUE(outcome.cleanup.empty());
  const std::string operation = bench.operation_reply(token).status.operation_id;
  const auto status = bench.operation_reply(bench.poll("dev-1", operation)).status;
  CHECK_TRUE(status.status == RegistrationStatus::failed);
  LONGS_EQUAL(protocol::device_error(Errc::hub_conflict).error_code, *status.result->error_code);
}

TEST(RegistrationEngine, SendsANewDeviceElsewhereWhenItsHubWasUnlinked) {
  bench.cache.put(individual("dev-1"));
  bench.accept("dev-1");
  const ApplyToHub away = bench.hub_answers(Errc::unavailable);
  const domain::LinkedHub other = not_the(bench, away.hub);
  bench.cache.linked = {other};
  bench.pass_to_wake();
  bench.journal_intent();
  CHECK_TRUE(bench.hub_takes_it().hub.hub_id == other.hub_id);
}

TEST(RegistrationEngine, StopsWhenTheEnrollmentWasDisabledMeanwhile) {
  bench.cache.put(individual("dev-1"));
  const auto token = bench.accept("dev-1");
  bench.hub_answers(Errc::unavailable);
  auto record = individual("dev-1");
  record.provisioning.status = domain::ProvisioningStatus::disabled;
  bench.cache.put(record);
  bench.pass_to_wake();
  CHECK_FALSE(bench.wants<ApplyToHub>());
  const JournalOutcome outcome = bench.journal_outcome();
  CHECK_TRUE(outcome.entry.kind == domain::OutboxEntry::Kind::failed_attempt);
  // The hub did not answer: something may stand there.
  LONGS_EQUAL(1, outcome.cleanup.size());
  CHECK_TRUE(bench.operation_reply(token).status.status == RegistrationStatus::assigning);
}

TEST(RegistrationEngine, StopsWhenTheGroupWasDeletedOrAnIndividualBlocksMeanwhile) {
  for (const bool deleted : {true, false}) {
    EngineBench b;
    b.cache.put(symmetric_group("line"));
    b.register_device("dev-9", domain::derive_device_key(key(8), "dev-9", b.crypto));
    b.answer_look_back();
    b.journal_intent();
    b.hub_answers(Errc::unavailable);
    if (deleted) {
      b.cache.groups.clear();
    } else {
      b.cache.stubs.insert("dev-9");
    }
    b.pass_to_wake();
    CHECK_FALSE(b.wants<ApplyToHub>());
    CHECK_TRUE(b.journal_outcome().entry.kind == domain::OutboxEntry::Kind::failed_attempt);
  }
}

TEST(RegistrationEngine, WaitsWithAnAcceptedDeviceWhileThePermitIsOver) {
  bench.cache.put(individual("dev-1"));
  bench.accept("dev-1");
  bench.hub_answers(Errc::unavailable);
  bench.admission.refuse_going_on = "the permit expired";
  bench.pass_to_wake();
  CHECK_FALSE(bench.wants<ApplyToHub>());
  bench.admission.refuse_going_on.reset();
  bench.pass_to_wake();
  CHECK_TRUE(bench.wants<ApplyToHub>());
}

// ---- The journal's word ----

TEST(RegistrationEngine, DecidesAnewWhenTheEnrollmentChangedBeforeTheJournal) {
  bench.cache.put(individual("dev-1"));
  const auto token = bench.register_device("dev-1");
  bench.answer_look_back();
  const auto first = bench.take_one<JournalIntent>();
  auto record = individual("dev-1");
  record.provisioning.iot_hubs = {not_the(bench, hub_of(bench, "dev-1")).host_name};
  bench.cache.put(record);
  bench.take_in(bench.engine().on_journaled(first.operation,
                                            Error{Errc::version_mismatch, "changed meanwhile"}));
  const auto second = bench.journal_intent();
  CHECK_TRUE(second.intent.hub_id != first.intent.hub_id);
  LONGS_EQUAL(2, second.intent.enrollment.version);
  CHECK_TRUE(second.intent.arrival == first.intent.arrival);
  CHECK_TRUE(bench.operation_reply(token).status.status == RegistrationStatus::assigning);
}

TEST(RegistrationEngine, RefusesWhenTheEnrollmentWasDisabledBeforeTheJournal) {
  bench.cache.put(individual("dev-1"));
  const auto token = bench.register_device("dev-1");
  bench.answer_look_back();
  const auto first = bench.take_one<JournalIntent>();
  auto record = individual("dev-1");
  record.provisioning.status = domain::ProvisioningStatus::disabled;
  bench.cache.put(record);
  bench.take_in(bench.engine().on_journaled(first.operation,
                                            Error{Errc::version_mismatch, "changed meanwhile"}));
  bench.check_refused(token, Errc::disabled);
  LONGS_EQUAL(0, bench.engine().operations());
}

TEST(RegistrationEngine, DecidesAnewOnlySoOften) {
  bench.cache.put(individual("dev-1"));
  const auto token = bench.register_device("dev-1");
  bench.answer_look_back();
  for (int i = 0; i < kMaxDecisionRounds; ++i) {
    CHECK_FALSE(bench.reply_to(token).has_value());
    const auto wanted = bench.take_one<JournalIntent>();
    bench.take_in(bench.engine().on_journaled(wanted.operation,
                                              Error{Errc::version_mismatch, "changed meanwhile"}));
  }
  CHECK_FALSE(bench.wants<JournalIntent>());
  bench.check_refused(token, Errc::unavailable);
}

TEST(RegistrationEngine, AcceptsNothingThatTheJournalDidNotTake) {
  for (const Errc code : {Errc::io, Errc::unavailable}) {
    EngineBench b;
    b.cache.put(individual("dev-1"));
    const auto token = b.register_device("dev-1");
    b.answer_look_back();
    const auto wanted = b.take_one<JournalIntent>();
    b.take_in(b.engine().on_journaled(wanted.operation, Error{code, "disk or permit"}));
    b.check_refused(token, code);
    CHECK_FALSE(b.wants<ApplyToHub>());
    LONGS_EQUAL(0, b.engine().operations());
  }
}

TEST(RegistrationEngine, PutsADeviceOffWhenTheJournalHasNoRoomAndAcceptsItLater) {
  bench.cache.put(individual("dev-1"));
  const auto token = bench.register_device("dev-1");
  bench.answer_look_back();
  const auto wanted = bench.take_one<JournalIntent>();
  bench.take_in(bench.engine().on_journaled(wanted.operation, Error{Errc::throttled, "no room"}));
  const OperationReply later = bench.operation_reply(token);
  CHECK_TRUE(later.status.status == RegistrationStatus::assigning);
  CHECK_TRUE(later.retry_after == kOverloadRetryAfter);
  LONGS_EQUAL(0, bench.engine().operations());

  const auto polled = bench.poll("dev-1", later.status.operation_id);
  bench.journal_intent();
  CHECK_TRUE(bench.operation_reply(polled).retry_after == kRetryAfter);
  CHECK_TRUE(bench.wants<ApplyToHub>());
}

TEST(RegistrationEngine, TriesToJournalAnOutcomeUntilItIsTaken) {
  bench.cache.put(individual("dev-1"));
  const auto token = bench.accept("dev-1");
  const std::string operation = bench.operation_reply(token).status.operation_id;
  bench.hub_takes_it();
  const auto wanted = bench.take_one<JournalOutcome>();
  bench.take_in(bench.engine().on_journaled(wanted.operation, Error{Errc::io, "disk full"}));
  CHECK_TRUE(bench.operation_reply(bench.poll("dev-1", operation)).status.status ==
             RegistrationStatus::assigning);
  bench.pass_to_wake();
  bench.journal_outcome();
  CHECK_TRUE(bench.operation_reply(bench.poll("dev-1", operation)).status.status ==
             RegistrationStatus::assigned);
}

// ---- Devices that come again ----

TEST(RegistrationEngine, RefreshesTheCredentialsOfADeviceThatStays) {
  const domain::LinkedHub home = hub_of(bench, "dev-1");
  bench.cache.put(individual("dev-1"));
  bench.cache.put(assigned("dev-1", home));
  bench.accept("dev-1");
  const ApplyToHub wanted = bench.hub_takes_it("etag-2");
  CHECK_TRUE(wanted.hub.hub_id == home.hub_id);
  CHECK_FALSE(wanted.identity.replace_twin);
  const JournalOutcome outcome = bench.journal_outcome();
  CHECK_TRUE(outcome.cleanup.empty());
  CHECK_TRUE(outcome.entry.registration.created == kNow - std::chrono::hours{24});
  STRCMP_EQUAL("etag-2", outcome.entry.registration.hub_etag.c_str());
  for (const Count& count : bench.take<Count>()) {
    CHECK_TRUE(count.what != Count::What::device_assignment);
  }
}

TEST(RegistrationEngine, MovesADeviceWithItsDataAndCleansUpBehindIt) {
  place_elsewhere(bench, "dev-1", {true, true});
  const domain::LinkedHub home = hub_of(bench, "dev-1");
  bench.accept("dev-1");
  CHECK_FALSE(bench.wants<ApplyToHub>());
  const ReadTwin read = bench.take_one<ReadTwin>();
  CHECK_TRUE(read.hub.hub_id == not_the(bench, home).hub_id);
  berth::hub::HubOutcome twin;
  twin.twin.desired = R"({"interval":99})";
  bench.take_in(bench.engine().on_hub_outcome(read.operation, twin));
  const ApplyToHub wanted = bench.hub_takes_it();
  CHECK_TRUE(wanted.hub.hub_id == home.hub_id);
  STRCMP_EQUAL(R"({"interval":99})", wanted.identity.twin.desired.c_str());
  CHECK_TRUE(wanted.identity.replace_twin);

  const JournalOutcome outcome = bench.journal_outcome();
  CHECK_TRUE(outcome.entry.registration.substatus == RegistrationSubstatus::device_data_migrated);
  LONGS_EQUAL(1, outcome.cleanup.size());
  CHECK_TRUE(outcome.cleanup[0].hub_id == read.hub.hub_id);
  STRCMP_EQUAL("etag-of-old", outcome.cleanup[0].hub_etag.c_str());
}

TEST(RegistrationEngine, MovesADeviceWithAFreshTwin) {
  place_elsewhere(bench, "dev-1", {true, false});
  bench.accept("dev-1");
  CHECK_FALSE(bench.wants<ReadTwin>());
  const ApplyToHub wanted = bench.hub_takes_it();
  STRCMP_EQUAL(R"({"interval":30})", wanted.identity.twin.desired.c_str());
  CHECK_TRUE(wanted.identity.replace_twin);
  CHECK_TRUE(bench.journal_outcome().entry.registration.substatus ==
             RegistrationSubstatus::device_data_reset);
}

TEST(RegistrationEngine, LeavesADeviceWhereItIsUnderThePolicyNever) {
  place_elsewhere(bench, "dev-1", {false, false});
  const domain::HubId before = bench.cache.registrations["dev-1"].registration->record.hub_id;
  bench.accept("dev-1");
  CHECK_TRUE(bench.hub_takes_it().hub.hub_id == before);
  CHECK_TRUE(bench.journal_outcome().cleanup.empty());
}

TEST(RegistrationEngine, WaitsWithAMoveWhileTheOldHubIsAway) {
  place_elsewhere(bench, "dev-1", {true, true});
  bench.accept("dev-1");
  const ReadTwin read = bench.take_one<ReadTwin>();
  bench.take_in(bench.engine().on_hub_outcome(read.operation, Error{Errc::timed_out, "away"}));
  CHECK_FALSE(bench.wants<ApplyToHub>());
  bench.pass_to_wake();
  CHECK_TRUE(bench.wants<ReadTwin>());
}

TEST(RegistrationEngine, MovesWithTheInitialTwinIfTheOldHubHasNone) {
  place_elsewhere(bench, "dev-1", {true, true});
  bench.accept("dev-1");
  const ReadTwin read = bench.take_one<ReadTwin>();
  bench.take_in(bench.engine().on_hub_outcome(read.operation, Error{Errc::not_found, "none"}));
  STRCMP_EQUAL(R"({"interval":30})", bench.hub_takes_it().identity.twin.desired.c_str());
  CHECK_TRUE(bench.journal_outcome().entry.registration.substatus ==
             RegistrationSubstatus::device_data_reset);
}

TEST(RegistrationEngine, TellsADeviceWhoseHubWasUnlinkedThatItsDataDidNotComeAlong) {
  place_elsewhere(bench, "dev-1", {true, true});
  bench.cache.linked = {hub_of(bench, "dev-1")};
  bench.accept("dev-1");
  CHECK_FALSE(bench.wants<ReadTwin>());
  STRCMP_EQUAL(R"({"interval":30})", bench.hub_takes_it().identity.twin.desired.c_str());
  CHECK_TRUE(bench.journal_outcome().entry.registration.substatus ==
             RegistrationSubstatus::device_data_reset);
}

TEST(RegistrationEngine, KeepsTheAssignmentOfAMoveThatFails) {
  place_elsewhere(bench, "dev-1", {true, false});
  const domain::Registration before = bench.cache.registrations["dev-1"].registration->record;
  const auto token = bench.accept("dev-1");
  bench.hub_answers(Errc::hub_refused);
  const JournalOutcome outcome = bench.journal_outcome();
  CHECK_TRUE(outcome.entry.kind == domain::OutboxEntry::Kind::failed_attempt);
  CHECK_TRUE(outcome.cleanup.empty());
  STRCMP_EQUAL(before.assigned_hub.c_str(),
               bench.cache.registrations["dev-1"].registration->record.assigned_hub.c_str());
  const std::string operation = bench.operation_reply(token).status.operation_id;
  CHECK_TRUE(bench.operation_reply(bench.poll("dev-1", operation)).status.status ==
             RegistrationStatus::failed);
}

// ---- Room ----

TEST(RegistrationEngine, PutsADeviceOffWhenAllOperationsAreTakenAndOpensItsOperationLater) {
  bench.settings.max_operations = 2;
  for (const char* id : {"dev-1", "dev-2", "dev-3"}) bench.cache.put(individual(id));
  bench.accept("dev-1");
  bench.accept("dev-2");
  const auto token = bench.register_device("dev-3");
  bench.answer_look_back();
  const OperationReply later = bench.operation_reply(token);
  CHECK_TRUE(later.status.status == RegistrationStatus::assigning);
  LONGS_EQUAL(kOverloadRetryAfter.count(), later.retry_after.count());
  CHECK_TRUE(parse_operation_id(later.status.operation_id)->guid == kUnopenedGuid);

  // Still no room.
  CHECK_TRUE(bench.operation_reply(bench.poll("dev-3", later.status.operation_id)).retry_after ==
             kOverloadRetryAfter);
  for (const ApplyToHub& wanted : bench.take<ApplyToHub>()) {
    bench.take_in(
        bench.engine().on_hub_outcome(wanted.operation, berth::hub::HubOutcome{"e", false, {}}));
  }
  for (const JournalOutcome& wanted : bench.take<JournalOutcome>()) {
    bench.write_outcome(wanted);
    bench.take_in(bench.engine().on_journaled(wanted.operation, {}));
  }
  const auto polled = bench.poll("dev-3", later.status.operation_id);
  bench.journal_intent();
  CHECK_TRUE(bench.operation_reply(polled).retry_after == kRetryAfter);
  bench.hub_takes_it();
  bench.journal_outcome();
  // The device may go on asking by the name that it was given first.
  CHECK_TRUE(bench.operation_reply(bench.poll("dev-3", later.status.operation_id)).status.status ==
             RegistrationStatus::assigned);
}

// ---- Crashes ----

TEST(RegistrationEngine, GoesOnAfterARestartWithTheArrivalAndTheOperationKept) {
  bench.cache.put(individual("dev-1"));
  const auto token = bench.accept("dev-1");
  const std::string operation = bench.operation_reply(token).status.operation_id;
  const WallTime arrival = bench.journal.at("dev-1").intent.arrival;
  bench.clock.advance(std::chrono::seconds{50});
  bench.restart(bench.journaled());
  CHECK_TRUE(bench.operation_reply(bench.poll("dev-1", operation)).status.status ==
             RegistrationStatus::assigning);
  bench.pass_to_wake();
  bench.hub_takes_it();
  CHECK_TRUE(bench.journal_outcome().entry.registration.arrival == arrival);
  const auto status = bench.operation_reply(bench.poll("dev-1", operation)).status;
  CHECK_TRUE(status.status == RegistrationStatus::assigned);
  STRCMP_EQUAL(operation.c_str(), status.operation_id.c_str());
}

TEST(RegistrationEngine, RestoresMoreThanItWouldOpen) {
  bench.settings.max_operations = 1;
  bench.cache.put(individual("dev-1"));
  bench.cache.put(individual("dev-2"));
  bench.accept("dev-1");
  JournaledIntent second = bench.journal.at("dev-1");
  second.intent.registration_id = rid("dev-2");
  std::vector<JournaledIntent> intents = bench.journaled();
  intents.push_back(second);
  bench.restart(intents);
  LONGS_EQUAL(2, bench.engine().operations());
  bench.pass(kFirstRetry);
  LONGS_EQUAL(2, bench.take<ApplyToHub>().size());
}

// A device that moves with its data: the gateway is killed after every step in turn, once before
// and once after the answer to the last action took effect. It always ends in the same place.
TEST(RegistrationEngine, EndsInTheSamePlaceWhateverTheStepItIsKilledAfter) {
  for (int killed_after = 0; killed_after < 6; ++killed_after) {
    EngineBench b;
    place_elsewhere(b, "dev-1", {true, true});
    const domain::LinkedHub home = hub_of(b, "dev-1");
    const WallTime arrival = b.clock.wall();
    b.register_device("dev-1");
    bool was_killed = false;
    int step = 0;
    int outcomes = 0;
    const auto kill_here = [&] {
      if (was_killed || step++ != killed_after) return false;
      was_killed = true;
      b.restart(b.journaled());
      return true;
    };
    for (int turn = 0; turn < 40 && outcomes == 0; ++turn) {
      if (b.wants<JournalIntent>()) {
        if (kill_here()) continue;
        b.journal_intent();
        kill_here();
      } else if (b.wants<ReadTwin>()) {
        if (kill_here()) continue;
        berth::hub::HubOutcome twin;
        twin.twin.desired = R"({"interval":99})";
        b.take_in(b.engine().on_hub_outcome(b.take_one<ReadTwin>().operation, twin));
      } else if (b.wants<ApplyToHub>()) {
        if (kill_here()) continue;
        STRCMP_EQUAL(R"({"interval":99})", b.hub_takes_it().identity.twin.desired.c_str());
        kill_here();
      } else if (b.wants<JournalOutcome>()) {
        if (kill_here()) continue;
        const JournalOutcome outcome = b.journal_outcome();
        CHECK_TRUE(outcome.entry.registration.hub_id == home.hub_id);
        CHECK_TRUE(outcome.entry.registration.arrival == arrival);
        LONGS_EQUAL(1, outcome.cleanup.size());
        ++outcomes;
      } else if (b.engine().next_wake()) {
        b.pass_to_wake();
      } else {
        // Killed before it was accepted: nothing is owed, and the device registers again.
        CHECK_TRUE(b.journal.empty());
        LONGS_EQUAL(0, killed_after);
        break;
      }
    }
    CHECK_TRUE(was_killed);
    LONGS_EQUAL(killed_after == 0 ? 0 : 1, outcomes);
    CHECK_TRUE(b.journal.empty());
  }
}
