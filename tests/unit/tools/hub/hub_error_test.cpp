#include "tools/hub/hub_error.hpp"

#include <CppUTest/TestHarness.h>

#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_entropy.hpp"

using namespace berth;
using namespace berth::hub_server;

TEST_GROUP(HubError) {
  testing::FakeClock clock_;
  testing::FakeEntropy entropy_;

  http::Response response(Errc code, const std::string& reason = "why") {
    return error_response({code, reason}, clock_.wall(), entropy_);
  }
};

TEST(HubError, HasTheShapeThatAzuresHubClientsRead) {
  const auto made = response(Errc::not_found, "no device x");
  LONGS_EQUAL(404, made.status);
  CHECK_TRUE(made.headers.get("iothub-errorcode") == "DeviceNotFound");
  CHECK_TRUE(made.headers.get("Content-Type").starts_with("application/json"));
  CHECK_TRUE(made.body.starts_with(
      R"({"Message":"ErrorCode:DeviceNotFound;no device x","ExceptionMessage":"Tracking ID:)"));
  CHECK_TRUE(made.body.ends_with(R"(-TimeStamp:2026-01-01T00:00:00Z"})"));
}

TEST(HubError, SaysWhenToTryAgain) {
  LONGS_EQUAL(429, response(Errc::throttled).status);
  CHECK_TRUE(response(Errc::throttled).headers.has("Retry-After"));
}

TEST(HubError, KeepsBackWhyATokenWasRefused) {
  LONGS_EQUAL(401, response(Errc::unauthorized).status);
  CHECK_TRUE(response(Errc::unauthorized).body.find("why") == std::string::npos);
}

TEST(HubError, KeepsBackWhatWentWrongHere) {
  LONGS_EQUAL(500, response(Errc::io).status);
  CHECK_TRUE(response(Errc::io).body.find("why") == std::string::npos);
}

TEST(HubError, GivesAzuresCodes) {
  LONGS_EQUAL(409001, hub_error(Errc::already_exists).code);
  LONGS_EQUAL(412001, hub_error(Errc::version_mismatch).code);
  LONGS_EQUAL(413002, hub_error(Errc::hub_full).code);
  LONGS_EQUAL(400011, hub_error(Errc::conflict).code);
}
