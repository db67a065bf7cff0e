#include "gateway/core/device/amqp_frames.hpp"

#include <CppUTest/TestHarness.h>

#include "gateway/core/device/amqp_types.hpp"
#include "gateway/core/limits.hpp"
#include "shared/base/encoding.hpp"

using namespace berth;
using namespace berth::gateway;
using namespace berth::gateway::amqp;

namespace {

constexpr std::uint8_t kOpen = 0x10;
constexpr std::uint8_t kTransfer = 0x14;

Bytes frame_of(std::uint8_t type, ByteView body) {
  const std::size_t size = 8 + body.size();
  Bytes frame{static_cast<std::uint8_t>(size >> 24U),
              static_cast<std::uint8_t>(size >> 16U),
              static_cast<std::uint8_t>(size >> 8U),
              static_cast<std::uint8_t>(size),
              2,
              type,
              0,
              0};
  append(frame, body);
  return frame;
}

// A performative whose one field is so long that the body has `size` bytes.
Bytes body_of(std::uint8_t descriptor, std::size_t size) {
  Bytes body;
  put_descriptor(body, descriptor);
  constexpr std::size_t kAround = 3 + 9 + 5;
  Bytes field;
  put_binary(field, Bytes(size - kAround, 0));
  put_list(body, 1, field);
  return body;
}

Bytes empty_performative(std::uint8_t descriptor) {
  return {0x00, 0x53, descriptor, 0x45};
}

}  // namespace

TEST_GROUP(AmqpFrames) {
  FrameSplitter splitter;

  UnitKind next_kind() {
    const auto unit = splitter.next();
    CHECK_TRUE(unit.has_value());
    CHECK_TRUE(unit->has_value());
    return (*unit)->kind;
  }
  void check_refused(ByteView bytes, Errc code) {
    FrameSplitter one;
    one.feed(bytes);
    const auto unit = one.next();
    CHECK_TRUE(unit.has_value());
    CHECK_FALSE(unit->has_value());
    CHECK_TRUE(unit->error().code == code);
  }
};

TEST(AmqpFrames, TellsTheProtocolHeadersApart) {
  splitter.feed(
      *from_hex("414d515003010000"
                "414d515000010000"
                "414d515002010000"));
  CHECK_TRUE(next_kind() == UnitKind::sasl_header);
  CHECK_TRUE(next_kind() == UnitKind::amqp_header);
  CHECK_TRUE(next_kind() == UnitKind::other_header);
  CHECK_FALSE(splitter.next().has_value());
}

TEST(AmqpFrames, TakesAnotherVersionForAnotherProtocol) {
  splitter.feed(*from_hex("414d515000000901"));
  CHECK_TRUE(next_kind() == UnitKind::other_header);
}

TEST(AmqpFrames, WaitsForTheLastByteOfAFrame) {
  const Bytes frame = frame_of(0, empty_performative(kOpen));
  for (const std::uint8_t byte : frame) {
    CHECK_FALSE(splitter.next().has_value());
    splitter.feed(ByteView(&byte, 1));
  }
  CHECK_TRUE(next_kind() == UnitKind::amqp_frame);
}

TEST(AmqpFrames, NamesThePerformative) {
  splitter.feed(frame_of(0, empty_performative(kOpen)));
  LONGS_EQUAL(kOpen, splitter.next()->value().performative);
  splitter.feed(frame_of(0, {}));
  LONGS_EQUAL(0, splitter.next()->value().performative);
}

TEST(AmqpFrames, CutsFramesThatComeTogether) {
  Bytes bytes = frame_of(1, empty_performative(0x41));
  append(bytes, frame_of(0, {}));
  append(bytes, frame_of(0, empty_performative(kOpen)));
  splitter.feed(bytes);
  CHECK_TRUE(next_kind() == UnitKind::sasl_frame);
  CHECK_TRUE(next_kind() == UnitKind::amqp_frame);
  CHECK_TRUE(next_kind() == UnitKind::amqp_frame);
  CHECK_FALSE(splitter.next().has_value());
}

TEST(AmqpFrames, BoundsFramesBeforeTheyAreReceived) {
  splitter.feed(frame_of(0, body_of(kOpen, kMaxAmqpFrame - 8)));
  CHECK_TRUE(next_kind() == UnitKind::amqp_frame);
  check_refused(ByteView(frame_of(0, body_of(kOpen, kMaxAmqpFrame - 7))).first(8), Errc::too_large);
  splitter.feed(frame_of(1, body_of(0x41, kMaxAmqpSaslFrame - 8)));
  CHECK_TRUE(next_kind() == UnitKind::sasl_frame);
  check_refused(ByteView(frame_of(1, body_of(0x41, kMaxAmqpSaslFrame - 7))).first(8),
                Errc::too_large);
}

TEST(AmqpFrames, RefusesHeadersThatLie) {
  check_refused(*from_hex("0000000702000000"), Errc::malformed);  // shorter than a header
  check_refused(*from_hex("0000000c01000000"), Errc::malformed);  // an offset inside the header
  check_refused(*from_hex("0000000c04000000"), Errc::malformed);  // an offset past the end
  check_refused(*from_hex("0000000c02020000"), Errc::malformed);  // an unknown type
}

TEST(AmqpFrames, SkipsAnExtendedHeader) {
  Bytes frame = *from_hex("0000001003000000deadbeef");
  append(frame, empty_performative(kOpen));
  splitter.feed(frame);
  CHECK_TRUE(next_kind() == UnitKind::amqp_frame);
}

TEST(AmqpFrames, RefusesABodyThatIsNoPerformative) {
  check_refused(frame_of(0, *from_hex("40")), Errc::malformed);
  check_refused(frame_of(0, *from_hex("00a3016145")), Errc::malformed);  // described by a symbol
  check_refused(frame_of(0, *from_hex("00531040")), Errc::malformed);    // no list
  check_refused(frame_of(1, {}), Errc::malformed);                       // SASL has no heartbeat
}

TEST(AmqpFrames, LetsAPayloadFollowATransferOnly) {
  Bytes transfer = empty_performative(kTransfer);
  append(transfer, *from_hex("ffffff"));
  splitter.feed(frame_of(0, transfer));
  CHECK_TRUE(next_kind() == UnitKind::amqp_frame);
  Bytes open = empty_performative(kOpen);
  append(open, *from_hex("ffffff"));
  check_refused(frame_of(0, open), Errc::malformed);
}

TEST(AmqpFrames, RefusesADeepBody) {
  check_refused(frame_of(0, Bytes(1000, 0x00)), Errc::too_large);
}
