#include "tools/device/mqtt.hpp"

#include <array>
#include <charconv>
#include <utility>

#include "shared/protocol/mqtt/codec.hpp"
#include "tools/device/answer.hpp"
#include "tools/device/conversation.hpp"

namespace berth::device {

namespace {

constexpr std::string_view kResponsePrefix = "$dps/registrations/res/";
constexpr const char* kSubprotocol = "mqtt";
constexpr std::uint16_t kKeepAliveSeconds = 60;

// A response topic taken apart (device API 2.2).
struct ResponseTopic {
  int status = 0;
  std::string retry_after;
};

Result<ResponseTopic> read_topic(std::string_view topic) {
  const Error malformed{Errc::malformed, "a response on an unexpected topic"};
  if (!topic.starts_with(kResponsePrefix)) return malformed;
  topic.remove_prefix(kResponsePrefix.size());
  ResponseTopic read;
  const auto [end, failed] =
      std::from_chars(topic.data(), topic.data() + topic.size(), read.status);
  if (failed != std::errc{}) return malformed;
  constexpr std::string_view kKey = "retry-after=";
  const std::size_t at = topic.find(kKey);
  if (at != std::string_view::npos) {
    const std::string_view rest = topic.substr(at + kKey.size());
    read.retry_after = std::string(rest.substr(0, rest.find('&')));
  }
  return read;
}

mqtt::Connect connect_packet(const Attempt& attempt, ports::Crypto& crypto) {
  mqtt::Connect connect;
  connect.client_id = attempt.identity.registration_id;
  connect.keep_alive_seconds = kKeepAliveSeconds;
  connect.username = resource_of(attempt) + "/api-version=" + attempt.api_version +
                     "&ClientVersion=berth-device%2F1";
  if (attempt.identity.symmetric_key) {
    connect.password = SecretBytes::copy_of(as_bytes(sas_token(attempt, crypto)));
  }
  return connect;
}

}  // namespace

// One MQTT connection of a device.
class MqttConversation final : public Conversation {
 public:
  MqttConversation(std::unique_ptr<ByteStream> stream, const Attempt& attempt)
      : stream_(std::move(stream)),
        device_(resource_of(attempt)),
        register_body_(register_body(attempt.identity)) {}

  // CONNECT and SUBSCRIBE; gives what CONNACK says.
  runtime::Task<Result<mqtt::ConnectCode>> begin(mqtt::Connect connect, Deadline deadline) {
    mqtt::Packet first = std::move(connect);
    auto sent = co_await send(std::move(first), deadline);
    if (!sent) co_return sent.error();
    const auto connack = co_await await<mqtt::Connack>(deadline);
    if (!connack) co_return connack.error();
    if (connack->code != mqtt::ConnectCode::accepted) co_return connack->code;
    mqtt::Subscribe subscribe;
    subscribe.packet_id = 1;
    subscribe.filters.push_back({"$dps/registrations/res/#", 1});
    mqtt::Packet subscription = subscribe;
    sent = co_await send(std::move(subscription), deadline);
    if (!sent) co_return sent.error();
    const auto suback = co_await await<mqtt::Suback>(deadline);
    if (!suback) co_return suback.error();
    co_return mqtt::ConnectCode::accepted;
  }

  runtime::Task<Result<Reply>> ask(std::string operation_id, Deadline deadline) override {
    // A packet identifier is not zero, and 1 was the subscription's.
    last_packet_ =
        last_packet_ == 0xFFFF ? std::uint16_t{2} : static_cast<std::uint16_t>(last_packet_ + 1);
    mqtt::Publish publish;
    publish.qos = 1;
    publish.packet_id = last_packet_;
    const std::string rid = "$rid=" + std::to_string(last_packet_);
    if (operation_id.empty()) {
      publish.topic = "$dps/registrations/PUT/iotdps-register/?" + rid;
      publish.payload = register_body_;
    } else {
      publish.topic = "$dps/registrations/GET/iotdps-get-operationstatus/?" + rid +
                      "&operationId=" + operation_id;
    }
    mqtt::Packet question = std::move(publish);
    const auto sent = co_await send(std::move(question), deadline);
    if (!sent) co_return sent.error();
    auto response = co_await await<mqtt::Publish>(deadline);
    if (!response) co_return response.error();
    auto topic = read_topic(response->topic);
    if (!topic) co_return topic.error();
    Reply reply;
    reply.status = topic->status;
    reply.retry_after = std::move(topic->retry_after);
    reply.body = std::move(response->payload);
    co_return reply;
  }

  runtime::Task<void> close(Deadline deadline) {
    mqtt::Packet goodbye = mqtt::Disconnect{};
    const auto sent = co_await send(std::move(goodbye), deadline);
    static_cast<void>(sent);  // the registration is over either way
    co_await stream_->close();
  }

  // Whether the connection is this device's, with what it says of itself unchanged.
  bool serves(const Attempt& attempt) const {
    return device_ == resource_of(attempt) && register_body_ == register_body(attempt.identity);
  }

 private:
  runtime::Task<Result<void>> send(mqtt::Packet packet, Deadline deadline) {
    const Bytes bytes = mqtt::encode(packet);
    co_return co_await stream_->write_all(bytes, left_until(deadline));
  }

  runtime::Task<Result<mqtt::Packet>> receive(Deadline deadline) {
    for (;;) {
      auto packet = decoder_.next();
      if (packet) co_return std::move(*packet);
      std::array<std::uint8_t, 4096> buffer{};
      const auto count = co_await stream_->read_some(buffer, left_until(deadline));
      if (!count) co_return count.error();
      if (*count == 0) co_return Error{Errc::unavailable, "the endpoint closed the connection"};
      decoder_.feed(ByteView(buffer.data(), *count));
    }
  }

  // The next packet of this kind; others are passed over, publications acknowledged.
  template <class Kind>
  runtime::Task<Result<Kind>> await(Deadline deadline) {
    for (;;) {
      auto packet = co_await receive(deadline);
      if (!packet) co_return packet.error();
      if (const auto* publish = std::get_if<mqtt::Publish>(&*packet);
          publish != nullptr && publish->qos == 1) {
        mqtt::Packet acknowledgement = mqtt::Puback{publish->packet_id};
        const auto sent = co_await send(std::move(acknowledgement), deadline);
        if (!sent) co_return sent.error();
      }
      if (auto* wanted = std::get_if<Kind>(&*packet)) co_return std::move(*wanted);
    }
  }

  std::unique_ptr<ByteStream> stream_;
  std::string device_;
  std::string register_body_;
  std::uint16_t last_packet_ = 1;
  mqtt::Decoder decoder_;
};

MqttTransport::MqttTransport(const TransportServices& services, Carrier carrier)
    : services_(services), carrier_(carrier) {}

MqttTransport::~MqttTransport() = default;

runtime::Task<Result<Outcome>> MqttTransport::register_device(Attempt attempt) {
  const Deadline deadline = std::chrono::steady_clock::now() + attempt.timeout;
  std::unique_ptr<MqttConversation> conversation = std::move(kept_);
  if (conversation && !conversation->serves(attempt)) {
    co_await conversation->close(deadline);
    conversation.reset();
  }
  if (!conversation) {
    const bool is_tls = carrier_ == Carrier::tls;
    Destination to{carrier_, attempt.endpoint.host,
                   is_tls ? attempt.endpoint.mqtt_port : attempt.endpoint.https_port, kSubprotocol,
                   attempt.tls};
    auto stream = co_await open_stream(services_.executor, std::move(to), attempt.timeout);
    if (!stream) co_return stream.error();
    conversation = std::make_unique<MqttConversation>(std::move(*stream), attempt);
    auto connect = connect_packet(attempt, services_.crypto);
    const auto code = co_await conversation->begin(std::move(connect), deadline);
    if (!code) co_return code.error();
    if (*code != mqtt::ConnectCode::accepted) {
      Outcome refused;
      refused.error_code = static_cast<std::int64_t>(*code);
      refused.message = "the endpoint refused the connection (CONNACK " +
                        std::to_string(refused.error_code) + ")";
      co_return refused;
    }
  }
  auto outcome = co_await converse(*conversation, deadline);
  if (outcome && outcome->assigned && services_.keep_connection) {
    kept_ = std::move(conversation);
  } else if (outcome) {
    co_await conversation->close(deadline);
  }
  co_return std::move(outcome);
}

}  // namespace berth::device
