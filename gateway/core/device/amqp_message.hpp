// A device's AMQP messages (device API 3.3; AMQP 1.0 part 3, section 3.2), as far as they matter
// here: request in, reply out.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"

namespace berth::gateway::amqp {

struct RequestMessage {
  // As encoded, type and all, to be given back as it came; empty: there was none.
  Bytes correlation_id;
  std::string operation_type;  // iotdps-operation-type
  std::string operation_id;    // iotdps-operation-id
  std::string body;            // of Data sections, or a string; empty: there was none
};

// Errc::malformed or Errc::too_large for what is no message, Errc::unsupported for a body of a kind
// that no SDK sends.
[[nodiscard]] Result<RequestMessage> read_message(ByteView bytes);

struct ReplyMessage {
  Bytes correlation_id;
  int status = 200;  // as HTTP would say it
  std::optional<std::chrono::seconds> retry_after;
  std::string body;  // JSON
};

// The body in one Data section, since C takes no other kind; retry-after as an int under both of
// the spellings that clients read, since C takes no long (device API 3.3).
[[nodiscard]] Bytes write_message(const ReplyMessage& message);

}  // namespace berth::gateway::amqp
