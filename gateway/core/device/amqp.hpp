// The AMQP device API (device API section 3) over messages: a message on a device's link becomes a
// request to the registration engine, its reply a message on the link back, a refusal what a
// delivery is rejected or a link detached with. Links, deliveries and frames are the session's.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "gateway/core/device/amqp_message.hpp"
#include "gateway/core/device/request.hpp"
#include "shared/ports/clock.hpp"
#include "shared/ports/entropy.hpp"
#include "shared/protocol/device/body.hpp"

namespace berth::gateway {

// A refusal as AMQP says it. An error document as a reply would be taken for a status: Node's SDK
// throws on it (device API 3.3).
struct AmqpRefusal {
  Errc code = Errc::internal;
  std::string_view condition;  // of the error catalogue
  std::string description;     // the error document
  std::optional<std::chrono::seconds> retry_after;
  std::string reason;  // for the installer's log; empty if it is there already
};

class DeviceAmqp {
 public:
  DeviceAmqp(protocol::BodyCodec& json, ports::Clock& clock, ports::Entropy& entropy)
      : json_(json), clock_(clock), entropy_(entropy) {}

  // `claim` is what the connection and the link said.
  [[nodiscard]] std::variant<DeviceRequest, AmqpRefusal> read(const amqp::RequestMessage& message,
                                                              const Claim& claim,
                                                              RequestToken token) const;
  // The answer to a request whose message had this correlation ID.
  [[nodiscard]] std::variant<amqp::ReplyMessage, AmqpRefusal> write(const Reply& reply,
                                                                    Bytes correlation_id) const;
  // A refusal of our own, `reason` for the log.
  [[nodiscard]] AmqpRefusal refuse(Errc code, std::string reason) const;

 private:
  protocol::BodyCodec& json_;
  ports::Clock& clock_;
  ports::Entropy& entropy_;
};

}  // namespace berth::gateway
