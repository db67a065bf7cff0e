#include "tools/device/fleet.hpp"

#include <algorithm>

#include <CppUTest/TestHarness.h>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

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

namespace {

// Registers at once, and notes who did, and who was under way at the same time.
struct Seen {
  std::vector<std::string> devices;
  std::size_t lanes = 0;
  std::size_t under_way = 0;
  std::size_t most_under_way = 0;
};

class InstantTransport final : public device::Transport {
 public:
  InstantTransport(Seen& seen, boost::asio::any_io_executor executor)
      : seen_(seen), executor_(std::move(executor)) {
    ++seen_.lanes;
  }

  runtime::Task<Result<Outcome>> register_device(device::Attempt attempt) override {
    seen_.devices.push_back(attempt.identity.registration_id);
    seen_.most_under_way = std::max(seen_.most_under_way, ++seen_.under_way);
    co_await boost::asio::post(executor_, boost::asio::use_awaitable);
    --seen_.under_way;
    Outcome outcome;
    outcome.assigned = true;
    co_return outcome;
  }

 private:
  Seen& seen_;
  boost::asio::any_io_executor executor_;
};

}  // namespace

TEST_GROUP(Fleet) {
  std::unique_ptr<ports::Crypto> crypto_ = crypto::make_mbedtls_crypto();
  Seen seen_;
  std::size_t reports_ = 0;
  device::Fleet fleet_;

  void setup() override {
    fleet_.transport = [this](const device::TransportServices& services) {
      return std::make_unique<InstantTransport>(seen_, services.executor);
    };
    fleet_.attempt = [](std::size_t index) -> Result<device::Attempt> {
      device::Attempt attempt;
      attempt.identity.registration_id = std::to_string(index);
      return attempt;
    };
    fleet_.on_report = [this](const Report&) { ++reports_; };
  }

  Summary run_it() {
    return device::run_fleet(fleet_, *crypto_);
  }
};

TEST(Fleet, ReportsEveryDeviceAlsoOneThatCouldNotBeMade) {
  fleet_.count = 5;
  fleet_.concurrency = 2;
  fleet_.attempt = [](std::size_t) -> Result<device::Attempt> { return Error{Errc::io, "no key"}; };
  const Summary summary = run_it();
  LONGS_EQUAL(5, reports_);
  LONGS_EQUAL(5, summary.errors.begin()->second);
}

TEST(Fleet, RegistersEveryDeviceOnceInBoundedLanes) {
  fleet_.count = 5;
  fleet_.concurrency = 2;
  LONGS_EQUAL(5, run_it().assigned);
  CHECK(seen_.devices == (std::vector<std::string>{"0", "1", "2", "3", "4"}));
  LONGS_EQUAL(2, seen_.lanes);
  LONGS_EQUAL(2, seen_.most_under_way);
}

TEST(Fleet, OpensNoMoreLanesThanItHasDevices) {
  fleet_.count = 3;
  fleet_.concurrency = 10;
  LONGS_EQUAL(3, run_it().assigned);
  LONGS_EQUAL(3, seen_.lanes);
}

TEST(Fleet, RegistersAgainAndAgainForADuration) {
  fleet_.count = 3;
  fleet_.concurrency = 2;
  fleet_.duration = 20ms;
  const Summary summary = run_it();
  CHECK_TRUE(summary.registrations > 3);
  for (const char* device : {"0", "1", "2"}) {
    CHECK_TRUE(std::count(seen_.devices.begin(), seen_.devices.end(), device) > 1);
  }
}

TEST(Fleet, BeginsNoFasterThanItsRate) {
  fleet_.count = 5;
  fleet_.concurrency = 5;
  fleet_.per_second = 100;
  const auto start = std::chrono::steady_clock::now();
  LONGS_EQUAL(5, run_it().assigned);
  CHECK_TRUE(std::chrono::steady_clock::now() - start >= 40ms);
}

TEST(Fleet, OpensItsLanesOneAfterAnotherInARamp) {
  fleet_.count = 4;
  fleet_.concurrency = 4;
  fleet_.ramp = 80ms;
  const auto start = std::chrono::steady_clock::now();
  LONGS_EQUAL(4, run_it().assigned);
  CHECK_TRUE(std::chrono::steady_clock::now() - start >= 60ms);
}
