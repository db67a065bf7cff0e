#include <string>

#include <CppUTest/TestHarness.h>

#include "coordinator/store/record_writes.hpp"
#include "shared/protocol/sync/record_codec.hpp"
#include "shared/store/index_terms.hpp"
#include "tests/unit/coordinator/api/api_fixture.hpp"

using namespace berth;
using berth::testing::Answer;

namespace {

const std::string kRegistrations = "/berth/v1/registrations";

}  // namespace

TEST_GROUP(AdminRegistrations) {
  berth::testing::ApiFixture fixture;

  void take_in(const std::string& id, const std::string& group) {
    domain::Registration record;
    record.registration_id = *domain::RegistrationId::parse(id);
    record.status = domain::RegistrationStatus::failed;
    record.enrollment.is_group = !group.empty();
    record.enrollment.id = group;
    record.gateway_id = domain::GatewayId("g1");
    record.last_attempt =
        domain::FailedAttempt{fixture.clock.wall(), 401002, "Unauthorized", "leaf expired"};
    store::Change change;
    change.table = store::Table::registration;
    change.id = record.registration_id.folded();
    change.body = sync::encode(record);
    change.terms = store::terms_of(record);
    CHECK(coordinator::commit_change(fixture.store, fixture.tenant, change).has_value());
  }
};

TEST(AdminRegistrations, ListsAllByPages) {
  take_in("dev-1", "");
  take_in("dev-2", "grp-1");
  const Answer first = fixture.call("GET", kRegistrations + "?maxItemCount=1");
  CHECK_EQUAL(1U, first.rows().size());
  const Answer second = fixture.call(
      "GET", kRegistrations + "?maxItemCount=1&continuation=" + first.member("continuation"));
  CHECK_EQUAL(1U, second.rows().size());
  CHECK_FALSE(second.has("continuation"));
}

TEST(AdminRegistrations, ListsThoseOfOneGroup) {
  take_in("dev-1", "");
  take_in("dev-2", "grp-1");
  CHECK_EQUAL(1U, fixture.call("GET", kRegistrations + "?enrollmentGroupId=GRP-1").rows().size());
}

TEST(AdminRegistrations, ListsTheRefusedDevicesBehindTheRegisteredOnes) {
  take_in("dev-1", "grp-1");
  domain::LastAttempt last;
  last.registration_id = *domain::RegistrationId::parse("dev-2");
  last.attempt = {fixture.clock.wall(), 401002, "Unauthorized", "leaf expired"};
  last.enrollment = {true, "grp-1", 1};
  store::Change change;
  change.table = store::Table::last_attempt;
  change.id = "dev-2";
  change.body = sync::encode(last);
  change.terms = store::terms_of(last);
  CHECK(coordinator::commit_change(fixture.store, fixture.tenant, change).has_value());
  for (const char* group : {"", "&enrollmentGroupId=grp-1"}) {
    const Answer first = fixture.call("GET", kRegistrations + "?maxItemCount=1" + group);
    CHECK_EQUAL(1U, first.rows().size());
    const Answer second = fixture.call("GET", kRegistrations + "?maxItemCount=1&continuation=" +
                                                  first.member("continuation") + group);
    CHECK_EQUAL(1U, second.rows().size());
    CHECK_FALSE(second.has("continuation"));
    STRCMP_CONTAINS(R"("registrationId":"dev-2")", second.text.c_str());
    STRCMP_CONTAINS("leaf expired", second.text.c_str());
    STRCMP_CONTAINS(R"("enrollmentGroupId":"grp-1")", second.text.c_str());
    CHECK(second.text.find("attestationType") == std::string::npos);
  }
}

TEST(AdminRegistrations, TellsTheAdminWhyTheLastAttemptFailed) {
  take_in("dev-1", "");
  const Answer one = fixture.call("GET", kRegistrations + "/DEV-1");
  CHECK_EQUAL(200, one.status);
  STRCMP_EQUAL("g1", one.member("gatewayId").c_str());
  CHECK(one.text_of("lastAttempt").find("leaf expired") != std::string::npos);
  CHECK_EQUAL(404, fixture.call("GET", kRegistrations + "/dev-9").status);
}

TEST(AdminRegistrations, ShowsQuarantinedOutcomesToTheOperator) {
  domain::QuarantinedOutcome outcome;
  outcome.gateway_id = domain::GatewayId("g1");
  outcome.incarnation = "i1";
  outcome.entry.registration.registration_id = *domain::RegistrationId::parse("dev-1");
  outcome.reason = "the tenant is gone";
  store::Change change;
  change.table = store::Table::quarantined_outcome;
  change.id = "g1/i1/1";
  change.body = sync::encode(outcome);
  CHECK(coordinator::commit_change(fixture.store, store::kNode, change).has_value());
  const Answer listed = fixture.call_as_operator("GET", "/berth/v1/quarantine");
  CHECK_EQUAL(1U, listed.rows().size());
  CHECK(listed.text.find("the tenant is gone") != std::string::npos);
}
