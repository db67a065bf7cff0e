// The coordinator's side of a sync session (docs/formats/sync.md), sans-I/O and pure protocol: who
// the peer is, what is in its scope and what it is sent is decided in coordinator/sync.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"
#include "shared/base/timestamp.hpp"
#include "shared/protocol/sync/frames.hpp"
#include "shared/protocol/sync/session_gateway.hpp"

namespace berth::sync {

class CoordinatorSession {
 public:
  // What the gateway asks and says; Hello comes first and once. Ping is answered here, and shown
  // for the clock that it carries.
  using Event =
      std::variant<Hello, ResyncRequest, HeadRequest, LookBackRequest, OutboxEntries, CleanupReply,
                   CertificateRequest, WebhookRequest, Ping, AuditSegments, AuditSealed, Closed>;

  explicit CoordinatorSession(MonotonicTime now) : last_heard_(now) {}

  void receive(ByteView bytes, MonotonicTime now);
  void tick(MonotonicTime now);
  [[nodiscard]] Bytes take_output();
  // How much waits to be taken: whoever has much to send waits while this is large.
  [[nodiscard]] std::size_t output_size() const { return output_.size(); }
  [[nodiscard]] bool has_output() const { return !output_.empty(); }
  [[nodiscard]] std::vector<Event> take_events();
  [[nodiscard]] bool closed() const { return state_ == State::closed; }

  void send(const Message& message);
  // Says why and ends the session; the adapter closes once the output is sent.
  void refuse(Errc code, const std::string& reason);

 private:
  enum class State : std::uint8_t { greeting, open, closed };

  void fail(Error error);
  void handle(Message message);

  State state_ = State::greeting;
  FrameReader reader_;
  Bytes output_;
  std::vector<Event> events_;
  MonotonicTime last_heard_;
};

}  // namespace berth::sync
