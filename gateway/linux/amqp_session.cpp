#include "gateway/linux/amqp_session.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <map>
#include <proton/condition.h>
#include <proton/connection.h>
#include <proton/connection_driver.h>
#include <proton/delivery.h>
#include <proton/disposition.h>
#include <proton/link.h>
#include <proton/session.h>
#include <proton/terminus.h>
#include <proton/transport.h>
#include <utility>
#include <variant>

#include "gateway/core/device/amqp.hpp"
#include "gateway/core/device/amqp_address.hpp"
#include "gateway/core/device/amqp_frames.hpp"
#include "gateway/core/device/amqp_link.hpp"
#include "gateway/core/device/amqp_sasl.hpp"
#include "gateway/linux/proton_sasl.hpp"
#include "gateway/linux/proton_values.hpp"
#include "shared/protocol/errors.hpp"

namespace berth::gateway {
namespace {

constexpr const char* kContainer = "berth";
constexpr const char* kApiVersion = "com.microsoft:api-version";
// Conditions of the connection itself (AMQP 1.0 part 2, section 2.8.16), beside the error
// catalogue's for what a device asked.
constexpr const char* kFramingError = "amqp:connection:framing-error";
constexpr const char* kForced = "amqp:connection:forced";
constexpr const char* kLimitExceeded = "amqp:resource-limit-exceeded";
constexpr const char* kNotAllowed = "amqp:not-allowed";

std::string text_of(const char* text) {
  return text == nullptr ? std::string() : std::string(text, strnlen(text, kMaxLoggedText));
}

}  // namespace

class AmqpSession::Impl {
 public:
  Impl(const SessionPorts& ports, DevicePeer peer, domain::DeviceProtocol protocol)
      : ports_(ports),
        peer_(std::move(peer)),
        protocol_(protocol),
        mapping_(ports_.json, ports_.clock, ports_.entropy),
        sasl_(!peer_.chain.empty()),
        deadline_(ports_.clock.monotonic() + kAmqpOpenDeadline) {
    pn_connection_driver_init(&driver_, nullptr, nullptr);
    pn_transport_set_server(driver_.transport);
    pn_transport_set_max_frame(driver_.transport, kMaxAmqpFrame);
    pn_transport_set_channel_max(driver_.transport, kMaxAmqpSessions - 1);
    pn_transport_set_idle_timeout(
        driver_.transport,
        static_cast<pn_millis_t>(std::chrono::milliseconds(kAmqpMaxSilence).count()));
    proton_sasl_.emplace(driver_.transport, sasl_);
    // X.509 comes without SASL (device API 3.1); who has no credentials at all attaches no link.
    pn_transport_require_auth(driver_.transport, false);
    pn_connection_driver_bind(&driver_);
    pn_connection_set_container(driver_.connection, kContainer);
  }
  ~Impl() { pn_connection_driver_destroy(&driver_); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  SessionOutput on_bytes(ByteView bytes) {
    if (closed_) return {};
    splitter_.feed(bytes);
    while (!closed_) {
      std::optional<Result<amqp::Unit>> unit = splitter_.next();
      if (!unit) break;
      if (*unit) {
        on_unit(**unit);
      } else {
        fail(kFramingError, unit->error().reason);
      }
    }
    return take_output();
  }

  SessionOutput on_reply(const Reply& reply) {
    if (closed_) return {};
    if (reply.token == challenge_token_) {
      challenge_token_ = 0;
      on_challenge(reply);
    } else {
      const auto open = open_.find(reply.token);
      if (open != open_.end()) {
        Request request = std::move(open->second);
        open_.erase(open);
        answer(request, mapping_.write(reply, std::move(request.correlation_id)));
      }
    }
    pump();
    return take_output();
  }

  SessionOutput on_time() {
    if (closed_) return {};
    if (ports_.clock.monotonic() >= deadline_) {
      if (refused_) {
        fail(kForced, {});
      } else {
        fail(kForced, is_established_ ? "the device was silent for too long"
                                      : "no link was attached in time");
      }
    } else {
      pump();
    }
    return take_output();
  }

  std::optional<MonotonicTime> next_wake() const {
    if (closed_) return std::nullopt;
    return tick_ ? std::min(*tick_, deadline_) : deadline_;
  }

 private:
  // A link that the device attached, and what it is about.
  struct Link {
    pn_link_t* link = nullptr;
    AmqpAddress device;
    std::string api_version;
  };
  // A message whose answer is due.
  struct Request {
    pn_delivery_t* delivery = nullptr;
    AmqpAddress device;
    Bytes correlation_id;
  };
  enum class Header : std::uint8_t { none, sasl, amqp };

  // ---- Bytes ----

  void on_unit(const amqp::Unit& unit) {
    switch (unit.kind) {
      case amqp::UnitKind::other_header:
        if (header_ != Header::none) break;
        append(out_.send, amqp::kSaslHeader);
        close("a protocol that is not AMQP 1.0");
        return;
      case amqp::UnitKind::sasl_header:
        if (header_ != Header::none) break;
        header_ = Header::sasl;
        feed(unit.bytes);
        return;
      case amqp::UnitKind::amqp_header:
        if (header_ == Header::amqp || (header_ == Header::sasl && !sasl_.is_accepted())) break;
        header_ = Header::amqp;
        feed(unit.bytes);
        return;
      case amqp::UnitKind::sasl_frame:
        // One init, then responses: proton would take any number of either, and more.
        if (header_ != Header::sasl || sasl_.is_accepted() ||
            unit.performative != (is_sasl_begun_ ? amqp::kSaslResponse : amqp::kSaslInit)) {
          break;
        }
        is_sasl_begun_ = true;
        feed(unit.bytes);
        if (proton_sasl_->take_wait()) ask_for_challenge();
        return;
      case amqp::UnitKind::amqp_frame:
        if (header_ != Header::amqp) break;
        // Only whole frames count as life.
        if (is_established_ && !refused_) {
          deadline_ = ports_.clock.monotonic() + kAmqpMaxSilence;
        }
        feed(unit.bytes);
        return;
    }
    fail(kFramingError, "a frame or a header out of its order");
  }

  void feed(ByteView bytes) {
    while (!bytes.empty()) {
      const pn_rwbytes_t buffer = pn_connection_driver_read_buffer(&driver_);
      if (buffer.size == 0) break;  // it takes no more: it has said why
      const std::size_t size = std::min(buffer.size, bytes.size());
      std::memcpy(buffer.start, bytes.data(), size);
      pn_connection_driver_read_done(&driver_, size);
      bytes = bytes.subspan(size);
    }
    pump();
  }

  // Carries out what there is to do, and collects what there is to send, until there is neither.
  void pump() {
    for (;;) {
      while (pn_event_t* event = pn_connection_driver_next_event(&driver_)) {
        on_event(event);
        if (closed_) return;
      }
      tick();
      const pn_bytes_t output = pn_connection_driver_write_buffer(&driver_);
      if (output.size > 0) {
        append(out_.send, as_bytes({output.start, output.size}));
        pn_connection_driver_write_done(&driver_, output.size);
      } else if (!pn_connection_driver_has_event(&driver_)) {
        break;
      }
    }
    if (pn_connection_driver_write_closed(&driver_)) close(proton_sasl_->refusal());
  }

  // The peer's idle time-out: proton sends an empty frame in time, if it is asked in time.
  void tick() {
    const auto now = std::chrono::ceil<std::chrono::milliseconds>(ports_.clock.monotonic());
    // Proton takes 0 for "no time".
    const std::int64_t next =
        pn_transport_tick(driver_.transport, std::max<std::int64_t>(1, now.count()));
    tick_ = next > 0 ? std::optional<MonotonicTime>(std::chrono::milliseconds(next)) : std::nullopt;
  }

  // ---- Events ----

  void on_event(pn_event_t* event) {
    switch (pn_event_type(event)) {
      case PN_CONNECTION_REMOTE_OPEN: pn_connection_open(driver_.connection); return;
      case PN_CONNECTION_REMOTE_CLOSE: pn_connection_close(driver_.connection); return;
      case PN_SESSION_REMOTE_OPEN:
        if (++sessions_ > kMaxAmqpSessions) {
          fail(kLimitExceeded, "the device began too many sessions");
        } else {
          pn_session_open(pn_event_session(event));
        }
        return;
      case PN_SESSION_REMOTE_CLOSE: pn_session_close(pn_event_session(event)); return;
      case PN_LINK_REMOTE_OPEN: on_attach(pn_event_link(event)); return;
      case PN_LINK_REMOTE_DETACH: on_detach(pn_event_link(event), false); return;
      case PN_LINK_REMOTE_CLOSE: on_detach(pn_event_link(event), true); return;
      case PN_DELIVERY: on_delivery(pn_event_delivery(event)); return;
      case PN_TRANSPORT_ERROR: {
        pn_condition_t* condition = pn_transport_condition(driver_.transport);
        if (out_.reason.empty() && proton_sasl_->refusal().empty()) {
          out_.reason = text_of(pn_condition_get_description(condition));
        }
        return;
      }
      default: return;  // the engine's own steps
    }
  }

  void on_attach(pn_link_t* link) {
    if (++links_attached_ > kMaxAmqpLinks) {
      fail(kLimitExceeded, "the device attached too many links");
      return;
    }
    pn_terminus_t* named =
        pn_link_is_receiver(link) ? pn_link_remote_target(link) : pn_link_remote_source(link);
    const char* address = pn_terminus_get_address(named);
    const std::optional<AmqpAddress> device =
        read_amqp_address(address == nullptr ? std::string_view() : address);
    const Result<void> judged = judge_amqp_link(ports_, peer_, sasl_, device);
    if (!judged) {
      pn_link_open(link);
      // Said once: Node's SDK never tells of the refusal if the device's second link, which is on
      // its way by now, is closed with an error as well.
      const std::string name = address == nullptr ? std::string() : address;
      if (std::exchange(refused_address_, name) == name) {
        pn_link_close(link);
      } else {
        refuse_link(link, mapping_.refuse(judged.error().code, judged.error().reason));
      }
      return;
    }
    links_.push_back({link, *device, text_at(pn_link_remote_properties(link), kApiVersion)});
    if (!std::exchange(is_established_, true)) {
      deadline_ = ports_.clock.monotonic() + kAmqpMaxSilence;
    }
    pn_terminus_copy(pn_link_source(link), pn_link_remote_source(link));
    pn_terminus_copy(pn_link_target(link), pn_link_remote_target(link));
    pn_link_set_snd_settle_mode(link, pn_link_remote_snd_settle_mode(link));
    pn_link_set_max_message_size(link, kMaxAmqpMessage);
    pn_link_open(link);
    if (pn_link_is_receiver(link)) pn_link_flow(link, static_cast<int>(kMaxAmqpRequests));
  }

  void on_detach(pn_link_t* link, bool closes) {
    std::erase_if(links_, [link](const Link& one) { return one.link == link; });
    if (closes) {
      pn_link_close(link);
    } else {
      pn_link_detach(link);
    }
  }

  void on_delivery(pn_delivery_t* delivery) {
    pn_link_t* link = pn_delivery_link(delivery);
    if (pn_link_is_sender(link)) {
      const bool is_taken =
          pn_delivery_settled(delivery) || pn_delivery_remote_state(delivery) != 0;
      if (is_taken) pn_delivery_settle(delivery);
      return;
    }
    if (pn_delivery_aborted(delivery)) {
      settle(delivery);
      return;
    }
    if (pn_delivery_pending(delivery) > kMaxAmqpMessage) {
      settle(delivery);
      refuse_link(link, mapping_.refuse(Errc::too_large, "a message is too large"));
      return;
    }
    if (!pn_delivery_readable(delivery) || pn_delivery_partial(delivery)) return;
    const auto known = std::find_if(links_.begin(), links_.end(),
                                    [link](const Link& one) { return one.link == link; });
    if (known == links_.end()) {
      fail(kNotAllowed, "a message on a link that was refused");
      return;
    }
    Bytes bytes(pn_delivery_pending(delivery));
    const ssize_t size = pn_link_recv(link, reinterpret_cast<char*>(bytes.data()), bytes.size());
    bytes.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    pn_link_advance(link);
    on_message(*known, delivery, bytes);
  }

  void on_message(const Link& link, pn_delivery_t* delivery, ByteView bytes) {
    if (refused_) {
      fail(kNotAllowed, "a message after the credentials were refused");
      return;
    }
    // Credit was given for as many; replies count until the device has taken them.
    if (open_.size() + replies_waiting() >= kMaxAmqpRequests) {
      fail(kLimitExceeded, "too many requests at one time");
      return;
    }
    Result<amqp::RequestMessage> message = amqp::read_message(bytes);
    Request request{delivery, link.device, {}};
    if (!message) {
      answer(request, mapping_.refuse(message.error().code, message.error().reason));
      return;
    }
    auto read = mapping_.read(*message, claim_of(link), ++last_token_);
    if (auto* refusal = std::get_if<AmqpRefusal>(&read)) {
      answer(request, std::move(*refusal));
      return;
    }
    request.correlation_id = std::move(message->correlation_id);
    open_.emplace(last_token_, std::move(request));
    out_.requests.push_back(std::move(std::get<DeviceRequest>(read)));
  }

  Claim claim_of(const Link& link) const {
    Claim claim;
    claim.id_scope = link.device.id_scope;
    claim.registration_id = link.device.registration_id;
    claim.chain = peer_.chain;
    claim.sas_token = sasl_.token();
    claim.protocol = protocol_;
    claim.source = peer_.source;
    // Either link may carry it.
    for (const Link& one : links_) {
      if (claim.api_version.empty() && is_same_device(one.device, link.device)) {
        claim.api_version = one.api_version;
      }
    }
    return claim;
  }

  std::size_t replies_waiting() const {
    std::size_t waiting = 0;
    for (const Link& one : links_) {
      if (pn_link_is_sender(one.link)) {
        waiting += static_cast<std::size_t>(std::max(0, pn_link_queued(one.link)));
      }
    }
    return waiting;
  }

  // ---- Answers ----

  void answer(const Request& request, std::variant<amqp::ReplyMessage, AmqpRefusal> answer) {
    if (const auto* refusal = std::get_if<AmqpRefusal>(&answer)) {
      reject(request.delivery, *refusal);
      return;
    }
    pn_delivery_update(request.delivery, PN_ACCEPTED);
    settle(request.delivery);
    send(request.device, amqp::write_message(std::get<amqp::ReplyMessage>(answer)));
  }

  void reject(pn_delivery_t* delivery, const AmqpRefusal& refusal) {
    if (!refusal.reason.empty()) out_.reason = refusal.reason;
    if (pn_delivery_settled(delivery)) {
      // The device does not look at the outcome; it would wait for a reply in vain.
      pn_link_t* link = pn_delivery_link(delivery);
      settle(delivery);
      refuse_link(link, refusal);
    } else {
      put_refusal(pn_disposition_condition(pn_delivery_local(delivery)), refusal);
      pn_delivery_update(delivery, PN_REJECTED);
      settle(delivery);
    }
    // The connection stands on credentials that do not hold, so it is over; the device gets a
    // moment to hear it and to leave by itself.
    constexpr int kUnauthorized = 401;
    if (protocol::device_error(refusal.code).http_status() == kUnauthorized && !refused_) {
      refused_ = true;
      deadline_ = ports_.clock.monotonic() + kAmqpRefusalLinger;
    }
  }

  // Done with a delivery of the device's: its credit goes back.
  void settle(pn_delivery_t* delivery) {
    pn_link_t* link = pn_delivery_link(delivery);
    pn_delivery_settle(delivery);
    if (is_open(link)) pn_link_flow(link, 1);
  }

  static bool is_open(pn_link_t* link) { return (pn_link_state(link) & PN_LOCAL_ACTIVE) != 0; }

  void send(const AmqpAddress& device, const Bytes& message) {
    for (const Link& one : links_) {
      if (!pn_link_is_sender(one.link) || !is_open(one.link)) continue;
      if (!is_same_device(one.device, device)) continue;
      ++last_tag_;
      const pn_delivery_tag_t tag =
          pn_dtag(reinterpret_cast<const char*>(&last_tag_), sizeof(last_tag_));
      pn_delivery_t* delivery = pn_delivery(one.link, tag);
      pn_link_send(one.link, reinterpret_cast<const char*>(message.data()), message.size());
      pn_link_advance(one.link);
      if (pn_link_snd_settle_mode(one.link) == PN_SND_SETTLED) pn_delivery_settle(delivery);
      return;
    }
    out_.reason = "the device has no link for its reply";
  }

  void refuse_link(pn_link_t* link, const AmqpRefusal& refusal) {
    if (!refusal.reason.empty()) out_.reason = refusal.reason;
    std::erase_if(links_, [link](const Link& one) { return one.link == link; });
    put_refusal(pn_link_condition(link), refusal);
    pn_link_close(link);
  }

  // ---- TPM ----

  void ask_for_challenge() {
    challenge_token_ = ++last_token_;
    RegisterRequest request;
    request.token = challenge_token_;
    request.claim.id_scope = sasl_.tpm().id_scope();
    request.claim.registration_id = sasl_.tpm().registration_id();
    request.claim.protocol = protocol_;
    request.claim.source = peer_.source;
    request.body.tpm = sasl_.tpm().keys();
    out_.requests.emplace_back(std::move(request));
  }

  void on_challenge(const Reply& reply) {
    if (const auto* challenge = std::get_if<ChallengeReply>(&reply.content)) {
      proton_sasl_->carry_out(sasl_.on_tpm_challenge(challenge->authentication_key));
    } else {
      // The engine's log names the reason.
      proton_sasl_->carry_out(
          {SaslStep::Kind::refused, {}, "SASL TPM: no challenge for the device"});
    }
  }

  // ---- Ends ----

  // Ends the connection with a condition that the device is told, if it got as far as a
  // connection.
  void fail(const char* condition, std::string reason) {
    pn_condition_set_name(pn_connection_condition(driver_.connection), condition);
    if (header_ == Header::amqp) {
      pn_connection_open(driver_.connection);
      pn_connection_close(driver_.connection);
      drain();
    }
    close(std::move(reason));
  }

  // What proton has to say still; its events are of no interest any more.
  void drain() {
    for (;;) {
      const pn_bytes_t output = pn_connection_driver_write_buffer(&driver_);
      if (output.size == 0) return;
      append(out_.send, as_bytes({output.start, output.size}));
      pn_connection_driver_write_done(&driver_, output.size);
    }
  }

  void close(std::string reason) {
    if (closed_) return;
    closed_ = true;
    open_.clear();
    links_.clear();
    out_.close = true;
    if (!reason.empty()) out_.reason = std::move(reason);
  }

  SessionOutput take_output() { return std::exchange(out_, {}); }

  SessionPorts ports_;
  DevicePeer peer_;
  domain::DeviceProtocol protocol_;
  DeviceAmqp mapping_;
  amqp::FrameSplitter splitter_;
  AmqpSasl sasl_;
  std::optional<ProtonSasl> proton_sasl_;
  pn_connection_driver_t driver_{};
  Header header_ = Header::none;
  bool is_sasl_begun_ = false;
  bool is_established_ = false;  // a link was attached
  bool refused_ = false;         // told 401: nothing but goodbyes is taken until the deadline
  bool closed_ = false;
  MonotonicTime deadline_{};  // for the first link, of silence, or for goodbyes
  std::optional<MonotonicTime> tick_;
  std::size_t sessions_ = 0;
  std::size_t links_attached_ = 0;
  std::vector<Link> links_;
  std::optional<std::string> refused_address_;  // of the last link that was refused
  std::map<RequestToken, Request> open_;
  RequestToken last_token_ = 0;
  RequestToken challenge_token_ = 0;
  std::uint64_t last_tag_ = 0;
  SessionOutput out_;
};

AmqpSession::AmqpSession(const SessionPorts& ports, DevicePeer peer,
                         domain::DeviceProtocol protocol)
    : impl_(std::make_unique<Impl>(ports, std::move(peer), protocol)) {}

AmqpSession::~AmqpSession() = default;

SessionOutput AmqpSession::on_bytes(ByteView bytes) {
  return impl_->on_bytes(bytes);
}
SessionOutput AmqpSession::on_reply(const Reply& reply) {
  return impl_->on_reply(reply);
}
SessionOutput AmqpSession::on_time() {
  return impl_->on_time();
}
std::optional<MonotonicTime> AmqpSession::next_wake() const {
  return impl_->next_wake();
}

}  // namespace berth::gateway
