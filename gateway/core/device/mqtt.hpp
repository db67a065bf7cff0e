// One MQTT session of a device (device API section 2): CONNECT to DISCONNECT over the codec's
// packets. Sans-I/O: bytes and replies in, bytes and requests out. Credentials are judged when the
// register message arrives, as the real service does (device API 2.4); CONNECT only checks that the
// names agree.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/core/device/http.hpp"
#include "gateway/core/device/request.hpp"
#include "gateway/core/device/session.hpp"
#include "gateway/core/limits.hpp"
#include "shared/base/bytes.hpp"
#include "shared/base/timestamp.hpp"
#include "shared/ports/clock.hpp"
#include "shared/ports/crypto.hpp"
#include "shared/ports/entropy.hpp"
#include "shared/protocol/device/body.hpp"
#include "shared/protocol/mqtt/codec.hpp"

namespace berth::gateway {

using MqttPorts = SessionPorts;
using MqttOutput = SessionOutput;

class MqttSession final : public DeviceSession {
 public:
  // `protocol`: mqtt or mqtt_ws.
  MqttSession(MqttPorts ports, DevicePeer peer, domain::DeviceProtocol protocol);

  [[nodiscard]] MqttOutput on_bytes(ByteView bytes) override;
  [[nodiscard]] MqttOutput on_reply(const Reply& reply) override;
  [[nodiscard]] MqttOutput on_time() override;
  [[nodiscard]] std::optional<MonotonicTime> next_wake() const override;
  [[nodiscard]] std::size_t max_requests() const override { return kMaxMqttRequests; }

 private:
  enum class State : std::uint8_t { awaiting_connect, connected, closed };

  void on_packet(mqtt::Packet packet, MqttOutput& out);
  void on_connect(mqtt::Connect connect, MqttOutput& out);
  void on_publish(const mqtt::Publish& publish, MqttOutput& out);
  void on_subscribe(const mqtt::Subscribe& subscribe, MqttOutput& out);
  void on_unsubscribe(const mqtt::Unsubscribe& unsubscribe, MqttOutput& out);
  void refuse_connect(mqtt::ConnectCode code, std::string reason, MqttOutput& out);
  void respond(const std::string& request_id, int status,
               std::optional<std::chrono::seconds> retry_after, std::string body, MqttOutput& out);
  void close(std::string reason, MqttOutput& out);

  MqttPorts ports_;
  DevicePeer peer_;
  domain::DeviceProtocol protocol_;
  mqtt::Decoder decoder_;
  State state_ = State::awaiting_connect;
  bool refused_ = false;      // told 401: nothing but goodbyes is taken until the deadline
  MonotonicTime deadline_{};  // of silence, for CONNECT, or for goodbyes
  std::chrono::nanoseconds max_silence_{};
  Claim claim_;                               // what CONNECT said
  std::optional<std::uint8_t> granted_qos_;   // of the response subscription
  std::map<RequestToken, std::string> open_;  // to each request's $rid, verbatim
  RequestToken last_token_ = 0;
  std::uint16_t last_packet_id_ = 0;
};

}  // namespace berth::gateway
