#include "tools/device/fleet.hpp"

#include <CppUTest/TestHarness.h>

#include "shared/crypto/mbedtls/mbedtls.hpp"

using namespace berth;
using namespace std::chrono_literals;
using device::Outcome;
using device::Report;
using device::Summary;

namespace {

Report assigned(std::chrono::microseconds took, const std::string& hub = "hub-a") {
  Report report;
  report.took = took;
  Outcome outcome;
  outcome.assigned = true;
  outcome.hub = hub;
  report.outcome = outcome;
  return report;
}

}  // namespace

TEST_GROUP(FleetSummary) {
  Summary summary_;

  // 1 ms to `count` ms, added from the slowest.
  void add(int count) {
    for (int i = count; i > 0; --i) summary_.add(assigned(std::chrono::milliseconds{i}));
    summary_.finish();
  }
};

TEST(FleetSummary, GivesThePercentilesOfAHundred) {
  add(100);
  CHECK(summary_.percentile(0) == 1ms);
  CHECK(summary_.percentile(50) == 50ms);
  CHECK(summary_.percentile(90) == 90ms);
  CHECK(summary_.percentile(99) == 99ms);
  CHECK(summary_.percentile(100) == 100ms);
}

TEST(FleetSummary, GivesThePercentilesOfAFew) {
  add(3);
  CHECK(summary_.percentile(0) == 1ms);
  CHECK(summary_.percentile(33) == 1ms);
  CHECK(summary_.percentile(34) == 2ms);
  CHECK(summary_.percentile(50) == 2ms);
  CHECK(summary_.percentile(99) == 3ms);
  CHECK(summary_.percentile(100) == 3ms);
}

TEST(FleetSummary, OneDeviceIsEveryPercentile) {
  add(1);
  for (const double percent : {0.0, 50.0, 99.0, 100.0}) {
    CHECK(summary_.percentile(percent) == 1ms);
  }
}

TEST(FleetSummary, NoDeviceHasNoLatency) {
  summary_.finish();
  CHECK(summary_.percentile(50) == 0us);
}

TEST(FleetSummary, CountsHubsAndErrors) {
  summary_.add(assigned(1ms, "hub-a"));
  summary_.add(assigned(1ms, "hub-b"));
  summary_.add(assigned(1ms, "hub-b"));
  Report refused;
  Outcome outcome;
  outcome.error_code = 401002;
  outcome.message = "Unauthorized";
  refused.outcome = outcome;
  summary_.add(refused);
  summary_.add(refused);
  Report lost;
  lost.outcome = Error{Errc::timed_out, "no answer"};
  summary_.add(lost);
  summary_.finish();
  LONGS_EQUAL(3, summary_.assigned);
  LONGS_EQUAL(1, summary_.hubs["hub-a"]);
  LONGS_EQUAL(2, summary_.hubs["hub-b"]);
  LONGS_EQUAL(2, summary_.errors["401002: Unauthorized"]);
  LONGS_EQUAL(1, summary_.errors[std::string(name_of(Errc::timed_out)) + ": no answer"]);
  // Those that were refused say nothing of how fast a hub is assigned.
  LONGS_EQUAL(3, summary_.latencies.size());
}

TEST_GROUP(Fleet){};

TEST(Fleet, ReportsEveryDeviceAlsoOneThatCouldNotBeMade) {
  const auto crypto = crypto::make_mbedtls_crypto();
  std::vector<std::size_t> made;
  std::size_t reports = 0;
  device::Fleet fleet;
  fleet.count = 5;
  fleet.concurrency = 2;
  fleet.attempt = [&made](std::size_t index) -> Result<device::Attempt> {
    made.push_back(index);
    return Error{Errc::io, "no key"};
  };
  fleet.on_report = [&reports](const Report& report) {
    reports += report.outcome.has_value() ? 0 : 1;
  };
  const Summary summary = device::run_fleet(fleet, *crypto);
  CHECK(made == (std::vector<std::size_t>{0, 1, 2, 3, 4}));
  LONGS_EQUAL(5, reports);
  LONGS_EQUAL(5, summary.errors.begin()->second);
}
