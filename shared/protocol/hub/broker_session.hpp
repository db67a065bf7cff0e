// One connection to a broker's control channel (service API 6.2): MQTT from CONNECT on, requests
// out, their answers back. Sans-I/O: bytes and requests in, bytes and answers out. The channel is
// shared by all administrators and its answers come at QoS 0, so that each command carries a
// correlation of its own, and whoever waits has a deadline.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"
#include "shared/base/secret_bytes.hpp"
#include "shared/protocol/hub/dynamic_security.hpp"
#include "shared/protocol/mqtt/codec.hpp"

namespace berth::hub {

// Requests that wait for their answers on one connection.
inline constexpr std::size_t kMaxOpenBrokerRequests = 256;

class BrokerSession {
 public:
  using Ticket = std::uint64_t;

  struct Login {
    std::string client_id;  // no other client may have it: unique per connection
    std::string user_name;
    SecretBytes password;
  };
  // `json` outlives the session.
  BrokerSession(Login login, dynsec::DynamicSecurityCodec& json);

  // Takes a request at any time; it goes out once the broker has let us in. Errc::throttled past
  // kMaxOpenBrokerRequests, Errc::unavailable after an end.
  [[nodiscard]] Result<Ticket> ask(dynsec::Request request);
  // Nobody waits for it any more.
  void forget(Ticket ticket);
  void on_bytes(ByteView bytes);

  // What is to be sent.
  [[nodiscard]] Bytes take_output();
  [[nodiscard]] std::vector<std::pair<Ticket, dynsec::Answer>> take_answers();
  // Why nothing more will come: Errc::hub_unauthorized, Errc::unavailable.
  [[nodiscard]] const std::optional<Error>& ending() const { return ending_; }

 private:
  enum class State : std::uint8_t { connecting, subscribing, ready, ended };

  struct Open {
    dynsec::Request request;
    std::string retained;
  };

  void send(const mqtt::Packet& packet);
  void send_request(Ticket ticket, const dynsec::Request& request);
  void publish(std::string topic, std::string payload, bool retain);
  void end(Errc code, std::string reason);
  void on_packet(const mqtt::Packet& packet);
  void on_connack(const mqtt::Connack& connack);
  void on_suback(const mqtt::Suback& suback);
  void on_publish(const mqtt::Publish& publish);
  void on_replies(const std::string& payload);
  [[nodiscard]] std::string correlation_of(Ticket ticket, std::size_t command) const;
  std::uint16_t next_packet_id();

  Login login_;
  dynsec::DynamicSecurityCodec& json_;
  mqtt::Decoder decoder_;
  State state_ = State::connecting;
  std::optional<Error> ending_;
  Bytes output_;
  Ticket last_ticket_ = 0;
  std::uint16_t last_packet_id_ = 0;
  std::map<Ticket, Open> open_;
  std::vector<std::pair<Ticket, dynsec::Answer>> answers_;
};

}  // namespace berth::hub
