// What a device's session is to the transport below it, whatever it speaks: bytes, replies and time
// in; bytes and requests out. One transport then moves MQTT and AMQP alike, on TLS or in a
// WebSocket.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "gateway/core/device/request.hpp"
#include "gateway/core/ports/cache.hpp"
#include "shared/base/bytes.hpp"
#include "shared/base/timestamp.hpp"
#include "shared/ports/clock.hpp"
#include "shared/ports/crypto.hpp"
#include "shared/ports/entropy.hpp"
#include "shared/protocol/device/body.hpp"

namespace berth::gateway {

struct SessionPorts {
  const Cache& cache;  // which ID scopes are served
  protocol::BodyCodec& json;
  ports::Crypto& crypto;
  ports::Clock& clock;
  ports::Entropy& entropy;
};

// What an input led to, to be carried out in this order.
struct SessionOutput {
  Bytes send;
  std::vector<DeviceRequest> requests;  // their tokens are this session's own
  bool close = false;                   // once all is sent
  std::string reason;                   // for the installer's log, if something was wrong
};

class DeviceSession {
 public:
  virtual ~DeviceSession() = default;

  [[nodiscard]] virtual SessionOutput on_bytes(ByteView bytes) = 0;
  // The reply to one of the session's requests, with its token.
  [[nodiscard]] virtual SessionOutput on_reply(const Reply& reply) = 0;
  [[nodiscard]] virtual SessionOutput on_time() = 0;
  // When on_time() wants to be called at the latest; none once the session is closed.
  [[nodiscard]] virtual std::optional<MonotonicTime> next_wake() const = 0;
  // How many requests it has open at the most.
  [[nodiscard]] virtual std::size_t max_requests() const = 0;
};

}  // namespace berth::gateway
