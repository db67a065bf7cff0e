#include "gateway/core/registration/provisioner.hpp"

#include "tests/unit/gateway/core/registration/engine_bench.hpp"

using namespace berth;
using namespace berth::gateway;
using namespace berth::testing;
using domain::RegistrationStatus;
using domain::RegistrationSubstatus;
using std::chrono::seconds;

namespace {

constexpr const char* kTwin = R"({"from":"enrollment"})";

domain::IndividualEnrollment chosen_by_webhook(const std::string& id) {
  domain::IndividualEnrollment out = individual(id);
  out.provisioning.allocation_policy = domain::AllocationPolicy::custom;
  out.provisioning.custom_allocation =
      domain::CustomAllocation{"https://alloc.test/pick?code=c", "2021-10-01"};
  out.provisioning.initial_twin.tags = kTwin;
  return out;
}

}  // namespace

// Custom allocation (service API 3), on the way of an accepted operation.
TEST_GROUP(Provisioner) {
  EngineBench bench;

  void setup() override {
    bench.cache.put(chosen_by_webhook("dev-1"));
  }

  domain::CustomAllocationAnswer answer(const std::string& hub) {
    return {linked_hub(hub).host_name, std::nullopt, R"({"hello":1})"};
  }
  // To the webhook, by a device that is in hub `from`.
  void return_from(const std::string& from, domain::ReprovisionPolicy policy) {
    auto record = chosen_by_webhook("dev-1");
    record.provisioning.reprovision_policy = policy;
    bench.cache.put(record);
    auto before = assigned("dev-1", linked_hub(from));
    before.payload = R"({"from":"before"})";
    bench.cache.put(before);
    bench.accept("dev-1");
  }
  // The pause before the next call.
  std::chrono::nanoseconds pause_after(Errc code) {
    bench.webhook_answers(Error{code, "as the test has it"});
    return bench.pass_to_wake();
  }
  JournalOutcome failed_by(const Error& error) {
    bench.accept("dev-1");
    bench.webhook_answers(error);
    return bench.journal_outcome();
  }
};

TEST(Provisioner, AcceptsFirstThenAsksTheWebhookAndJournalsItsChoiceBeforeTheHub) {
  const auto token = bench.register_device("dev-1");
  bench.answer_look_back();
  CHECK_FALSE(bench.wants<AskAllocation>());
  const JournalIntent accepted = bench.journal_intent();
  CHECK_TRUE(accepted.intent.hub_id.empty());
  CHECK_TRUE(accepted.intent.allocation.has_value());
  CHECK_TRUE(bench.operation_reply(token).status.status == RegistrationStatus::assigning);

  const AskAllocation asked = bench.webhook_answers(answer("b"));
  STRCMP_EQUAL("https://alloc.test/pick?code=c", asked.request.webhook.webhook_url.c_str());
  STRCMP_EQUAL("dev-1", asked.request.registration_id.str().c_str());
  LONGS_EQUAL(2, asked.request.linked_hubs.size());
  CHECK_TRUE(asked.request.current_hub.empty());
  CHECK_TRUE(std::holds_alternative<domain::IndividualEnrollment>(asked.request.enrollment));
  CHECK_FALSE(bench.wants<ApplyToHub>());

  const JournalIntent chosen = bench.journal_intent();
  CHECK_TRUE(chosen.intent.hub_id == linked_hub("b").hub_id);
  CHECK_FALSE(chosen.intent.allocation.has_value());
  const ApplyToHub wanted = bench.hub_takes_it();
  CHECK_TRUE(wanted.hub.hub_id == linked_hub("b").hub_id);
  STRCMP_EQUAL(kTwin, wanted.identity.twin.tags.c_str());
  const domain::Registration outcome = bench.journal_outcome().entry.registration;
  STRCMP_EQUAL(R"({"hello":1})", outcome.payload.c_str());
  CHECK_TRUE(outcome.decision.policy == domain::AllocationPolicy::custom);
  STRCMP_EQUAL("chosen by the webhook", outcome.decision.reason.c_str());
  LONGS_EQUAL(1, outcome.decision.attempts.size());
}

TEST(Provisioner, GivesTheWebhookTheDevicesPayloadAndWhereTheDeviceIs) {
  return_from("a", {true, true});
  const AskAllocation asked = bench.take_one<AskAllocation>();
  STRCMP_EQUAL(linked_hub("a").host_name.c_str(), asked.request.current_hub.c_str());
  STRCMP_EQUAL("dev-1", asked.request.current_device_id.str().c_str());

  bench.cache.put(chosen_by_webhook("dev-2"));
  RegisterRequest with_payload{0, bench.claim("dev-2"), {}};
  with_payload.body.payload = R"({"model":"m1"})";
  bench.submit(with_payload);
  bench.answer_look_back();
  bench.journal_intent();
  STRCMP_EQUAL(R"({"model":"m1"})", bench.take_one<AskAllocation>().request.payload.c_str());
}

TEST(Provisioner, TakesTheWebhooksTwinOnAFirstAssignmentAndUnderTheResetPolicyAlone) {
  domain::CustomAllocationAnswer with_twin = answer("b");
  with_twin.initial_twin = domain::InitialTwin{R"({"from":"webhook"})", {}};
  bench.accept("dev-1");
  bench.webhook_answers(with_twin);
  bench.journal_intent();
  STRCMP_EQUAL(R"({"from":"webhook"})", bench.hub_takes_it().identity.twin.tags.c_str());
  bench.journal_outcome();

  EngineBench resetting;
  bench.cache = resetting.cache;
  return_from("a", {true, false});
  bench.webhook_answers(with_twin);
  bench.journal_intent();
  STRCMP_EQUAL(R"({"from":"webhook"})", bench.hub_takes_it().identity.twin.tags.c_str());
}

TEST(Provisioner, LeavesTheWebhooksTwinAsideWhereTheDevicesOwnComesAlong) {
  domain::CustomAllocationAnswer with_twin = answer("b");
  with_twin.initial_twin = domain::InitialTwin{R"({"from":"webhook"})", {}};
  return_from("a", {true, true});
  bench.webhook_answers(with_twin);
  bench.journal_intent();
  berth::hub::HubOutcome own;
  own.twin.tags = R"({"from":"device"})";
  bench.take_in(bench.engine().on_hub_outcome(bench.take_one<ReadTwin>().operation, own));
  STRCMP_EQUAL(R"({"from":"device"})", bench.hub_takes_it().identity.twin.tags.c_str());
  CHECK_TRUE(bench.journal_outcome().entry.registration.substatus ==
             RegistrationSubstatus::device_data_migrated);
}

TEST(Provisioner, AsksNobodyForADeviceThatNeverMovesAndRepeatsWhatItWasGiven) {
  return_from("a", {false, false});
  CHECK_FALSE(bench.wants<AskAllocation>());
  CHECK_TRUE(bench.hub_takes_it().hub.hub_id == linked_hub("a").hub_id);
  STRCMP_EQUAL(R"({"from":"before"})", bench.journal_outcome().entry.registration.payload.c_str());
}

TEST(Provisioner, StaysAssigningWhileTheWebhookIsDownAndAsksTenTimesMore) {
  const auto token = bench.accept("dev-1");
  for (int retry = 0; retry < 10; ++retry) {
    const auto pause = pause_after(retry % 2 == 0 ? Errc::unavailable : Errc::timed_out);
    CHECK_TRUE(pause == seconds{1 + 9 * retry});
    CHECK_TRUE(
        bench.operation_reply(bench.poll("dev-1", bench.operation_reply(token).status.operation_id))
            .status.status == RegistrationStatus::assigning);
  }
  bench.webhook_answers(Error{Errc::unavailable, "503"});
  const JournalOutcome outcome = bench.journal_outcome();
  CHECK_TRUE(outcome.entry.kind == domain::OutboxEntry::Kind::failed_attempt);
  LONGS_EQUAL(400207, outcome.entry.registration.last_attempt->error_code);
  LONGS_EQUAL(0, outcome.cleanup.size());
}

TEST(Provisioner, FailsWithTheCodesOfTheFailureTable) {
  const auto code_of = [](const JournalOutcome& outcome) {
    CHECK_TRUE(outcome.entry.kind == domain::OutboxEntry::Kind::failed_attempt);
    return outcome.entry.registration.last_attempt->error_code;
  };
  LONGS_EQUAL(400207, code_of(failed_by({Errc::allocation_failed, "404"})));
  LONGS_EQUAL(400209, code_of(failed_by({Errc::allocation_unauthorized, "401"})));
  bench.accept("dev-1");
  bench.webhook_answers(domain::CustomAllocationAnswer{});
  LONGS_EQUAL(400208, code_of(bench.journal_outcome()));
  bench.accept("dev-1");
  bench.webhook_answers(domain::CustomAllocationAnswer{"other.test", std::nullopt, {}});
  LONGS_EQUAL(400207, code_of(bench.journal_outcome()));
}

TEST(Provisioner, TriesNoOtherHubThanTheOneThatTheWebhookChose) {
  bench.accept("dev-1");
  bench.webhook_answers(answer("b"));
  bench.journal_intent();
  bench.hub_answers(Errc::hub_full);
  CHECK_TRUE(bench.journal_outcome().entry.kind == domain::OutboxEntry::Kind::failed_attempt);
}

TEST(Provisioner, AsksAgainAfterACrashOnlyUntilTheAnswerIsDurable) {
  bench.accept("dev-1");
  bench.take_one<AskAllocation>();
  bench.restart(bench.journaled());
  bench.pass_to_wake();
  bench.webhook_answers(answer("a"));
  bench.journal_intent();
  bench.restart(bench.journaled());
  bench.pass_to_wake();
  CHECK_FALSE(bench.wants<AskAllocation>());
  CHECK_TRUE(bench.hub_takes_it().hub.hub_id == linked_hub("a").hub_id);
  STRCMP_EQUAL(R"({"hello":1})", bench.journal_outcome().entry.registration.payload.c_str());
}

TEST(Provisioner, GoesByTheEnrollmentAsItIsWhenTheNextCallIsDue) {
  bench.accept("dev-1");
  bench.cache.put(individual("dev-1"));  // hashed now
  bench.webhook_answers(Error{Errc::unavailable, "down"});
  bench.pass_to_wake();
  CHECK_FALSE(bench.wants<AskAllocation>());
  bench.journal_intent();
  bench.hub_takes_it();
  const domain::Registration outcome = bench.journal_outcome().entry.registration;
  CHECK_TRUE(outcome.decision.policy == domain::AllocationPolicy::hashed);
  STRCMP_EQUAL("", outcome.payload.c_str());
}

TEST(Provisioner, EndsWithAnEnrollmentThatWasDisabledWhileTheWebhookWasAsked) {
  bench.accept("dev-1");
  auto record = chosen_by_webhook("dev-1");
  record.provisioning.status = domain::ProvisioningStatus::disabled;
  bench.cache.put(record);
  bench.webhook_answers(answer("a"));
  CHECK_TRUE(bench.journal_outcome().entry.kind == domain::OutboxEntry::Kind::failed_attempt);
  CHECK_FALSE(bench.wants<ApplyToHub>());
}

TEST(Provisioner, IgnoresAnAnswerThatNobodyWaitsFor) {
  bench.accept("dev-1");
  const AskAllocation asked = bench.webhook_answers(answer("a"));
  bench.journal_intent();
  bench.take_in(bench.engine().on_allocation(asked.operation, answer("b")));
  CHECK_TRUE(bench.hub_takes_it().hub.hub_id == linked_hub("a").hub_id);
}
