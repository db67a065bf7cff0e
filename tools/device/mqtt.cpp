#include <array>
#include <charconv>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "shared/protocol/mqtt/codec.hpp"
#include "shared/runtime/tls_stream.hpp"
#include "tools/device/answer.hpp"
#include "tools/device/device.hpp"

namespace berth::device {
namespace {

constexpr std::string_view kResponsePrefix = "$dps/registrations/res/";
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

// One MQTT connection of a device: sends packets, waits for packets.
class Connection {
 public:
  Connection(std::unique_ptr<runtime::TlsStream> stream,
             std::chrono::steady_clock::time_point deadline)
      : stream_(std::move(stream)), deadline_(deadline) {}

  runtime::Task<Result<void>> send(mqtt::Packet packet) {
    const Bytes bytes = mqtt::encode(packet);
    co_return co_await stream_->write_all(bytes, left());
  }

  runtime::Task<Result<mqtt::Packet>> receive() {
    for (;;) {
      auto packet = decoder_.next();
      if (packet) co_return std::move(*packet);
      std::array<std::uint8_t, 4096> buffer{};
      const auto count = co_await stream_->read_some(buffer, left());
      if (!count) co_return count.error();
      if (*count == 0) co_return Error{Errc::unavailable, "the endpoint closed the connection"};
      decoder_.feed(ByteView(buffer.data(), *count));
    }
  }

  // The next packet of this kind; others are passed over, publications acknowledged.
  template <class Kind>
  runtime::Task<Result<Kind>> await() {
    for (;;) {
      auto packet = co_await receive();
      if (!packet) co_return packet.error();
      if (const auto* publish = std::get_if<mqtt::Publish>(&*packet);
          publish != nullptr && publish->qos == 1) {
        mqtt::Packet acknowledgement = mqtt::Puback{publish->packet_id};
        const auto sent = co_await send(std::move(acknowledgement));
        if (!sent) co_return sent.error();
      }
      if (auto* wanted = std::get_if<Kind>(&*packet)) co_return std::move(*wanted);
    }
  }

  runtime::Task<void> close() {
    mqtt::Packet goodbye = mqtt::Disconnect{};
    const auto sent = co_await send(std::move(goodbye));
    static_cast<void>(sent);  // the registration is over either way
    co_await stream_->close();
  }

  std::chrono::milliseconds left() const {
    return std::max(std::chrono::milliseconds{1},
                    std::chrono::duration_cast<std::chrono::milliseconds>(
                        deadline_ - std::chrono::steady_clock::now()));
  }

 private:
  std::unique_ptr<runtime::TlsStream> stream_;
  std::chrono::steady_clock::time_point deadline_;
  mqtt::Decoder decoder_;
};

mqtt::Connect connect_packet(const Attempt& attempt, ports::Crypto& crypto) {
  mqtt::Connect connect;
  connect.client_id = attempt.identity.registration_id;
  connect.keep_alive_seconds = kKeepAliveSeconds;
  connect.username = attempt.endpoint.id_scope + "/registrations/" +
                     attempt.identity.registration_id + "/api-version=" + kApiVersion +
                     "&ClientVersion=berth-device%2F1";
  if (attempt.identity.symmetric_key) {
    connect.password = SecretBytes::copy_of(as_bytes(sas_token(attempt, crypto)));
  }
  return connect;
}

std::string connect_refusal(mqtt::ConnectCode code) {
  return "the endpoint refused the connection (CONNACK " + std::to_string(static_cast<int>(code)) +
         ")";
}

}  // namespace

runtime::Task<Result<Outcome>> register_over_mqtt(boost::asio::any_io_executor executor,
                                                  Attempt attempt, ports::Crypto& crypto) {
  const auto deadline = std::chrono::steady_clock::now() + attempt.timeout;
  auto stream = co_await runtime::connect_tls(
      executor, attempt.endpoint.host, attempt.endpoint.mqtt_port, attempt.tls, attempt.timeout);
  if (!stream) co_return stream.error();
  Connection connection(std::move(*stream), deadline);

  mqtt::Packet connect = connect_packet(attempt, crypto);
  auto sent = co_await connection.send(std::move(connect));
  if (!sent) co_return sent.error();
  const auto connack = co_await connection.await<mqtt::Connack>();
  if (!connack) co_return connack.error();
  if (connack->code != mqtt::ConnectCode::accepted) {
    Outcome refused;
    refused.error_code = static_cast<std::int64_t>(connack->code);
    refused.message = connect_refusal(connack->code);
    co_return refused;
  }
  mqtt::Subscribe subscribe;
  subscribe.packet_id = 1;
  subscribe.filters.push_back({"$dps/registrations/res/#", 1});
  mqtt::Packet subscription = subscribe;
  sent = co_await connection.send(std::move(subscription));
  if (!sent) co_return sent.error();
  const auto suback = co_await connection.await<mqtt::Suback>();
  if (!suback) co_return suback.error();

  boost::asio::steady_timer timer(executor);
  std::string operation_id;
  for (std::uint16_t request = 1;; ++request) {
    if (std::chrono::steady_clock::now() >= deadline) {
      co_return Error{Errc::timed_out, "no hub was assigned in time"};
    }
    mqtt::Publish publish;
    publish.qos = 1;
    publish.packet_id = static_cast<std::uint16_t>(request + 1);
    const std::string rid = "$rid=" + std::to_string(request);
    if (operation_id.empty()) {
      publish.topic = "$dps/registrations/PUT/iotdps-register/?" + rid;
      publish.payload = register_body(attempt.identity);
    } else {
      publish.topic = "$dps/registrations/GET/iotdps-get-operationstatus/?" + rid +
                      "&operationId=" + operation_id;
    }
    mqtt::Packet question = std::move(publish);
    sent = co_await connection.send(std::move(question));
    if (!sent) co_return sent.error();
    const auto response = co_await connection.await<mqtt::Publish>();
    if (!response) co_return response.error();
    const auto topic = read_topic(response->topic);
    if (!topic) co_return topic.error();
    auto answer = read_answer(topic->status, response->payload);
    if (!answer) co_return answer.error();
    if (answer->kind != Answer::Kind::pending) {
      co_await connection.close();
      co_return std::move(answer->outcome);
    }
    operation_id = answer->operation_id;
    timer.expires_after(poll_delay(topic->retry_after));
    co_await timer.async_wait(boost::asio::use_awaitable);
  }
}

}  // namespace berth::device
