// A device's AMQP bytes, cut into protocol headers and whole frames (AMQP 1.0 part 2, sections 2.2
// and 2.3) and checked: only what is complete, within the limits and well-formed goes on to the
// engine. A trickle of bytes makes no frame, and so keeps no connection alive.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"

namespace berth::gateway::amqp {

enum class UnitKind : std::uint8_t {
  sasl_header,   // 'A' 'M' 'Q' 'P' 3 1 0 0: SASL comes first (symmetric keys, TPM)
  amqp_header,   // 'A' 'M' 'Q' 'P' 0 1 0 0: no SASL (X.509), or what follows it
  other_header,  // of a protocol that is not spoken here
  sasl_frame,
  amqp_frame,
};

struct Unit {
  UnitKind kind = UnitKind::amqp_frame;
  Bytes bytes;
  std::uint64_t performative = 0;  // its descriptor, in a frame that is not empty
};

// The two that a client's SASL frames may carry (part 5, section 5.3.3).
inline constexpr std::uint64_t kSaslInit = 0x41;
inline constexpr std::uint64_t kSaslResponse = 0x43;

// What a peer with another protocol header is answered (section 2.2): the one to come with.
inline constexpr std::uint8_t kSaslHeader[] = {'A', 'M', 'Q', 'P', 3, 1, 0, 0};

class FrameSplitter {
 public:
  void feed(ByteView bytes) { append(pending_, bytes); }
  // The next unit; none until more bytes come. After an error the stream has no frames any more.
  [[nodiscard]] std::optional<Result<Unit>> next();

 private:
  Bytes pending_;
};

}  // namespace berth::gateway::amqp
