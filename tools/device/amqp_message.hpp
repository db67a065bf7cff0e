// The messages of the AMQP device API (device API 3.3): bytes to a reply, a question to bytes.
#pragma once

#include <string>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"
#include "tools/device/conversation.hpp"

namespace berth::device {

struct AmqpQuestion {
  std::string operation_id;  // empty: register
  bool force = false;
  std::string correlation_id;
  std::string body;
};

[[nodiscard]] Bytes encode(const AmqpQuestion& question);

struct AmqpAnswer {
  std::string correlation_id;  // empty: none
  Reply reply;
};

// Errc::malformed if it is no message, or its body no Data section.
[[nodiscard]] Result<AmqpAnswer> decode_answer(ByteView bytes);

}  // namespace berth::device
