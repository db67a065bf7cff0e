#include "gateway/core/registration/outcomes.hpp"

#include "gateway/core/registration/hub_attempts.hpp"
#include "tests/unit/gateway/core/registration/engine_bench.hpp"

using namespace berth;
using namespace berth::gateway;
using namespace berth::testing;

TEST_GROUP(Outcomes) {
  domain::Intent intent;
  const domain::IdScope tenant{"0ne00LAB001"};
  const domain::GatewayId gateway{"gw-1"};

  void setup() override {
    intent.registration_id = rid("dev-1");
    intent.device_id = domain::DeviceId("dev-1");
    intent.enrollment = {true, "grp", 4};
    intent.arrival = kNow;
    domain::add_check(intent.decision, "proof", domain::CheckResult::passed);
    begin_attempt(intent, domain::HubId("a"), "a.test", kNow);
    note_failure(intent, Error{Errc::hub_full, "full"}, kNow);
    begin_attempt(intent, domain::HubId("b"), "b.test", kNow);
  }
};

TEST(Outcomes, AnAssignmentTellsTheHubsThatWereTried) {
  const auto entry = assigned_outcome(tenant, intent, gateway, {}, "etag", kNow);
  CHECK_TRUE(entry.kind == domain::OutboxEntry::Kind::assigned);
  STRCMP_EQUAL("b.test", entry.registration.assigned_hub.c_str());
  const auto& decision = entry.registration.decision;
  LONGS_EQUAL(1, decision.checks.size());
  LONGS_EQUAL(2, decision.attempts.size());
  STRCMP_EQUAL("full", decision.attempts[0].end.c_str());
  STRCMP_EQUAL("b.test", decision.attempts[1].host_name.c_str());
  STRCMP_EQUAL("", decision.attempts[1].end.c_str());
}

TEST(Outcomes, AnAssignmentTellsByWhichKeyTheDeviceProvedItself) {
  intent.credential_id = "s4-17";
  const auto entry = assigned_outcome(tenant, intent, gateway, {}, "etag", kNow);
  STRCMP_EQUAL("s4-17", entry.registration.credential_id.c_str());
}

TEST(Outcomes, AnAssignmentKeepsWhatOutlivesIt) {
  KnownRegistration known;
  domain::Registration before = assigned("DEV-1", linked_hub("a"));
  before.last_attempt = domain::FailedAttempt{kNow, 401002, "no", "a wrong key", {}};
  known.registration = {before, 3};
  const auto entry = assigned_outcome(tenant, intent, gateway, known, "etag", kNow);
  STRCMP_EQUAL("DEV-1", entry.registration.registration_id.str().c_str());
  CHECK_TRUE(entry.registration.created == before.created);
  CHECK_TRUE(entry.registration.updated == kNow);
  LONGS_EQUAL(401002, entry.registration.last_attempt->error_code);
}

TEST(Outcomes, AFailureIsRecordedWithItsTraceAndNamesNoHub) {
  const auto entry =
      failed_outcome(tenant, intent, gateway, Error{Errc::allocation_failed, "404"}, kNow);
  CHECK_TRUE(entry.kind == domain::OutboxEntry::Kind::failed_attempt);
  CHECK_TRUE(entry.registration.hub_id.empty());
  const domain::FailedAttempt& attempt = *entry.registration.last_attempt;
  LONGS_EQUAL(400207, attempt.error_code);
  STRCMP_EQUAL("404", attempt.reason.c_str());
  LONGS_EQUAL(2, attempt.decision.attempts.size());
  STRCMP_EQUAL("it was not begun, or its end is not known",
               attempt.decision.attempts[1].end.c_str());
}
