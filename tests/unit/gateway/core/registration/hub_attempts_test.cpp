#include "gateway/core/registration/hub_attempts.hpp"

#include <vector>

#include "tests/unit/gateway/core/registration/engine_bench.hpp"

using namespace berth;
using namespace berth::gateway;
using namespace berth::testing;

namespace {

const domain::HubId kA("a-id");
const domain::HubId kB("b-id");

domain::Intent going_for_a() {
  domain::Intent intent;
  intent.registration_id = rid("dev-1");
  intent.device_id = domain::DeviceId("dev-1");
  begin_attempt(intent, kA, "a.example.test", kNow);
  return intent;
}

domain::Intent failed_with(const std::vector<Errc>& codes) {
  domain::Intent intent = going_for_a();
  for (const Errc code : codes) note_failure(intent, Error{code, "why"}, kNow);
  return intent;
}

}  // namespace

TEST_GROUP(HubAttempts){};

TEST(HubAttempts, TellsWhatPassesFromWhatIsDefinite) {
  for (const Errc code :
       {Errc::unavailable, Errc::throttled, Errc::timed_out, Errc::hub_unauthorized}) {
    CHECK_TRUE(is_passing(code));
    CHECK_FALSE(is_definite_refusal(code));
  }
  for (const Errc code : {Errc::hub_refused, Errc::hub_full}) {
    CHECK_FALSE(is_passing(code));
    CHECK_TRUE(is_definite_refusal(code));
  }
  CHECK_FALSE(is_passing(Errc::hub_conflict));
  CHECK_FALSE(is_definite_refusal(Errc::hub_conflict));
}

TEST(HubAttempts, RemembersEveryHubOnce) {
  domain::Intent intent = going_for_a();
  begin_attempt(intent, kA, "a.example.test", kNow);
  begin_attempt(intent, kB, "b.example.test", kNow);
  LONGS_EQUAL(2, intent.attempts.size());
  CHECK_TRUE(intent.hub_id == kB);
  STRCMP_EQUAL("b.example.test", intent.host_name.c_str());
}

TEST(HubAttempts, DoesNotForgetAnAttemptThatARestartInterrupted) {
  domain::Intent intent = going_for_a();
  note_interruption(intent);
  note_failure(intent, Error{Errc::throttled, "not now"}, kNow);
  note_failure(intent, Error{Errc::hub_refused, "never"}, kNow);
  LONGS_EQUAL(1, cleanup_after(intent, nullptr, kNow).size());
  // What ended before the restart is known.
  domain::Intent ended = failed_with({Errc::throttled});
  note_interruption(ended);
  CHECK_TRUE(cleanup_after(ended, nullptr, kNow).empty());
}

TEST(HubAttempts, NamesTheHubsThatRefused) {
  CHECK_TRUE(hubs_that_refused(failed_with({Errc::unavailable})).empty());
  CHECK_TRUE(hubs_that_refused(failed_with({Errc::hub_full})) == std::vector{kA});
  CHECK_TRUE(hubs_that_refused(failed_with({Errc::timed_out, Errc::hub_refused})) ==
             std::vector{kA});
}

TEST(HubAttempts, CleansUpOnlyWhereSomethingMayStand) {
  struct Case {
    std::vector<Errc> failures;
    std::size_t tasks;
  };
  for (const Case& c :
       {Case{{}, 1}, Case{{Errc::hub_refused}, 0}, Case{{Errc::hub_full}, 0},
        Case{{Errc::hub_conflict}, 0}, Case{{Errc::throttled}, 0},
        Case{{Errc::hub_unauthorized}, 0}, Case{{Errc::timed_out}, 1}, Case{{Errc::unavailable}, 1},
        Case{{Errc::throttled, Errc::timed_out}, 1}, Case{{Errc::timed_out, Errc::throttled}, 1},
        Case{{Errc::timed_out, Errc::hub_refused}, 1}}) {
    const auto tasks = cleanup_after(failed_with(c.failures), nullptr, kNow);
    LONGS_EQUAL(c.tasks, tasks.size());
    for (const domain::CleanupTask& task : tasks) {
      CHECK_TRUE(task.hub_id == kA);
      CHECK_TRUE(task.phase == domain::CleanupTask::Phase::disable);
    }
  }
}

TEST(HubAttempts, SparesTheHubThatTheDeviceEndedIn) {
  CHECK_TRUE(cleanup_after(failed_with({Errc::timed_out}), &kA, kNow).empty());
}

TEST(HubAttempts, CleansUpBehindADeviceThatMovedAndNotBehindOneThatDidNot) {
  domain::Intent intent = going_for_a();
  intent.previous = domain::PreviousAssignment{kB, "b.example.test", domain::DeviceId("old"), "e"};
  const auto tasks = cleanup_after(intent, &kA, kNow);
  LONGS_EQUAL(1, tasks.size());
  CHECK_TRUE(tasks[0].hub_id == kB);
  STRCMP_EQUAL("old", tasks[0].device_id.str().c_str());
  STRCMP_EQUAL("e", tasks[0].hub_etag.c_str());

  note_failure(intent, Error{Errc::hub_refused, "no"}, kNow);
  CHECK_TRUE(cleanup_after(intent, nullptr, kNow).empty());
}
