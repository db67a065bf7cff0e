#include "shared/runtime/management.hpp"

#include <CppUTest/TestHarness.h>

#include "tests/support/loop.hpp"

using namespace berth;
using namespace berth::runtime;

namespace {

Task<http::Response> page(http::Request request) {
  http::Response response;
  response.status = 201;
  response.body = request.target;
  co_return response;
}

}  // namespace

TEST_GROUP(Management) {
  berth::testing::Loop loop_;
  Metrics metrics_;
  std::string reason_;

  http::Response send(const std::string& method, const std::string& target,
                      const HttpHandler& pages = {}) {
    const auto handler = management_handler(
        metrics_, [this] { return reason_; }, pages);
    http::Request request;
    request.method = method;
    request.target = target;
    return loop_.run(handler(request));
  }
};

TEST(Management, IsAliveWhetherOrNotItServes) {
  reason_ = "no coordinator yet";
  LONGS_EQUAL(200, send("GET", "/healthz").status);
}

TEST(Management, IsReadyWhenNothingKeepsItFromServing) {
  LONGS_EQUAL(200, send("GET", "/readyz?verbose").status);
}

TEST(Management, SaysWhyItIsNotReady) {
  reason_ = "no coordinator yet";
  const auto response = send("GET", "/readyz");
  LONGS_EQUAL(503, response.status);
  STRCMP_EQUAL("no coordinator yet\n", response.body.c_str());
}

TEST(Management, ShowsTheMetrics) {
  metrics_.counter("a_total", "A").add();
  const auto response = send("GET", "/metrics");
  CHECK_TRUE(response.headers.get("Content-Type").starts_with("text/plain; version=0.0.4"));
  CHECK_TRUE(response.body.find("a_total 1\n") != std::string::npos);
}

TEST(Management, LeavesOtherPathsToTheProgramsPages) {
  LONGS_EQUAL(201, send("GET", "/status", page).status);
  LONGS_EQUAL(201, send("POST", "/healthz", page).status);
}

TEST(Management, HasNoOtherPagesByDefault) {
  LONGS_EQUAL(404, send("GET", "/").status);
}
