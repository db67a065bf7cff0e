#include "tools/device/mqtt.hpp"

#include <array>

#include <CppUTest/TestHarness.h>

#include "shared/base/encoding.hpp"
#include "shared/protocol/mqtt/codec.hpp"
#include "tests/unit/tools/device/fake_endpoint.hpp"

using namespace berth;
using namespace berth::testing;
using runtime::Task;

namespace {

// One MQTT session of the endpoint: reads packets, answers each as it was told to.
struct MqttEndpoint {
  mqtt::ConnectCode connack = mqtt::ConnectCode::accepted;
  std::string status_of_register = "202";
  std::string register_answer = kAssigning;
  std::vector<mqtt::Connect> connects;
  std::vector<std::string> topics;
  std::vector<std::string> bodies;
  std::vector<std::uint16_t> acknowledged;

  std::vector<mqtt::Packet> answers(const mqtt::Packet& packet) {
    if (const auto* connect = std::get_if<mqtt::Connect>(&packet)) {
      connects.push_back(*connect);
      mqtt::Connack answer;
      answer.code = connack;
      return {answer};
    }
    if (const auto* subscribe = std::get_if<mqtt::Subscribe>(&packet)) {
      mqtt::Suback answer;
      answer.packet_id = subscribe->packet_id;
      answer.codes = {1};
      return {answer};
    }
    if (const auto* puback = std::get_if<mqtt::Puback>(&packet)) {
      acknowledged.push_back(puback->packet_id);
    }
    if (const auto* publish = std::get_if<mqtt::Publish>(&packet)) return answers_to(*publish);
    return {};
  }

  std::vector<mqtt::Packet> answers_to(const mqtt::Publish& publish) {
    topics.push_back(publish.topic);
    bodies.push_back(publish.payload);
    const std::string rid = publish.topic.substr(publish.topic.find("$rid="));
    mqtt::Publish answer;
    answer.qos = 1;
    answer.packet_id = 77;
    if (publish.topic.find("iotdps-register") != std::string::npos) {
      answer.topic = "$dps/registrations/res/" + status_of_register + "/?" + rid + "&retry-after=0";
      answer.payload = register_answer;
    } else {
      answer.topic = "$dps/registrations/res/200/?" + rid;
      answer.payload = kAssigned;
    }
    return {mqtt::Puback{publish.packet_id}, answer};
  }

  Task<void> serve(runtime::TlsStream& stream) {
    mqtt::Decoder decoder;
    for (;;) {
      std::array<std::uint8_t, 4096> chunk{};
      const auto count = co_await stream.read_some(chunk, kEndpointPatience);
      if (!count || *count == 0) co_return;
      decoder.feed(ByteView(chunk.data(), *count));
      while (auto packet = decoder.next()) {
        if (!*packet) co_return;
        for (const mqtt::Packet& answer : answers(**packet)) {
          const Bytes bytes = mqtt::encode(answer);
          const auto sent = co_await stream.write_all(bytes, kEndpointPatience);
          if (!sent) co_return;
        }
      }
    }
  }
};

}  // namespace

TEST_GROUP(MqttTransport) {
  MqttEndpoint endpoint_;
  FakeEndpoint network_;

  void setup() override {
    network_.listen([this](runtime::TlsStream& stream) { return endpoint_.serve(stream); });
  }

  Result<device::Outcome> register_once(device::Attempt attempt) {
    device::MqttTransport transport(network_.services(), device::Carrier::tls);
    return network_.loop().run(transport.register_device(std::move(attempt)));
  }
};

TEST(MqttTransport, RegistersAndPollsUntilTheDeviceHasItsHub) {
  const auto outcome = register_once(network_.attempt());
  CHECK_TRUE(outcome->assigned);
  STRCMP_EQUAL("hub.example", outcome->hub.c_str());
  STRCMP_EQUAL("$dps/registrations/PUT/iotdps-register/?$rid=2", endpoint_.topics[0].c_str());
  STRCMP_EQUAL("$dps/registrations/GET/iotdps-get-operationstatus/?$rid=3&operationId=4.a",
               endpoint_.topics[1].c_str());
  STRCMP_EQUAL(R"({"registrationId":"dev-1"})", endpoint_.bodies[0].c_str());
  CHECK(endpoint_.acknowledged == (std::vector<std::uint16_t>{77, 77}));
}

TEST(MqttTransport, SaysWhoItIsAsDevicesDo) {
  auto attempt = network_.attempt();
  attempt.api_version = "2019-03-31";
  CHECK_TRUE(register_once(std::move(attempt))->assigned);
  const mqtt::Connect& connect = endpoint_.connects[0];
  STRCMP_EQUAL("dev-1", connect.client_id.c_str());
  STRCMP_EQUAL(
      "0ne00LAB001/registrations/dev-1/api-version=2019-03-31"
      "&ClientVersion=berth-device%2F1",
      connect.username->c_str());
  const std::string password(as_text(connect.password->reveal()));
  CHECK_TRUE(password.starts_with("SharedAccessSignature sr="));
}

TEST(MqttTransport, ARefusedConnectionIsAnOutcome) {
  endpoint_.connack = mqtt::ConnectCode::not_authorized;
  const auto outcome = register_once(network_.attempt());
  CHECK_FALSE(outcome->assigned);
  LONGS_EQUAL(5, outcome->error_code);
}

TEST(MqttTransport, ARefusedRegistrationIsAnOutcome) {
  endpoint_.status_of_register = "401";
  endpoint_.register_answer = kUnauthorized;
  const auto outcome = register_once(network_.attempt());
  CHECK_FALSE(outcome->assigned);
  LONGS_EQUAL(401002, outcome->error_code);
}

TEST(MqttTransport, KeepsTheConnectionOfADeviceThatRegistersAgain) {
  device::MqttTransport transport(network_.services(true), device::Carrier::tls);
  for (int i = 0; i < 2; ++i) {
    CHECK_TRUE(network_.loop().run(transport.register_device(network_.attempt()))->assigned);
  }
  LONGS_EQUAL(1, network_.connections);
  auto another = network_.attempt();
  another.identity.registration_id = "dev-2";
  CHECK_TRUE(network_.loop().run(transport.register_device(std::move(another)))->assigned);
  LONGS_EQUAL(2, network_.connections);
}
