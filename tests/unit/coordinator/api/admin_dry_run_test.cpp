#include <map>
#include <string>

#include <CppUTest/TestHarness.h>

#include "shared/domain/allocation/allocate.hpp"
#include "tests/unit/coordinator/api/explain_fixture.hpp"

using namespace berth;
using berth::testing::Answer;
using berth::testing::kDryRun;

namespace {

constexpr int kManyDevices = 400;

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::string device(int n) {
  return "dev-" + std::to_string(n);
}

}  // namespace

TEST_GROUP(AdminDryRun) {
  berth::testing::ExplainFixture fixture;

  void setup() override {
    fixture.link_hub("hub-a.example");
    fixture.link_hub("hub-b.example");
    fixture.enroll_group("grp", 'g');
  }

  // What allocation itself says, of hubs as they would be.
  std::string allocated(const std::string& name, const std::vector<domain::LinkedHub>& hubs,
                        const domain::Provisioning& provisioning = {}) {
    domain::AllocationRequest request;
    request.registration_id = fixture.id(name);
    request.hubs = hubs;
    return domain::allocate(request, provisioning, {}, *fixture.crypto)->host_name;
  }
  std::string member(const Answer& answer, const std::string& name, std::string_view which) {
    return fixture.member_of(fixture.row_of(answer, "value", "registrationId", name), which);
  }
  std::uint64_t outcomes(const Answer& answer, const char* which) {
    const auto& summary = *answer.object().if_contains("summary")->if_object();
    const auto* count = summary.if_contains("outcomes")->if_object()->if_contains(which);
    return count == nullptr ? 0 : count->to_number<std::uint64_t>();
  }
  // Registered, each where allocation puts it today.
  void register_many() {
    const auto hubs = fixture.hubs();
    for (int n = 0; n < kManyDevices; ++n) {
      fixture.take_in(device(n), "grp", allocated(device(n), hubs));
    }
  }
};

TEST(AdminDryRun, SaysOfManyDevicesWhatAllocationThenDoes) {
  register_many();
  const Answer unchanged = fixture.dry_run("{}", "?maxItemCount=1000");
  CHECK_EQUAL(kManyDevices, int(outcomes(unchanged, "stays")));

  const Answer weighted = fixture.dry_run(
      R"({"hubs":[{"hostName":"hub-b.example","allocationWeight":5}]})", "?maxItemCount=1000");
  auto hubs = fixture.hubs();
  const auto before = hubs;
  for (auto& hub : hubs) {
    if (hub.host_name == "hub-b.example") hub.allocation_weight = 5;
  }
  int moved = 0;
  for (int n = 0; n < kManyDevices; ++n) {
    const std::string there = allocated(device(n), hubs);
    STRCMP_EQUAL(there.c_str(), member(weighted, device(n), "hub").c_str());
    const bool moves = there != allocated(device(n), before);
    STRCMP_EQUAL(moves ? "moves" : "stays", member(weighted, device(n), "outcome").c_str());
    moved += moves ? 1 : 0;
  }
  CHECK(moved > 0);
  CHECK_EQUAL(moved, int(outcomes(weighted, "moves")));
}

TEST(AdminDryRun, ChangesNothing) {
  fixture.take_in("dev-1", "grp", "hub-a.example");
  const auto head = *fixture.store.head(fixture.tenant);
  CHECK_EQUAL(200,
              fixture.dry_run(R"({"removeHubs":["hub-a.example"],"allocationPolicy":"geoLatency"})")
                  .status);
  CHECK_EQUAL(head, *fixture.store.head(fixture.tenant));
  CHECK_EQUAL(2U, fixture.hubs().size());
}

TEST(AdminDryRun, PredictsAHubThatIsAddedByTheIdThatItNames) {
  register_many();
  const std::string body = R"({"addHubs":[{"hostName":"hub-c.example","allocationWeight":2}]})";
  const Answer answer = fixture.dry_run(body, "?maxItemCount=1000");
  const auto added = fixture.row_of(answer, "addHubs", "hostName", "hub-c.example");
  domain::LinkedHub hub;
  hub.hub_id = domain::HubId(fixture.member_of(added, "hubId"));
  hub.host_name = "hub-c.example";
  hub.allocation_weight = 2;
  auto hubs = fixture.hubs();
  hubs.push_back(hub);
  for (int n = 0; n < kManyDevices; ++n) {
    STRCMP_EQUAL(allocated(device(n), hubs).c_str(), member(answer, device(n), "hub").c_str());
  }
  CHECK(outcomes(answer, "moves") > 0);
}

TEST(AdminDryRun, MovesEverythingFromAHubThatIsRemoved) {
  fixture.take_in("dev-1", "grp", "hub-a.example");
  const Answer answer = fixture.dry_run(R"({"removeHubs":["HUB-A.example"]})");
  STRCMP_EQUAL("moves", member(answer, "dev-1", "outcome").c_str());
  STRCMP_EQUAL("hub-b.example", member(answer, "dev-1", "hub").c_str());
}

TEST(AdminDryRun, LeavesADeviceThatNeverMovesAndSaysWhereThatFails) {
  fixture.enroll("dev-1", 'a',
                 R"(,"reprovisionPolicy":{"updateHubAssignment":false,"migrateDeviceData":true})");
  fixture.take_in("dev-1", "", "hub-a.example");
  const Answer weighted =
      fixture.dry_run(R"({"hubs":[{"hostName":"hub-a.example","applyAllocationPolicy":false}]})");
  STRCMP_EQUAL("stays", member(weighted, "dev-1", "outcome").c_str());
  const Answer removed = fixture.dry_run(R"({"removeHubs":["hub-a.example"]})");
  STRCMP_EQUAL("refused", member(removed, "dev-1", "outcome").c_str());
  CHECK(contains(member(removed, "dev-1", "reason"), "no longer linked"));
}

TEST(AdminDryRun, TakesAListOfDevicesAlsoOfSuchThatNeverRegistered) {
  fixture.enroll("dev-1", 'a');
  const Answer answer =
      fixture.dry_run(R"({"devices":[{"registrationId":"dev-1"},{"registrationId":"dev-2"},)"
                      R"({"registrationId":"dev-3","enrollmentGroupId":"grp"},)"
                      R"({"registrationId":"dev-4","enrollmentGroupId":"nobody"}]})");
  const auto hubs = fixture.hubs();
  STRCMP_EQUAL("assigned", member(answer, "dev-1", "outcome").c_str());
  STRCMP_EQUAL("undecided", member(answer, "dev-2", "outcome").c_str());
  STRCMP_EQUAL(allocated("dev-3", hubs).c_str(), member(answer, "dev-3", "hub").c_str());
  STRCMP_EQUAL("refused", member(answer, "dev-4", "outcome").c_str());
}

TEST(AdminDryRun, TakesAPolicyOfTheTenantOrOfOneEnrollment) {
  fixture.take_in("dev-1", "grp", "hub-a.example");
  STRCMP_EQUAL(
      "unmeasured",
      member(fixture.dry_run(R"({"allocationPolicy":"geoLatency"})"), "dev-1", "outcome").c_str());
  const Answer measured = fixture.dry_run(
      R"({"allocationPolicy":"geoLatency","latencies":{"hub-a.example":90,"hub-b.example":2}})");
  STRCMP_EQUAL("hub-b.example", member(measured, "dev-1", "hub").c_str());
  const Answer pinned = fixture.dry_run(
      R"({"enrollmentGroups":[{"enrollmentGroupId":"GRP","allocationPolicy":"static",)"
      R"("iotHubs":["hub-b.example"]}]})");
  STRCMP_EQUAL("moves", member(pinned, "dev-1", "outcome").c_str());
  STRCMP_EQUAL("static", member(pinned, "dev-1", "policy").c_str());
  CHECK_EQUAL(400, fixture.dry_run(R"({"allocationPolicy":"custom"})").status);
}

TEST(AdminDryRun, GoesByTheRoundTripsThatAGatewayMeasuredLast) {
  fixture.enroll("dev-1", 'a', R"(,"allocationPolicy":"geoLatency")");
  domain::DecisionTrace kept;
  for (const auto& [name, milliseconds] : {std::pair{"hub-a.example", 90}, {"hub-b.example", 2}}) {
    kept.candidates.push_back({fixture.hub(name).hub_id,
                               name,
                               1,
                               std::chrono::milliseconds(milliseconds),
                               std::nullopt,
                               {}});
  }
  fixture.take_in("dev-1", "", "hub-b.example", kept);
  const Answer answer = fixture.dry_run();
  STRCMP_EQUAL("stays", member(answer, "dev-1", "outcome").c_str());
  CHECK(contains(answer.text, "latenciesOfLastRegistration"));
}

TEST(AdminDryRun, GoesThroughTheFleetByPagesOfWhichEachHasItsSummary) {
  register_many();
  std::string query = "?maxItemCount=150";
  int pages = 0;
  std::uint64_t devices = 0;
  std::map<std::string, int> seen;
  while (true) {
    const Answer page = fixture.dry_run("{}", query);
    ++pages;
    devices += outcomes(page, "stays");
    for (const auto& row : page.rows())
      ++seen[fixture.member_of(*row.if_object(), "registrationId")];
    if (!page.has("continuation")) break;
    query = "?maxItemCount=150&continuation=" + page.member("continuation");
  }
  CHECK_EQUAL(3, pages);
  CHECK_EQUAL(kManyDevices, int(devices));
  CHECK_EQUAL(kManyDevices, int(seen.size()));
}

TEST(AdminDryRun, ListsChangesOnlyAndThoseOfOneGroupIfAsked) {
  fixture.take_in("dev-1", "grp", "hub-a.example");
  fixture.enroll("dev-2", 'a', R"(,"iotHubs":["hub-a.example"])");
  fixture.take_in("dev-2", "", "hub-a.example");
  const Answer changes =
      fixture.dry_run(R"({"onlyChanges":true,"enrollmentGroups":[{"enrollmentGroupId":"grp",)"
                      R"("iotHubs":["hub-b.example"]}]})");
  CHECK_EQUAL(1U, changes.rows().size());
  CHECK_EQUAL(1, int(outcomes(changes, "stays")));
  CHECK_EQUAL(1U, fixture.dry_run(R"({"enrollmentGroupId":"grp"})").rows().size());
}

TEST(AdminDryRun, SaysWhichDevicesWouldBeRefused) {
  fixture.enroll("dev-1", 'a', R"(,"provisioningStatus":"disabled")");
  fixture.take_in("dev-1", "", "hub-a.example");
  fixture.take_in("dev-2", "gone", "hub-a.example");
  const Answer answer = fixture.dry_run();
  CHECK(contains(member(answer, "dev-1", "reason"), "disabled"));
  CHECK(contains(member(answer, "dev-2", "reason"), "not there any more"));
  CHECK_EQUAL(2, int(outcomes(answer, "refused")));
}

TEST(AdminDryRun, TakesAThousandDevicesInOneCallAndNoMore) {
  const auto list_of = [](int count) {
    std::string body = R"({"devices":[)";
    for (int n = 0; n < count; ++n) {
      body +=
          (n == 0 ? "" : ",") + std::string(R"({"registrationId":"d)") + std::to_string(n) + "\"}";
    }
    return body + "]}";
  };
  CHECK_EQUAL(200, fixture.dry_run(list_of(1000)).status);
  CHECK_EQUAL(400, fixture.dry_run(list_of(1001)).status);
}

TEST(AdminDryRun, NamesWhatIsWrongWithAChange) {
  CHECK_EQUAL(400, fixture.dry_run(R"({"removeHubs":["hub-x.example"]})").status);
  CHECK_EQUAL(400, fixture.dry_run(R"({"addHubs":[{"hostName":"hub-a.example"}]})").status);
  CHECK_EQUAL(400,
              fixture.dry_run(R"({"addHubs":[{"hostName":"hub-c.example","hubId":"ab"}]})").status);
  CHECK_EQUAL(
      400,
      fixture.dry_run(R"({"hubs":[{"hostName":"hub-a.example","allocationWeight":0}]})").status);
}
