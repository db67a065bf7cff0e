// One catalogue, four protocols: whatever the engine refuses, a device hears the same of it over
// each of them (device API sections 3.3 and 7).
#include <optional>
#include <string>
#include <variant>

#include <CppUTest/TestHarness.h>

#include "gateway/core/device/amqp.hpp"
#include "gateway/core/device/coap.hpp"
#include "gateway/core/device/http.hpp"
#include "gateway/core/device/mqtt.hpp"
#include "shared/protocol/errors.hpp"
#include "tests/support/fake_body_codec.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_crypto.hpp"
#include "tests/support/fake_entropy.hpp"
#include "tests/support/fake_gateway.hpp"

using namespace berth;
using namespace berth::gateway;
using namespace berth::testing;

namespace {

constexpr auto kLast = static_cast<std::uint8_t>(Errc::internal);

// What a device hears of a refusal.
struct Heard {
  int status = 0;
  std::string document;
};

}  // namespace

TEST_GROUP(ErrorCatalogue) {
  FakeCache cache;
  FakeBodyCodec json;
  FakeCrypto crypto;
  FakeClock clock;
  FakeEntropy entropy;

  static Reply refusal(Errc code) {
    return {1, Refusal{code, "guid", std::chrono::seconds{0}}};
  }
  Heard over_http(Errc code) {
    http::Request request;
    request.method = "PUT";
    request.target = "/0ne00LAB001/registrations/dev-1/register?api-version=2019-03-31";
    const auto response = DeviceHttp(json, clock, entropy).write(request, refusal(code));
    return {response.status, response.body};
  }
  Heard over_mqtt(Errc code) {
    MqttSession session({cache, json, crypto, clock, entropy}, {{}, "192.0.2.7"},
                        domain::DeviceProtocol::mqtt);
    mqtt::Connect connect;
    connect.client_id = "dev-1";
    connect.username = "0ne00LAB001/registrations/dev-1/api-version=2019-03-31";
    static_cast<void>(session.on_bytes(mqtt::encode(connect)));
    static_cast<void>(
        session.on_bytes(mqtt::encode(mqtt::Subscribe{1, {{"$dps/registrations/res/#", 0}}})));
    mqtt::Publish publish;
    publish.topic = "$dps/registrations/PUT/iotdps-register/?$rid=7";
    static_cast<void>(session.on_bytes(mqtt::encode(publish)));
    mqtt::Decoder decoder;
    decoder.feed(session.on_reply(refusal(code)).send);
    const auto packet = decoder.next();
    CHECK_TRUE(packet.has_value());
    const auto* response = std::get_if<mqtt::Publish>(&**packet);
    CHECK_TRUE(response != nullptr);
    constexpr std::string_view kPrefix = "$dps/registrations/res/";
    return {std::stoi(response->topic.substr(kPrefix.size())), response->payload};
  }
  AmqpRefusal over_amqp(Errc code) {
    const auto written = DeviceAmqp(json, clock, entropy).write(refusal(code), {});
    return *std::get_if<AmqpRefusal>(&written);
  }
  Heard over_coap(Errc code) {
    const auto response = DeviceCoap(json, clock, entropy).write(CoapMethod::post, refusal(code));
    return {(response.code.value >> 5) * 100 + (response.code.value & 0x1F), response.payload};
  }
};

TEST(ErrorCatalogue, EveryProtocolSaysTheSame) {
  for (std::uint8_t value = 0; value <= kLast; ++value) {
    const auto code = static_cast<Errc>(value);
    const protocol::CatalogueEntry& entry = protocol::device_error(code);
    const std::string document = "error " + std::to_string(entry.error_code) + " guid";
    for (const Heard& heard : {over_http(code), over_mqtt(code), over_coap(code)}) {
      LONGS_EQUAL(entry.error_code / 1000, heard.status);
      STRCMP_EQUAL(document.c_str(), heard.document.c_str());
    }
    const AmqpRefusal refused = over_amqp(code);
    STRCMP_EQUAL(document.c_str(), refused.description.c_str());
    CHECK_TRUE(refused.condition == entry.amqp_condition);
  }
}

// Node retries these two conditions and no other (device API 3.3); the other SDKs retry from 429
// upwards (device API section 7).
TEST(ErrorCatalogue, WhatAmqpRetriesIsWhatTheOthersRetry) {
  for (std::uint8_t value = 0; value <= kLast; ++value) {
    const protocol::CatalogueEntry& entry = protocol::device_error(static_cast<Errc>(value));
    const bool is_retried = entry.amqp_condition == "amqp:internal-error" ||
                            entry.amqp_condition == "com.microsoft:device-container-throttled";
    CHECK_EQUAL(entry.http_status() >= 429, is_retried);
  }
}
