#include "gateway/linux/device_endpoint.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include <CppUTest/TestHarness.h>

#include "gateway/core/limits.hpp"
#include "shared/runtime/plain_engine.hpp"
#include "tests/unit/gateway/linux/serving_shards.hpp"
#include "tests/unit/gateway/linux/stalled_tls.hpp"
#include "tests/unit/shared/runtime/loopback.hpp"

using namespace berth;
using namespace berth::gateway;
using namespace berth::testing;
using namespace std::chrono_literals;

namespace {

const domain::IdScope kTenant("0ne00000001");

// Refuses every handshake.
class RefusingEngine final : public ports::TlsEngine {
 public:
  void feed(ByteView) override {}
  Bytes take_output() override { return {}; }
  [[nodiscard]] bool has_output() const override { return false; }
  ports::TlsStatus handshake() override { return ports::TlsStatus::failed; }
  ports::TlsStatus read(std::span<std::uint8_t>, std::size_t&) override {
    return ports::TlsStatus::failed;
  }
  ports::TlsStatus write(ByteView, std::size_t&) override { return ports::TlsStatus::failed; }
  void close() override {}
  [[nodiscard]] const ports::TlsPeer& peer() const override { return peer_; }
  [[nodiscard]] std::string failure() const override { return "refused"; }

 private:
  ports::TlsPeer peer_;
};

class RefusingContext final : public ports::TlsContext {
 public:
  std::unique_ptr<ports::TlsEngine> new_engine(const std::string&) override {
    return std::make_unique<RefusingEngine>();
  }
};

}  // namespace

TEST_GROUP(DeviceEndpoint) {
  ServingShards side_{kTenant};
  DeviceEndpoint::Settings settings_;
  std::unique_ptr<DeviceEndpoint> endpoint_;
  Loop loop_;

  void setup() override {
    settings_.addresses = {"127.0.0.1"};
    settings_.https_port = 0;
    settings_.mqtt_port = 0;
    settings_.amqp_port = 0;
  }
  void teardown() override {
    endpoint_->stop();
    side_.shards->stop();
  }

  void serve(std::shared_ptr<ports::TlsContext> context) {
    const DeviceEndpoint::Services services{*side_.shards, side_.body_json, *side_.crypto,
                                            side_.clock,   side_.entropy,   side_.log};
    endpoint_ = DeviceEndpoint::bind(settings_, services, std::move(context)).value();
    endpoint_->start();
  }
  // All that is said on a new connection until it is closed.
  std::string talk(const std::string& text) {
    auto client = connect_to(loop_.executor(), endpoint_->https_port());
    return loop_.run(converse(client, text));
  }
};

TEST(DeviceEndpoint, ServesHttpWithinTheLimitsOfTheCore) {
  serve(runtime::make_plain_context());
  const runtime::HttpLimits& limits = settings_.http;
  LONGS_EQUAL(kMaxHttpHead, limits.max_header);
  LONGS_EQUAL(kMaxHttpBody, limits.max_body);
  CHECK_TRUE(limits.first_timeout == kHttpFirstDeadline);
  CHECK_TRUE(limits.header_timeout == kHttpRequestDeadline);
  CHECK_TRUE(limits.idle_timeout == kHttpMaxIdle);
  CHECK_TRUE(limits.write_timeout == kDeviceWriteDeadline);
}

TEST(DeviceEndpoint, GivesAHandshakeItsTimeAndNoMore) {
  CHECK_TRUE(settings_.handshake_timeout == kHandshakeDeadline);
  settings_.handshake_timeout = 200ms;
  serve(std::make_shared<StalledContext>());
  const auto begin = std::chrono::steady_clock::now();
  CHECK_TRUE(talk("").empty());
  const auto took = std::chrono::steady_clock::now() - begin;
  CHECK_TRUE(took >= 150ms && took < kHandshakeDeadline);
}

TEST(DeviceEndpoint, EndsAnHttpsConnectionThatIsIdleForTooLong) {
  settings_.http.idle_timeout = 1ms;
  serve(runtime::make_plain_context());
  const auto begin = std::chrono::steady_clock::now();
  const std::string answer = talk("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  CHECK_TRUE(answer.starts_with("HTTP/1.1 4"));
  CHECK_TRUE(answer.find("Connection: close") == std::string::npos);
  CHECK_TRUE(std::chrono::steady_clock::now() - begin < 30s);
}

TEST(DeviceEndpoint, LogsTheEndOfSoManyConnectionsInASecondAndNotOfOneMore) {
  serve(std::make_shared<RefusingContext>());
  const auto logged = [this] { return side_.log.count("a device's connection ended"); };
  for (int i = 0; i < kMaxLoggedConnections; ++i) static_cast<void>(talk(""));
  run_until(loop_, [&] { return logged() == kMaxLoggedConnections; });
  // Others after the one more, since a connection is closed a moment before that is logged.
  for (int i = 0; i < 1 + 5; ++i) static_cast<void>(talk(""));
  LONGS_EQUAL(kMaxLoggedConnections, logged());
}
