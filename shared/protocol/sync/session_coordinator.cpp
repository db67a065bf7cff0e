#include "shared/protocol/sync/session_coordinator.hpp"

#include <type_traits>
#include <utility>

namespace berth::sync {

Bytes CoordinatorSession::take_output() {
  return std::exchange(output_, {});
}

std::vector<CoordinatorSession::Event> CoordinatorSession::take_events() {
  return std::exchange(events_, {});
}

void CoordinatorSession::send(const Message& message) {
  if (state_ != State::closed) append(output_, encode_frame(message));
}

void CoordinatorSession::refuse(Errc code, const std::string& reason) {
  if (state_ == State::closed) return;
  send(Refused{code, reason});
  fail(Error{code, reason});
}

void CoordinatorSession::fail(Error error) {
  if (state_ == State::closed) return;
  state_ = State::closed;
  events_.emplace_back(Closed{std::move(error)});
}

void CoordinatorSession::receive(ByteView bytes, MonotonicTime now) {
  if (state_ == State::closed) return;
  last_heard_ = now;
  reader_.feed(bytes);
  while (state_ != State::closed) {
    auto message = reader_.next();
    if (!message) return;
    if (!*message) return fail(message->error());
    handle(std::move(**message));
  }
}

void CoordinatorSession::tick(MonotonicTime now) {
  if (now - last_heard_ >= kIdleDeadline) {
    fail(Error{Errc::timed_out, "the gateway said nothing for " +
                                    std::to_string(kIdleDeadline.count()) + " seconds"});
  }
}

void CoordinatorSession::handle(Message message) {
  if (auto* hello = std::get_if<Hello>(&message)) {
    if (state_ == State::open) return refuse(Errc::malformed, "a second hello");
    if (hello->protocol_version != kProtocolVersion) {
      return refuse(Errc::unsupported, "this coordinator speaks sync version " +
                                           std::to_string(kProtocolVersion) + " only");
    }
    state_ = State::open;
    events_.emplace_back(std::move(*hello));
    return;
  }
  if (state_ == State::greeting) return refuse(Errc::malformed, "the first message is a hello");
  if (const auto* ping = std::get_if<Ping>(&message)) send(Pong{ping->nonce});
  std::visit(
      [this](auto& known) {
        using Known = std::decay_t<decltype(known)>;
        if constexpr (std::is_constructible_v<Event, std::in_place_type_t<Known>, Known>) {
          events_.emplace_back(std::in_place_type<Known>, std::move(known));
        } else {
          refuse(Errc::malformed, "a gateway does not say this");
        }
      },
      message);
}

}  // namespace berth::sync
