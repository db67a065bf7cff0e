#include "coordinator/api/operation_rate.hpp"

#include <chrono>

#include <CppUTest/TestHarness.h>

#include "tests/support/fake_clock.hpp"
#include "tests/unit/coordinator/api/api_fixture.hpp"

using namespace berth;
using coordinator::OperationRate;

namespace {

const domain::IdScope kOne{"0ne00000001"};
const domain::IdScope kOther{"0ne00000002"};

}  // namespace

TEST_GROUP(OperationRate) {
  berth::testing::FakeClock clock;
};

TEST(OperationRate, AdmitsAsManyAsAreAllowedInAMinuteAndNoMore) {
  OperationRate rate(clock, 2);
  CHECK(rate.admit(kOne));
  CHECK(rate.admit(kOne));
  CHECK_FALSE(rate.admit(kOne));
  clock.advance(std::chrono::seconds(59));
  CHECK_FALSE(rate.admit(kOne));
  CHECK_EQUAL(1, rate.retry_after().count());
  clock.advance(std::chrono::seconds(1));
  CHECK_EQUAL(60, rate.retry_after().count());
  CHECK(rate.admit(kOne));
}

TEST(OperationRate, CountsEveryTenantForItself) {
  OperationRate rate(clock, 1);
  CHECK(rate.admit(kOne));
  CHECK_FALSE(rate.admit(kOne));
  CHECK(rate.admit(kOther));
}

TEST(OperationRate, HasNoBoundUnlessThereIsOne) {
  OperationRate rate(clock, 0);
  for (int i = 0; i < 10'000; ++i) CHECK(rate.admit(kOne));
}

TEST(OperationRate, IsAnsweredWithTheTimeToWait) {
  berth::testing::ApiFixture fixture;
  coordinator::CoordinatorApi api(fixture.catalog, *fixture.crypto, fixture.clock, fixture.entropy,
                                  fixture.service->endpoints(), {}, 1);
  http::Request request;
  request.method = "GET";
  request.target = "/enrollments/none?api-version=2021-10-01";
  request.headers.set("Host", berth::testing::kServiceHost);
  request.headers.set("Authorization", fixture.token(coordinator::kOwnerKeyName));
  CHECK_EQUAL(404, api.handle(request).status);
  fixture.clock.advance(std::chrono::seconds(20));
  const http::Response throttled = api.handle(request);
  CHECK_EQUAL(429, throttled.status);
  STRCMP_EQUAL("40", std::string(throttled.headers.get("retry-after")).c_str());
  STRCMP_EQUAL("429001", std::string(throttled.headers.get("x-ms-error-code")).c_str());
  // Who has no credential uses nothing up, and is told so first.
  request.headers.set("Authorization", "SharedAccessSignature sr=x");
  CHECK_EQUAL(401, api.handle(request).status);
}

TEST(OperationRate, CountsExplanationsAndDryRunsAndNothingElseOfOurOwn) {
  berth::testing::ApiFixture fixture;
  const auto status = [&fixture](coordinator::CoordinatorApi& api, const char* method,
                                 const char* path) {
    http::Request request;
    request.method = method;
    request.target = path;
    request.headers.set("Host", berth::testing::kServiceHost);
    request.headers.set("Authorization", fixture.token(coordinator::kOwnerKeyName));
    request.headers.set("Content-Type", "application/json");
    request.body = R"({"registrationId":"dev-1"})";
    return api.handle(request).status;
  };
  for (const char* path : {"/berth/v1/registrations:explain", "/berth/v1/allocation:dryRun"}) {
    coordinator::CoordinatorApi api(
        fixture.catalog, *fixture.crypto, fixture.clock, fixture.entropy,
        coordinator::admin_endpoints(fixture.catalog, *fixture.fleet, *fixture.joining,
                                     *fixture.crypto, fixture.clock, fixture.entropy, {}),
        {}, 1);
    for (int i = 0; i < 3; ++i) CHECK_EQUAL(200, status(api, "GET", "/berth/v1/linkedHubs"));
    CHECK(status(api, "POST", path) != 429);
    CHECK_EQUAL(429, status(api, "POST", path));
  }
}
