#include "tools/device/amqp_connection.hpp"

#include <array>
#include <proton/codec.h>
#include <proton/condition.h>
#include <proton/connection.h>
#include <proton/delivery.h>
#include <proton/disposition.h>
#include <proton/event.h>
#include <proton/link.h>
#include <proton/sasl.h>
#include <proton/session.h>
#include <proton/terminus.h>
#include <proton/transport.h>
#include <utility>

#include <boost/json.hpp>

#include "tools/device/amqp_message.hpp"

namespace berth::device {
namespace {

// Answers that the endpoint may send before it hears of them.
constexpr int kCredit = 10;
constexpr std::chrono::milliseconds kCloseTimeout{1000};

std::string text_or_nothing(const char* text) {
  return text == nullptr ? std::string() : std::string(text);
}

pn_bytes_t bytes_of(std::string_view text) {
  return pn_bytes(text.size(), text.data());
}

void set_properties(pn_link_t* link, const AmqpPeer& peer) {
  pn_data_t* properties = pn_link_properties(link);
  pn_data_put_map(properties);
  pn_data_enter(properties);
  pn_data_put_symbol(properties, bytes_of("com.microsoft:api-version"));
  pn_data_put_string(properties, bytes_of(peer.api_version));
  pn_data_put_symbol(properties, bytes_of("com.microsoft:client-version"));
  pn_data_put_string(properties, bytes_of(kUserAgent));
  pn_data_exit(properties);
}

bool is_error_document(const std::string& text) {
  boost::json::error_code failed;
  const auto value = boost::json::parse(text, failed);
  return !failed && value.is_object() && value.get_object().contains("errorCode");
}

}  // namespace

AmqpConnection::AmqpConnection(std::unique_ptr<ByteStream> stream, AmqpPeer peer,
                               std::unique_ptr<SaslMechanism> mechanism, std::string register_body,
                               bool force)
    : stream_(std::move(stream)),
      peer_(std::move(peer)),
      mechanism_(std::move(mechanism)),
      register_body_(std::move(register_body)),
      force_(force) {
  pn_connection_driver_init(&driver_, nullptr, nullptr);
  pn_connection_set_container(driver_.connection, kUserAgent);
  pn_connection_set_hostname(driver_.connection, peer_.host.c_str());
  if (mechanism_) {
    sasl_.emplace(ProtonSasl{*mechanism_, {}, {}});
    use_mechanism(driver_.transport, *sasl_);
  }
  pn_connection_driver_bind(&driver_);
  attach_links();
}

AmqpConnection::~AmqpConnection() {
  pn_connection_driver_destroy(&driver_);
}

void AmqpConnection::attach_links() {
  pn_connection_open(driver_.connection);
  pn_session_t* session = pn_session(driver_.connection);
  pn_session_open(session);
  receiver_ = pn_receiver(session, "berth-device-receiver");
  pn_terminus_set_address(pn_link_source(receiver_), peer_.address.c_str());
  pn_link_set_max_message_size(receiver_, kMaxAmqpMessage);
  set_properties(receiver_, peer_);
  pn_link_open(receiver_);
  pn_link_flow(receiver_, kCredit);
  sender_ = pn_sender(session, "berth-device-sender");
  pn_terminus_set_address(pn_link_target(sender_), peer_.address.c_str());
  set_properties(sender_, peer_);
  pn_link_open(sender_);
}

runtime::Task<Result<Reply>> AmqpConnection::ask(std::string operation_id, Deadline deadline) {
  ++last_request_;
  AmqpQuestion question;
  if (operation_id.empty()) {
    question.force = force_;
    question.body = register_body_;
  }
  question.operation_id = std::move(operation_id);
  question.correlation_id = std::to_string(last_request_);
  reply_.reset();
  to_send_ = encode(question);
  const auto ran = co_await run(deadline);
  if (!ran) co_return ran.error();
  if (failure_) co_return *failure_;
  co_return std::move(*reply_);
}

runtime::Task<void> AmqpConnection::close() {
  pn_connection_close(driver_.connection);
  reply_.reset();
  // Its answer, the peer's close, ends it; without one, the deadline does.
  const auto ran = co_await run(std::chrono::steady_clock::now() + kCloseTimeout);
  static_cast<void>(ran);
  co_await stream_->close();
}

runtime::Task<Result<void>> AmqpConnection::run(Deadline deadline) {
  for (;;) {
    send_when_possible();
    while (pn_event_t* event = pn_connection_driver_next_event(&driver_)) handle(event);
    const pn_bytes_t output = pn_connection_driver_write_buffer(&driver_);
    if (output.size > 0) {
      const ByteView view(reinterpret_cast<const std::uint8_t*>(output.start), output.size);
      const auto written = co_await stream_->write_all(view, left_until(deadline));
      if (!written) co_return written.error();
      pn_connection_driver_write_done(&driver_, output.size);
      continue;
    }
    if (has_answer()) co_return Result<void>{};
    const pn_rwbytes_t room = pn_connection_driver_read_buffer(&driver_);
    if (room.size == 0) {
      on_transport_end();
      co_return Result<void>{};
    }
    const std::span<std::uint8_t> into(reinterpret_cast<std::uint8_t*>(room.start), room.size);
    const auto count = co_await stream_->read_some(into, left_until(deadline));
    if (!count) co_return count.error();
    if (*count == 0) {
      pn_connection_driver_read_close(&driver_);
    } else {
      pn_connection_driver_read_done(&driver_, *count);
    }
  }
}

void AmqpConnection::handle(pn_event_t* event) {
  // Proton's events are many; the ones that matter here are a device's.
  const pn_event_type_t type = pn_event_type(event);
  if (type == PN_LINK_REMOTE_OPEN) {
    is_attached_ = true;
  } else if (type == PN_LINK_FLOW) {
    send_when_possible();
  } else if (type == PN_DELIVERY) {
    on_delivery(pn_event_delivery(event));
  } else if (type == PN_LINK_REMOTE_CLOSE || type == PN_LINK_REMOTE_DETACH) {
    on_end(pn_link_remote_condition(pn_event_link(event)), "the link");
  } else if (type == PN_SESSION_REMOTE_CLOSE) {
    on_end(pn_session_remote_condition(pn_event_session(event)), "the session");
  } else if (type == PN_CONNECTION_REMOTE_CLOSE) {
    on_end(pn_connection_remote_condition(driver_.connection), "the connection");
  } else if (type == PN_TRANSPORT_ERROR) {
    on_transport_end();
  }
}

void AmqpConnection::send_when_possible() {
  if (!to_send_ || !is_attached_ || pn_link_credit(sender_) <= 0) return;
  const std::string tag = std::to_string(last_request_);
  pn_delivery(sender_, pn_dtag(tag.data(), tag.size()));
  pn_link_send(sender_, reinterpret_cast<const char*>(to_send_->data()), to_send_->size());
  pn_link_advance(sender_);
  to_send_.reset();
}

void AmqpConnection::on_delivery(pn_delivery_t* delivery) {
  if (pn_delivery_link(delivery) == sender_) return on_outcome(delivery);
  // One event may stand for several messages.
  while (!failure_ && take_message()) {
  }
}

void AmqpConnection::on_outcome(pn_delivery_t* delivery) {
  const std::uint64_t state = pn_delivery_remote_state(delivery);
  if (state == 0) return;
  if (state == PN_REJECTED) {
    pn_condition_t* condition = pn_disposition_condition(pn_delivery_remote(delivery));
    refuse(text_or_nothing(pn_condition_get_name(condition)),
           text_or_nothing(pn_condition_get_description(condition)));
  } else if (state != PN_ACCEPTED) {
    refuse(pn_disposition_type_name(state), "the endpoint did not take the request");
  }
  pn_delivery_settle(delivery);
}

bool AmqpConnection::take_message() {
  pn_delivery_t* delivery = pn_link_current(receiver_);
  if (delivery == nullptr || !pn_delivery_readable(delivery)) return false;
  std::array<char, 4096> chunk{};
  for (;;) {
    const ssize_t count = pn_link_recv(receiver_, chunk.data(), chunk.size());
    if (count <= 0) break;
    incoming_.insert(incoming_.end(), chunk.data(), chunk.data() + count);
  }
  if (incoming_.size() > kMaxAmqpMessage) {
    failure_ = Error{Errc::too_large, "an answer is longer than any endpoint's"};
    return false;
  }
  if (pn_delivery_partial(delivery)) return false;
  auto answer = decode_answer(incoming_);
  incoming_.clear();
  pn_delivery_update(delivery, PN_ACCEPTED);
  pn_delivery_settle(delivery);  // which also makes the next one the current
  pn_link_flow(receiver_, 1);
  if (!answer) {
    failure_ = answer.error();
  } else if (answer->correlation_id.empty() ||
             answer->correlation_id == std::to_string(last_request_)) {
    reply_ = std::move(answer->reply);
  }
  return true;
}

void AmqpConnection::on_end(pn_condition_t* condition, const char* what) {
  if (pn_condition_is_set(condition)) {
    refuse(text_or_nothing(pn_condition_get_name(condition)),
           text_or_nothing(pn_condition_get_description(condition)));
  } else if (!has_answer()) {
    failure_ = Error{Errc::unavailable, std::string("the endpoint closed ") + what};
  }
}

void AmqpConnection::on_transport_end() {
  if (has_answer()) return;
  if (sasl_ && !sasl_->failure.empty()) {
    failure_ = Error{Errc::unauthorized, sasl_->failure};
    return;
  }
  if (sasl_) {
    const pn_sasl_outcome_t outcome = pn_sasl_outcome(pn_sasl(driver_.transport));
    if (outcome != PN_SASL_OK && outcome != PN_SASL_NONE) {
      refuse("amqp:unauthorized-access", "the endpoint refused the credentials (SASL)");
      return;
    }
  }
  pn_condition_t* condition = pn_transport_condition(driver_.transport);
  failure_ = Error{Errc::unavailable,
                   pn_condition_is_set(condition)
                       ? "AMQP: " + text_or_nothing(pn_condition_get_description(condition))
                       : "the endpoint closed the connection"};
}

void AmqpConnection::refuse(std::string condition, std::string description) {
  if (has_answer()) return;
  Reply reply;
  reply.status = 400;
  reply.body = is_error_document(description)
                   ? std::move(description)
                   : boost::json::serialize(boost::json::object{
                         {"errorCode", 0}, {"message", std::move(condition) + ": " + description}});
  reply_ = std::move(reply);
}

}  // namespace berth::device
