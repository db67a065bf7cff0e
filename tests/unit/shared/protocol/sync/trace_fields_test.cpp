#include <CppUTest/TestHarness.h>

#include "shared/protocol/sync/record_codec.hpp"
#include "shared/protocol/sync/wire_fields.hpp"
#include "tests/unit/shared/protocol/sync/sample_records.hpp"

using namespace berth;
using namespace berth::sync;
using namespace berth::testing;

namespace {

domain::DecisionTrace trace() {
  domain::DecisionTrace out;
  add_check(out, "SAS token", domain::CheckResult::passed, "the token is for this device");
  add_check(out, "group key", domain::CheckResult::failed, "it fits no group's key");
  add_check(out, "group enabled", domain::CheckResult::not_reached);
  out.checks_left_out = 2;
  out.policy_source = domain::PolicySource::service_default;
  out.policy = domain::AllocationPolicy::geo_latency;
  add_candidate(out, {domain::HubId("hub-1"), "hub-a.example", 7, std::chrono::microseconds(1500),
                      std::uint64_t{1} << 63U, "refused it"});
  add_candidate(out, {domain::HubId("hub-2"), "hub-b.example", 1, std::nullopt, std::nullopt, {}});
  out.candidates_left_out = 3;
  out.hub_id = domain::HubId("hub-2");
  out.host_name = "hub-b.example";
  out.reason = "nearest";
  add_attempt(out, {"hub-a.example", at(1700000011), "full"});
  out.attempts_left_out = 4;
  out.hub_call = "creates the device";
  return out;
}

}  // namespace

TEST_GROUP(TraceFields){};

TEST(TraceFields, KeepEveryFieldBesideARegistrationAndItsLastAttempt) {
  domain::Registration before = registration();
  before.decision = trace();
  before.last_attempt.emplace().decision = trace();
  before.last_attempt->decision.policy.reset();
  const auto after = decode<domain::Registration>(encode(before));
  CHECK_TRUE(after.has_value());
  CHECK_TRUE(after->decision == before.decision);
  CHECK_TRUE(after->last_attempt->decision == before.last_attempt->decision);
}

TEST(TraceFields, KeepEveryFieldOfAnIntentAndOfTheAllocationThatItAwaits) {
  domain::Intent before = intent();
  before.decision = trace();
  before.allocation = domain::AwaitedAllocation{{1}, {2}, {3}, {4}};
  const auto after = decode<domain::Intent>(encode(before));
  CHECK_TRUE(after.has_value());
  CHECK_TRUE(after->decision == before.decision);
  CHECK_TRUE(after->allocation == before.allocation);
}

TEST(TraceFields, CostNothingWhereThereIsNoDecision) {
  wire::Registration message;
  put(registration(), message);
  CHECK_FALSE(message.has_decision());
  CHECK_FALSE(message.last_attempt().has_decision());
}

TEST(TraceFields, RefuseNumbersThatNobodyWrites) {
  domain::DecisionTrace out;
  wire::DecisionTrace message;
  message.set_policy_source(3);
  message.set_policy(3);
  message.add_checks()->set_result(2);
  CHECK_TRUE(take(message, out));
  message.set_policy_source(4);
  CHECK_FALSE(take(message, out));
  message.set_policy_source(0);
  message.set_policy(4);
  CHECK_FALSE(take(message, out));
  message.set_policy(0);
  message.mutable_checks(0)->set_result(3);
  CHECK_FALSE(take(message, out));
}

TEST(TraceFields, RefuseMoreThanTheLimits) {
  const auto fits = [](int checks, int candidates, int attempts) {
    wire::DecisionTrace message;
    for (int i = 0; i < checks; ++i) message.add_checks();
    for (int i = 0; i < candidates; ++i) message.add_candidates();
    for (int i = 0; i < attempts; ++i) message.add_attempts();
    domain::DecisionTrace out;
    return take(message, out);
  };
  CHECK_TRUE(fits(domain::kMaxTraceChecks, domain::kMaxTraceCandidates, domain::kMaxTraceAttempts));
  CHECK_FALSE(fits(domain::kMaxTraceChecks + 1, 0, 0));
  CHECK_FALSE(fits(0, domain::kMaxTraceCandidates + 1, 0));
  CHECK_FALSE(fits(0, 0, domain::kMaxTraceAttempts + 1));
}
