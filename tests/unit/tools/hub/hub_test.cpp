#include "tools/hub/hub.hpp"

#include <CppUTest/TestHarness.h>

#include "shared/crypto/mbedtls/mbedtls.hpp"
#include "shared/protocol/sas_token.hpp"
#include "shared/runtime/http_client.hpp"
#include "shared/runtime/plain_engine.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_entropy.hpp"
#include "tests/support/loop.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tools/hub/faults_page.hpp"

using namespace std::chrono_literals;
using namespace berth;
using namespace berth::hub_server;

namespace {

class SilentLog final : public runtime::Log {
 public:
  void write(runtime::LogLevel, std::string_view, std::span<const runtime::LogField>) override {}
};

}  // namespace

TEST_GROUP(Hub) {
  testing::TemporaryFolder folder_;
  testing::FakeClock clock_;
  testing::FakeEntropy entropy_;
  SilentLog log_;
  runtime::Metrics metrics_;
  std::unique_ptr<ports::Crypto> crypto_ = crypto::make_mbedtls_crypto();
  std::unique_ptr<DeviceTable> table_ =
      std::move(DeviceTable::open(folder_.file("hub.db"))).value();
  SecretBytes key_{to_bytes("0123456789abcdef")};
  testing::Loop loop_;
  std::vector<std::unique_ptr<Hub>> hubs_;
  std::unique_ptr<runtime::HttpClient> client_;

  void setup() override {
    HubConfig config;
    config.host_name = "hub-a";
    config.address = "127.0.0.1";
    config.max_devices = 100;
    config.policies = {{"owner", key_, {Right::registry_write, Right::service_connect}}};
    const Surroundings surroundings{clock_, entropy_, *crypto_, log_, metrics_, *table_};
    hubs_.push_back(
        std::move(Hub::start(loop_.executor(), config, runtime::make_plain_context(), surroundings))
            .value());
    client_ =
        std::make_unique<runtime::HttpClient>(loop_.executor(), runtime::make_plain_context());
  }

  void teardown() override {
    client_.reset();
    hubs_[0]->stop();
    loop_.drain();
  }

  http::Response send(const std::string& method, const std::string& target,
                      const std::string& body = "") {
    http::Request request;
    request.method = method;
    request.target = target;
    request.body = body;
    request.headers.set("Authorization", protocol::make_sas_token("127.0.0.1", key_,
                                                                  unix_seconds(clock_.wall()) + 60,
                                                                  "owner", *crypto_));
    const std::string origin = "https://127.0.0.1:" + std::to_string(hubs_[0]->port());
    return std::move(loop_.run(client_->send(origin, request, 60s))).value();
  }

  int order(const std::string& body, const std::string& target = "/faults") {
    http::Request request;
    request.method = "POST";
    request.target = target;
    request.body = body;
    return set_fault(request, hubs_).status;
  }
};

TEST(Hub, ServesItsRegistryOverASocket) {
  LONGS_EQUAL(200, send("PUT", "/devices/dev-1", "{}").status);
  LONGS_EQUAL(200, send("GET", "/devices/dev-1").status);
  CHECK_TRUE(metrics_.text().find(R"(berth_hub_requests_total{hub="hub-a",status="200"} 2)") !=
             std::string::npos);
}

TEST(Hub, MisbehavesAsOrderedAndRecovers) {
  LONGS_EQUAL(200, order(R"({"hub":"hub-a","mode":"throttle","count":1})"));
  LONGS_EQUAL(429, send("GET", "/devices").status);
  LONGS_EQUAL(200, send("GET", "/devices").status);
  LONGS_EQUAL(200, order(R"({"hub":"hub-a","mode":"down","count":1})"));
  LONGS_EQUAL(503, send("GET", "/devices").status);
  LONGS_EQUAL(200, order(R"({"hub":"hub-a","mode":"unauthorized","count":1})"));
  LONGS_EQUAL(401, send("GET", "/devices").status);
  LONGS_EQUAL(200, order(R"({"hub":"hub-a","mode":"full","count":1})"));
  LONGS_EQUAL(413, send("PUT", "/devices/dev-1", "{}").status);
  LONGS_EQUAL(200, send("PUT", "/devices/dev-1", "{}").status);
}

TEST(Hub, AnswersSlowlyAsOrdered) {
  LONGS_EQUAL(200, order(R"({"hub":"hub-a","mode":"slow","milliseconds":1,"count":1})"));
  LONGS_EQUAL(200, send("GET", "/devices").status);
}

TEST(Hub, RefusesOrdersForHubsThatAreNotHere) {
  LONGS_EQUAL(404, order(R"({"hub":"hub-b","mode":"down"})"));
  LONGS_EQUAL(400, order("{}"));
  LONGS_EQUAL(404, order(R"({"hub":"hub-a","mode":"down"})", "/other"));
}

TEST(Hub, AnswersABodyOverTheLimitInItsOwnShape) {
  const auto answer = send("POST", "/devices", std::string(kMaxBody + 1, ' '));
  LONGS_EQUAL(413, answer.status);
  CHECK_TRUE(answer.headers.get("iothub-errorcode") == "MessageTooLarge");
}
