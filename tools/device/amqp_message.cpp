#include "tools/device/amqp_message.hpp"

#include <memory>
#include <proton/codec.h>
#include <proton/message.h>
#include <string_view>

namespace berth::device {
namespace {

struct FreeMessage {
  void operator()(pn_message_t* message) const { pn_message_free(message); }
};
using Message = std::unique_ptr<pn_message_t, FreeMessage>;

pn_bytes_t bytes_of(std::string_view text) {
  return pn_bytes(text.size(), text.data());
}

std::string_view text_of(pn_bytes_t bytes) {
  return {bytes.start, bytes.size};
}

void put(pn_data_t* map, std::string_view key, std::string_view value) {
  pn_data_put_string(map, bytes_of(key));
  pn_data_put_string(map, bytes_of(value));
}

// Endpoints write the seconds as a number or as text (device API 3.3).
std::string text_of_value(pn_data_t* data) {
  switch (pn_data_type(data)) {
    case PN_INT: return std::to_string(pn_data_get_int(data));
    case PN_UINT: return std::to_string(pn_data_get_uint(data));
    case PN_LONG: return std::to_string(pn_data_get_long(data));
    case PN_ULONG: return std::to_string(pn_data_get_ulong(data));
    case PN_STRING: return std::string(text_of(pn_data_get_string(data)));
    default: return "";
  }
}

void read_properties(pn_data_t* data, Reply& reply) {
  pn_data_rewind(data);
  if (!pn_data_next(data) || pn_data_type(data) != PN_MAP || !pn_data_enter(data)) return;
  while (pn_data_next(data)) {
    const std::string key(pn_data_type(data) == PN_STRING ? text_of(pn_data_get_string(data)) : "");
    if (!pn_data_next(data)) return;
    if (key == "retry-after") reply.retry_after = text_of_value(data);
  }
}

}  // namespace

Bytes encode(const AmqpQuestion& question) {
  const Message message(pn_message());
  pn_data_t* correlation = pn_message_correlation_id(message.get());
  pn_data_put_string(correlation, bytes_of(question.correlation_id));
  pn_data_t* properties = pn_message_properties(message.get());
  pn_data_put_map(properties);
  pn_data_enter(properties);
  if (question.operation_id.empty()) {
    put(properties, "iotdps-operation-type", "iotdps-register");
    if (question.force) {
      pn_data_put_string(properties, bytes_of("iotdps-forceRegistration"));
      pn_data_put_bool(properties, true);
    }
  } else {
    put(properties, "iotdps-operation-type", "iotdps-get-operationstatus");
    put(properties, "iotdps-operation-id", question.operation_id);
  }
  pn_data_exit(properties);
  pn_message_set_inferred(message.get(), true);  // binary becomes a Data section
  pn_data_put_binary(pn_message_body(message.get()), bytes_of(question.body));

  Bytes encoded(question.body.size() + 1024);
  for (;;) {
    std::size_t size = encoded.size();
    const int failed =
        pn_message_encode(message.get(), reinterpret_cast<char*>(encoded.data()), &size);
    if (failed != PN_OVERFLOW) {
      encoded.resize(failed == 0 ? size : 0);
      return encoded;
    }
    encoded.resize(encoded.size() * 2);
  }
}

Result<AmqpAnswer> decode_answer(ByteView bytes) {
  const Message message(pn_message());
  if (pn_message_decode(message.get(), reinterpret_cast<const char*>(bytes.data()), bytes.size()) !=
      0) {
    return Error{Errc::malformed, "the endpoint sent what is no AMQP message"};
  }
  AmqpAnswer answer;
  answer.reply.status = 200;
  pn_data_t* correlation = pn_message_correlation_id(message.get());
  pn_data_rewind(correlation);
  if (pn_data_next(correlation)) answer.correlation_id = text_of_value(correlation);
  read_properties(pn_message_properties(message.get()), answer.reply);
  pn_data_t* body = pn_message_body(message.get());
  pn_data_rewind(body);
  // C clients insist on it (device API 3.3).
  if (!pn_message_is_inferred(message.get()) || !pn_data_next(body) ||
      pn_data_type(body) != PN_BINARY) {
    return Error{Errc::malformed, "an answer's body is no Data section"};
  }
  answer.reply.body = std::string(text_of(pn_data_get_binary(body)));
  return answer;
}

}  // namespace berth::device
