#include "tests/unit/gateway/linux/amqp_device.hpp"

#include <algorithm>
#include <cstring>
#include <proton/condition.h>
#include <proton/connection.h>
#include <proton/delivery.h>
#include <proton/disposition.h>
#include <proton/link.h>
#include <proton/session.h>
#include <proton/terminus.h>
#include <proton/transport.h>

#include "shared/base/assert.hpp"

namespace berth::testing {

using namespace berth::gateway;

Bytes amqp_frame(std::uint8_t type, std::uint16_t channel, ByteView body) {
  const std::size_t size = 8 + body.size();
  Bytes frame{static_cast<std::uint8_t>(size >> 24U),
              static_cast<std::uint8_t>(size >> 16U),
              static_cast<std::uint8_t>(size >> 8U),
              static_cast<std::uint8_t>(size),
              2,
              type,
              static_cast<std::uint8_t>(channel >> 8U),
              static_cast<std::uint8_t>(channel)};
  append(frame, body);
  return frame;
}

Bytes performative(std::uint8_t descriptor, std::uint32_t fields, ByteView encoded) {
  Bytes body;
  amqp::put_descriptor(body, descriptor);
  amqp::put_list(body, fields, encoded);
  return body;
}

Bytes sasl_init(std::string_view mechanism, std::string_view response) {
  Bytes fields{0xA3, static_cast<std::uint8_t>(mechanism.size())};
  append(fields, as_bytes(mechanism));
  amqp::put_binary(fields, as_bytes(response));
  return amqp_frame(1, 0, performative(0x41, 2, fields));
}

Bytes sasl_response(std::string_view response) {
  Bytes fields;
  amqp::put_binary(fields, as_bytes(response));
  return amqp_frame(1, 0, performative(0x43, 1, fields));
}

Bytes device_message(const std::string& operation_type, const std::string& operation_id,
                     const std::string& body, const std::string& correlation_id) {
  Bytes message;
  if (!correlation_id.empty()) {
    Bytes properties;
    for (int i = 0; i < 5; ++i) amqp::put_null(properties);
    amqp::put_string(properties, correlation_id);
    amqp::put_descriptor(message, 0x73);
    amqp::put_list(message, 6, properties);
  }
  Bytes application;
  amqp::put_string(application, "iotdps-operation-type");
  amqp::put_string(application, operation_type);
  amqp::put_string(application, "iotdps-operation-id");
  amqp::put_string(application, operation_id);
  amqp::put_descriptor(message, 0x74);
  amqp::put_map(message, 4, application);
  amqp::put_descriptor(message, 0x75);
  amqp::put_binary(message, as_bytes(body));
  return message;
}

std::vector<SentFrame> frames_in(ByteView bytes) {
  std::vector<SentFrame> frames;
  while (bytes.size() >= 8) {
    if (std::memcmp(bytes.data(), "AMQP", 4) == 0) {
      bytes = bytes.subspan(8);
      continue;
    }
    std::size_t size = 0;
    for (int i = 0; i < 4; ++i) size = size << 8U | bytes[static_cast<std::size_t>(i)];
    BERTH_ASSERT(size >= 8 && size <= bytes.size());
    const ByteView body = bytes.subspan(8, size - 8);
    bytes = bytes.subspan(size);
    if (body.empty()) {
      frames.emplace_back();
      continue;
    }
    const auto value = amqp::read_value(body);
    BERTH_ASSERT(value.has_value());
    const auto section = amqp::section_of(*value);
    BERTH_ASSERT(section.has_value());
    SentFrame frame{section->descriptor, {}};
    ByteView items = section->value.content;
    while (const auto item = amqp::next_item(items)) frame.fields.push_back(*item);
    frames.push_back(std::move(frame));
  }
  BERTH_ASSERT(bytes.empty());
  return frames;
}

AmqpDevice::AmqpDevice() {
  pn_connection_driver_init(&driver_, nullptr, nullptr);
  pn_connection_driver_bind(&driver_);
}

AmqpDevice::~AmqpDevice() {
  pn_connection_driver_destroy(&driver_);
}

namespace {

void set_version(pn_link_t* link, const std::string& version) {
  if (version.empty()) return;
  constexpr std::string_view kKey = "com.microsoft:api-version";
  pn_data_t* properties = pn_link_properties(link);
  pn_data_put_map(properties);
  pn_data_enter(properties);
  pn_data_put_symbol(properties, pn_bytes(kKey.size(), kKey.data()));
  pn_data_put_string(properties, pn_bytes(version.size(), version.data()));
  pn_data_exit(properties);
}

}  // namespace

void AmqpDevice::open(const LinkOptions& options) {
  pn_connection_set_container(driver_.connection, "dev");
  // Told as it is: proton tells half of what it is given.
  pn_transport_set_idle_timeout(driver_.transport, 2 * options.idle_timeout_ms);
  pn_connection_open(driver_.connection);
  open_session();
  receiver_ = pn_receiver(session_, "receiver");
  pn_terminus_set_address(pn_link_source(receiver_), options.address.c_str());
  set_version(receiver_, options.api_version);
  pn_link_open(receiver_);
  if (options.credit > 0) pn_link_flow(receiver_, options.credit);
  open_sender("sender", options);
}

void AmqpDevice::open_session() {
  session_ = pn_session(driver_.connection);
  pn_session_open(session_);
}

void AmqpDevice::open_sender(const std::string& name, const LinkOptions& options) {
  sender_ = pn_sender(session_, name.c_str());
  pn_terminus_set_address(pn_link_target(sender_), options.address.c_str());
  set_version(sender_, options.api_version);
  if (options.pre_settled) pn_link_set_snd_settle_mode(sender_, PN_SND_SETTLED);
  pn_link_open(sender_);
}

void AmqpDevice::give_credit(int credit) {
  pn_link_flow(receiver_, credit);
}

void AmqpDevice::send(const Bytes& message) {
  send_part(message);
  pn_link_advance(sender_);
  if (pn_link_snd_settle_mode(sender_) == PN_SND_SETTLED) pn_delivery_settle(sent_.back());
}

void AmqpDevice::send_part(const Bytes& message) {
  ++last_tag_;
  pn_delivery_t* delivery =
      pn_delivery(sender_, pn_dtag(reinterpret_cast<const char*>(&last_tag_), sizeof(last_tag_)));
  sent_.push_back(delivery);
  outcomes.emplace_back();
  pn_link_send(sender_, reinterpret_cast<const char*>(message.data()), message.size());
}

void AmqpDevice::close() {
  pn_connection_close(driver_.connection);
}

void AmqpDevice::feed(ByteView bytes) {
  while (!bytes.empty()) {
    const pn_rwbytes_t buffer = pn_connection_driver_read_buffer(&driver_);
    if (buffer.size == 0) return;
    const std::size_t size = std::min(buffer.size, bytes.size());
    std::memcpy(buffer.start, bytes.data(), size);
    pn_connection_driver_read_done(&driver_, size);
    bytes = bytes.subspan(size);
    while (pn_event_t* event = pn_connection_driver_next_event(&driver_)) handle(event);
  }
}

Bytes AmqpDevice::take_output() {
  Bytes output;
  for (;;) {
    while (pn_event_t* event = pn_connection_driver_next_event(&driver_)) handle(event);
    const pn_bytes_t bytes = pn_connection_driver_write_buffer(&driver_);
    if (bytes.size == 0) return output;
    append(output, as_bytes({bytes.start, bytes.size}));
    pn_connection_driver_write_done(&driver_, bytes.size);
  }
}

AmqpOutcome AmqpDevice::outcome_of(pn_condition_t* condition) {
  AmqpOutcome outcome;
  if (const char* name = pn_condition_get_name(condition)) outcome.condition = name;
  if (const char* text = pn_condition_get_description(condition)) outcome.description = text;
  pn_data_t* info = pn_condition_info(condition);
  pn_data_rewind(info);
  if (!pn_data_next(info)) return outcome;
  const std::size_t items = pn_data_get_map(info);
  pn_data_enter(info);
  for (std::size_t i = 0; i + 1 < items; i += 2) {
    pn_data_next(info);
    const pn_bytes_t key = pn_data_get_symbol(info);
    pn_data_next(info);
    outcome.info.emplace_back(std::string(key.start, key.size), pn_data_get_int(info));
  }
  return outcome;
}

void AmqpDevice::handle(pn_event_t* event) {
  switch (pn_event_type(event)) {
    case PN_CONNECTION_REMOTE_CLOSE:
      closed = outcome_of(pn_connection_remote_condition(driver_.connection));
      return;
    case PN_LINK_REMOTE_CLOSE:
      detaches.push_back(outcome_of(pn_link_remote_condition(pn_event_link(event))));
      return;
    case PN_DELIVERY: {
      pn_delivery_t* delivery = pn_event_delivery(event);
      const auto sent = std::find(sent_.begin(), sent_.end(), delivery);
      if (sent != sent_.end()) {
        if (pn_delivery_remote_state(delivery) == 0) return;
        AmqpOutcome outcome = outcome_of(pn_disposition_condition(pn_delivery_remote(delivery)));
        outcome.state = pn_delivery_remote_state(delivery);
        outcomes[static_cast<std::size_t>(sent - sent_.begin())] = std::move(outcome);
        *sent = nullptr;
        pn_delivery_settle(delivery);
        return;
      }
      if (!pn_delivery_readable(delivery) || pn_delivery_partial(delivery)) return;
      Bytes message(pn_delivery_pending(delivery));
      pn_link_recv(receiver_, reinterpret_cast<char*>(message.data()), message.size());
      pn_link_advance(receiver_);
      messages.push_back(std::move(message));
      pn_delivery_update(delivery, PN_ACCEPTED);
      pn_delivery_settle(delivery);
      return;
    }
    default: return;
  }
}

}  // namespace berth::testing
