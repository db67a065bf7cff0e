// One AMQP connection of a device (device API section 3): protocol header to close, over
// qpid-proton's engine. Bytes and replies in, bytes and requests out; who moves the bytes is
// somebody else's business. Everything that the device sends is cut into frames and checked
// (gateway/core/device/amqp_frames) before proton sees it.
//
// A message is answered in two parts: its delivery is accepted and a reply goes out on the device's
// other link, or it is rejected with the error document as description. Names and the presence of
// credentials are judged when a link is attached; what they are worth, with the first message.
#pragma once

#include <memory>

#include "gateway/core/device/http.hpp"
#include "gateway/core/device/session.hpp"
#include "gateway/core/limits.hpp"

namespace berth::gateway {

class AmqpSession final : public DeviceSession {
 public:
  // `protocol`: amqp or amqp_ws. The SASL mechanism TPM makes a RegisterRequest with TPM keys and
  // without a token, which is to be answered by a ChallengeReply.
  AmqpSession(const SessionPorts& ports, DevicePeer peer, domain::DeviceProtocol protocol);
  ~AmqpSession() override;

  [[nodiscard]] SessionOutput on_bytes(ByteView bytes) override;
  [[nodiscard]] SessionOutput on_reply(const Reply& reply) override;
  [[nodiscard]] SessionOutput on_time() override;
  [[nodiscard]] std::optional<MonotonicTime> next_wake() const override;
  [[nodiscard]] std::size_t max_requests() const override { return kMaxAmqpRequests; }

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace berth::gateway
