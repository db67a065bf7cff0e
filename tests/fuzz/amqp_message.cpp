// AMQP's values and messages: what is read of them, lies within them, and a correlation ID comes
// back as it was.
#include "gateway/core/device/amqp_message.hpp"

#include "gateway/core/device/amqp_types.hpp"
#include "tests/fuzz/input.hpp"

using namespace berth;
using namespace berth::gateway;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes(data, size);
  const Result<amqp::Value> value = amqp::read_value(bytes);
  if (value) {
    fuzz::require(value->whole.data() == data && value->whole.size() <= size);
    ByteView items = value->content;
    if (value->kind == amqp::Kind::list || value->kind == amqp::Kind::map) {
      while (amqp::next_item(items)) {
      }
      fuzz::require(items.empty());
    }
  }
  const Result<amqp::RequestMessage> message = amqp::read_message(bytes);
  if (!message) return 0;
  fuzz::require(message->body.size() <= size);
  amqp::ReplyMessage reply;
  reply.correlation_id = message->correlation_id;
  reply.body = "{}";
  const Result<amqp::RequestMessage> again = amqp::read_message(amqp::write_message(reply));
  fuzz::require(again && again->correlation_id == message->correlation_id && again->body == "{}");
  return 0;
}
