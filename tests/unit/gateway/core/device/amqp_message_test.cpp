#include "gateway/core/device/amqp_message.hpp"

#include <CppUTest/TestHarness.h>

#include "gateway/core/device/amqp_types.hpp"
#include "gateway/core/limits.hpp"
#include "shared/base/encoding.hpp"

using namespace berth;
using namespace berth::gateway;
using namespace berth::gateway::amqp;

namespace {

// Properties with this correlation ID, given in hex.
std::string properties(const std::string& correlation_id) {
  const std::size_t size = 1 + 5 + correlation_id.size() / 2;
  Bytes size_byte{static_cast<std::uint8_t>(size)};
  return "005373c0" + to_hex(size_byte) + "06" + "4040404040" + correlation_id;
}

std::string application(std::initializer_list<std::pair<const char*, const char*>> entries) {
  Bytes items;
  for (const auto& [key, value] : entries) {
    put_string(items, key);
    put_string(items, value);
  }
  Bytes section;
  put_descriptor(section, 0x74);
  put_map(section, static_cast<std::uint32_t>(2 * entries.size()), items);
  return to_hex(section);
}

Result<RequestMessage> read(const std::string& hex) {
  return read_message(*from_hex(hex));
}

}  // namespace

TEST_GROUP(AmqpMessage){
    static void check_refused(const std::string& hex, Errc code){const auto message = read(hex);
CHECK_FALSE(message.has_value());
CHECK_TRUE(message.error().code == code);
}
}
;

TEST(AmqpMessage, ReadsARegisterMessageAsNodeSendsIt) {
  const auto message = read(
      "005370"
      "c003015001" +
      properties("a10161") + application({{"iotdps-operation-type", "iotdps-register"}}) +
      "005375a0027b7d");
  CHECK_TRUE(message.has_value());
  STRCMP_EQUAL("iotdps-register", message->operation_type.c_str());
  STRCMP_EQUAL("", message->operation_id.c_str());
  STRCMP_EQUAL("{}", message->body.c_str());
  STRCMP_EQUAL("a10161", to_hex(message->correlation_id).c_str());
}

TEST(AmqpMessage, ReadsAPollWithAnEmptyTextAsNodeSendsIt) {
  const auto message = read(application({{"iotdps-operation-type", "iotdps-get-operationstatus"},
                                         {"iotdps-operation-id", "5.ab.cd"}}) +
                            "005377a100");
  CHECK_TRUE(message.has_value());
  STRCMP_EQUAL("5.ab.cd", message->operation_id.c_str());
  STRCMP_EQUAL("", message->body.c_str());
  CHECK_TRUE(message->correlation_id.empty());
}

TEST(AmqpMessage, ReadsAMessageWithoutBodyAsJavaSendsIt) {
  const auto message = read(application({{"iotdps-operation-type", "iotdps-register"}}));
  CHECK_TRUE(message.has_value());
  STRCMP_EQUAL("", message->body.c_str());
}

TEST(AmqpMessage, JoinsDataSectionsAndIgnoresAnnotations) {
  const auto message = read(
      "005371c1030240"
      "40"
      "005372c10100"
      "005375a00161"
      "005375a00162"
      "005378c10100");
  CHECK_TRUE(message.has_value());
  STRCMP_EQUAL("ab", message->body.c_str());
}

TEST(AmqpMessage, KeepsTheTypeOfACorrelationId) {
  for (const char* id : {"a10161", "b10000000161", "a00161", "5307", "800000000000000007",
                         "98000102030405060708090a0b0c0d0e0f"}) {
    const auto message = read(properties(id));
    CHECK_TRUE_TEXT(message.has_value(), id);
    STRCMP_EQUAL(id, to_hex(message->correlation_id).c_str());
    ReplyMessage reply;
    reply.correlation_id = message->correlation_id;
    const auto again = read_message(write_message(reply));
    STRCMP_EQUAL(id, to_hex(again->correlation_id).c_str());
  }
  CHECK_TRUE(read(properties("40"))->correlation_id.empty());
}

TEST(AmqpMessage, RefusesWhatIsNoMessage) {
  check_refused("40", Errc::malformed);
  check_refused("00531045", Errc::malformed);  // a performative
  check_refused(
      "005373"
      "c10100",
      Errc::malformed);  // properties that are a map
  check_refused(
      "005374"
      "45",
      Errc::malformed);  // application properties that are a list
  check_refused(
      "005375"
      "a10161",
      Errc::malformed);  // data that is text
  check_refused(
      "005375"
      "a0ff61",
      Errc::malformed);  // a length that lies
}

TEST(AmqpMessage, RefusesBodiesThatNoSdkSends) {
  check_refused(
      "005376"
      "45",
      Errc::unsupported);
  check_refused(
      "005377"
      "c10100",
      Errc::unsupported);
}

TEST(AmqpMessage, BoundsItsSize) {
  Bytes bytes;
  put_descriptor(bytes, 0x75);
  put_binary(bytes, Bytes(kMaxAmqpMessage - 8, 'x'));
  LONGS_EQUAL(kMaxAmqpMessage, bytes.size());
  CHECK_TRUE(read_message(bytes).has_value());
  bytes.clear();
  put_descriptor(bytes, 0x75);
  put_binary(bytes, Bytes(kMaxAmqpMessage - 7, 'x'));
  const auto message = read_message(bytes);
  CHECK_FALSE(message.has_value());
  CHECK_TRUE(message.error().code == Errc::too_large);
}

// Device API 3.3: one Data section, retry-after as an int and under both spellings.
TEST(AmqpMessage, WritesTheTypesThatTheCClientInsistsOn) {
  ReplyMessage reply;
  reply.correlation_id = *from_hex("a10161");
  reply.status = 202;
  reply.retry_after = std::chrono::seconds{3};
  reply.body = "{}";
  const Bytes wire = write_message(reply);
  const std::string text = to_hex(wire);
  CHECK_TRUE(text.ends_with("005375a0027b7d"));
  const auto int3_under = [](const char* key) {
    Bytes entry;
    put_string(entry, key);
    put_int(entry, 3);
    return to_hex(entry);
  };
  CHECK_TRUE(text.find(int3_under("retry-after")) != std::string::npos);
  CHECK_TRUE(text.find(int3_under("Retry-After")) != std::string::npos);
  CHECK_TRUE(int3_under("retry-after").ends_with("5403"));
  reply.retry_after = std::chrono::seconds{300};
  CHECK_TRUE(to_hex(write_message(reply)).find("710000012c") != std::string::npos);
}

TEST(AmqpMessage, WritesNoRetryAfterWithAFinalReply) {
  ReplyMessage reply;
  reply.body = "{}";
  const Bytes wire = write_message(reply);
  CHECK_TRUE(as_text(wire).find("etry-") == std::string_view::npos);
  CHECK_TRUE(as_text(wire).find("iotdps-status") != std::string_view::npos);
}
