#include "gateway/core/device/amqp_message.hpp"

#include <utility>

#include "gateway/core/device/amqp_types.hpp"
#include "gateway/core/limits.hpp"

namespace berth::gateway::amqp {
namespace {

// Section 3.2: what a message may be made of.
constexpr std::uint64_t kHeader = 0x70;
constexpr std::uint64_t kFooter = 0x78;
constexpr std::uint8_t kProperties = 0x73;
constexpr std::uint8_t kApplicationProperties = 0x74;
constexpr std::uint8_t kData = 0x75;
constexpr std::uint64_t kSequence = 0x76;
constexpr std::uint64_t kAmqpValue = 0x77;
// Its place in the properties (section 3.2.4): after message-id, user-id, to, subject, reply-to.
constexpr int kCorrelationIdAt = 5;

constexpr const char* kOperationType = "iotdps-operation-type";
constexpr const char* kOperationId = "iotdps-operation-id";
constexpr const char* kStatus = "iotdps-status";
constexpr const char* kRetryAfter = "retry-after";
constexpr const char* kRetryAfterOfCSharp = "Retry-After";

Error malformed(const char* what) {
  return Error{Errc::malformed, std::string("AMQP: ") + what};
}

Bytes correlation_id_of(const Value& properties) {
  ByteView items = properties.content;
  std::optional<Value> item = next_item(items);
  for (int i = 0; item && i < kCorrelationIdAt; ++i) item = next_item(items);
  if (!item || item->kind == Kind::null) return {};
  return to_bytes(item->whole);
}

std::string text_at(const Value& map, const char* key) {
  const std::optional<Value> value = find_key(map, key);
  const bool is_text = value && (value->kind == Kind::string || value->kind == Kind::symbol);
  return is_text ? std::string(value->text()) : std::string();
}

Result<void> take_section(const Section& section, RequestMessage& message) {
  const Value& value = section.value;
  switch (section.descriptor) {
    case kProperties:
      if (value.kind != Kind::list) return malformed("the properties are no list");
      message.correlation_id = correlation_id_of(value);
      return {};
    case kApplicationProperties:
      if (value.kind != Kind::map) return malformed("the application properties are no map");
      message.operation_type = text_at(value, kOperationType);
      message.operation_id = text_at(value, kOperationId);
      return {};
    case kData:
      if (value.kind != Kind::binary) return malformed("a Data section is not binary");
      message.body.append(value.text());
      return {};
    case kAmqpValue:
      // C# and Node poll with a string, which says nothing.
      if (value.kind == Kind::string || value.kind == Kind::binary) message.body = value.text();
      if (value.kind != Kind::string && value.kind != Kind::binary && value.kind != Kind::null) {
        return Error{Errc::unsupported, "AMQP: the body is neither data nor text"};
      }
      return {};
    case kSequence: return Error{Errc::unsupported, "AMQP: the body is a sequence"};
    default:
      if (section.descriptor < kHeader || section.descriptor > kFooter) {
        return malformed("an unknown section");
      }
      return {};  // header, annotations, footer: nothing that matters here
  }
}

void put_number_at(Bytes& to, const char* key, std::int32_t value) {
  put_string(to, key);
  put_int(to, value);
}

}  // namespace

Result<RequestMessage> read_message(ByteView bytes) {
  if (bytes.size() > kMaxAmqpMessage) return Error{Errc::too_large, "AMQP: a message is too large"};
  RequestMessage message;
  std::size_t sections = 0;
  while (!bytes.empty()) {
    if (++sections > kMaxAmqpValues) return Error{Errc::too_large, "AMQP: too many sections"};
    const Result<Value> value = read_value(bytes);
    if (!value) return value.error();
    const std::optional<Section> section = section_of(*value);
    if (!section) return malformed("a message has something between its sections");
    const Result<void> taken = take_section(*section, message);
    if (!taken) return taken.error();
    bytes = bytes.subspan(value->whole.size());
  }
  return message;
}

Bytes write_message(const ReplyMessage& message) {
  Bytes wire;
  if (!message.correlation_id.empty()) {
    Bytes properties;
    for (int i = 0; i < kCorrelationIdAt; ++i) put_null(properties);
    append(properties, message.correlation_id);
    put_descriptor(wire, kProperties);
    put_list(wire, kCorrelationIdAt + 1, properties);
  }
  Bytes application;
  std::uint32_t entries = 1;
  put_number_at(application, kStatus, message.status);
  if (message.retry_after) {
    const auto seconds = static_cast<std::int32_t>(message.retry_after->count());
    put_number_at(application, kRetryAfter, seconds);
    put_number_at(application, kRetryAfterOfCSharp, seconds);
    entries += 2;
  }
  put_descriptor(wire, kApplicationProperties);
  put_map(wire, 2 * entries, application);
  put_descriptor(wire, kData);
  put_binary(wire, as_bytes(message.body));
  return wire;
}

}  // namespace berth::gateway::amqp
