#include "tools/hub/rest.hpp"

#include <CppUTest/TestHarness.h>

#include "shared/crypto/mbedtls/mbedtls.hpp"
#include "shared/protocol/sas_token.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_entropy.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace berth;
using namespace berth::hub_server;

TEST_GROUP(Rest) {
  testing::TemporaryFolder folder_;
  testing::FakeClock clock_;
  testing::FakeEntropy entropy_;
  std::unique_ptr<ports::Crypto> crypto_ = crypto::make_mbedtls_crypto();
  std::unique_ptr<DeviceTable> table_ =
      std::move(DeviceTable::open(folder_.file("hub.db"))).value();
  SecretBytes key_{to_bytes("0123456789abcdef")};
  Registry registry_{"hub-a", 1000, *table_, clock_, entropy_};
  Access access_{{"hub-a"},
                 {{"owner", key_, {Right::registry_write, Right::service_connect}},
                  {"registry", key_, {Right::registry_write}},
                  {"reader", key_, {Right::registry_read}}},
                 *crypto_};
  Rest rest_{registry_, access_, clock_, entropy_};
  std::string policy_ = "owner";

  http::Response send(const std::string& method, const std::string& target,
                      const std::string& body = "", const std::string& if_match = "") {
    http::Request request;
    request.method = method;
    request.target = target + "?api-version=2021-04-12";
    request.body = body;
    if (!if_match.empty()) request.headers.set("If-Match", if_match);
    request.headers.set("Authorization",
                        protocol::make_sas_token("hub-a", key_, unix_seconds(clock_.wall()) + 60,
                                                 policy_, *crypto_));
    return rest_.handle(request);
  }
};

TEST(Rest, CreatesGivesAndDeletesADevice) {
  const auto created = send("PUT", "/devices/dev%2B1", R"({"deviceId":"dev+1"})");
  LONGS_EQUAL(200, created.status);
  CHECK_TRUE(created.headers.get("Content-Type").starts_with("application/json"));
  const std::string etag(created.headers.get("ETag"));
  CHECK_TRUE(etag.starts_with('"') && etag.ends_with('"'));
  LONGS_EQUAL(200, send("GET", "/devices/dev%2B1").status);
  LONGS_EQUAL(412, send("DELETE", "/devices/dev%2B1", "", "\"AAAA\"").status);
  LONGS_EQUAL(204, send("DELETE", "/devices/dev%2B1", "", etag).status);
  LONGS_EQUAL(404, send("GET", "/devices/dev%2B1").status);
}

TEST(Rest, AnswersABulkRequestThatPartlyFailsWith400AndItsResult) {
  send("PUT", "/devices/dev-1", "{}");
  const auto answer = send("POST", "/devices", R"([{"id":"dev-1","importMode":"create"}])");
  LONGS_EQUAL(400, answer.status);
  CHECK_TRUE(answer.body.starts_with(R"({"isSuccessful":false,"errors":[{"deviceId":"dev-1",)"));
  LONGS_EQUAL(200, send("POST", "/devices", R"([{"id":"dev-2","importMode":"create"}])").status);
}

TEST(Rest, PatchesAndReplacesATwin) {
  send("PUT", "/devices/dev-1", "{}");
  LONGS_EQUAL(200, send("PATCH", "/twins/dev-1", R"({"tags":{"a":1}})", "\"*\"").status);
  LONGS_EQUAL(200, send("PUT", "/twins/dev-1", R"({"tags":{"b":1}})", "\"*\"").status);
  const auto twin = send("GET", "/twins/dev-1");
  CHECK_TRUE(twin.body.find(R"("tags":{"b":1})") != std::string::npos);
  LONGS_EQUAL(404, send("GET", "/twins/dev-2").status);
}

TEST(Rest, SendsTheContinuationOnlyWhenThereIsAnotherPage) {
  send("PUT", "/devices/dev-1", "{}");
  const auto page = send("POST", "/devices/query", R"({"query":"SELECT * FROM devices"})");
  LONGS_EQUAL(200, page.status);
  CHECK_TRUE(page.headers.get("x-ms-item-type") == "Twin");
  CHECK_FALSE(page.headers.has("x-ms-continuation"));
}

TEST(Rest, ListsDevices) {
  send("PUT", "/devices/dev-1", "{}");
  CHECK_TRUE(send("GET", "/devices").body.starts_with(R"([{"deviceId":"dev-1",)"));
  CHECK_TRUE(send("GET", "/statistics/devices").body.find("\"totalDeviceCount\":1") !=
             std::string::npos);
}

TEST(Rest, AsksForTheRightThatACallNeeds) {
  policy_ = "reader";
  LONGS_EQUAL(404, send("GET", "/devices/dev-1").status);
  LONGS_EQUAL(401, send("PUT", "/devices/dev-1", "{}").status);
  LONGS_EQUAL(401, send("POST", "/devices", "[]").status);
  LONGS_EQUAL(200, send("POST", "/devices/query", R"({"query":"SELECT * FROM devices"})").status);
  policy_ = "registry";
  LONGS_EQUAL(200, send("PUT", "/devices/dev-1", "{}").status);
  LONGS_EQUAL(401, send("GET", "/twins/dev-1").status);
}

TEST(Rest, RefusesARequestWithoutToken) {
  http::Request request;
  request.method = "GET";
  request.target = "/devices/dev-1";
  LONGS_EQUAL(401, rest_.handle(request).status);
}

TEST(Rest, RefusesBodiesThatAreNotWhatTheyShouldBe) {
  LONGS_EQUAL(400, send("PUT", "/devices/dev-1", "").status);
  LONGS_EQUAL(400, send("PUT", "/devices/dev-1", "[]").status);
  LONGS_EQUAL(400, send("POST", "/devices", "{}").status);
  LONGS_EQUAL(400, send("POST", "/devices/query", "{}").status);
}

TEST(Rest, RefusesWhatItDoesNotOffer) {
  LONGS_EQUAL(400, send("GET", "/jobs").status);
  LONGS_EQUAL(400, send("PATCH", "/devices/dev-1", "{}").status);
  LONGS_EQUAL(400, send("GET", "/").status);
}
