#include "shared/protocol/mqtt/codec.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <CppUTest/TestHarness.h>

#include "shared/base/encoding.hpp"

using namespace berth;
using namespace berth::mqtt;

namespace {

Bytes hex(std::string_view text) {
  const auto bytes = from_hex(text);
  CHECK_TRUE(bytes.has_value());
  return *bytes;
}

// What comes out of one feed of the whole: the packets, and whether the end was an error.
struct Decoded {
  std::vector<Packet> packets;
  std::optional<Errc> failure;
};

Decoded drain(Decoder& decoder) {
  Decoded out;
  while (auto next = decoder.next()) {
    if (!*next) {
      out.failure = next->error().code;
      break;
    }
    out.packets.push_back(std::move(**next));
  }
  return out;
}

Decoded decode(ByteView bytes) {
  Decoder decoder;
  decoder.feed(bytes);
  return drain(decoder);
}

template <class T>
T only(const Decoded& decoded) {
  CHECK_FALSE(decoded.failure.has_value());
  LONGS_EQUAL(1, decoded.packets.size());
  const T* packet = std::get_if<T>(&decoded.packets.front());
  CHECK_TRUE(packet != nullptr);
  return *packet;
}

Connect device_connect() {
  Connect connect;
  connect.client_id = "edge-gw.01";
  connect.keep_alive_seconds = 180;
  connect.username = "0ne00LAB001/registrations/edge-gw.01/api-version=2019-03-31";
  connect.password = SecretBytes::copy_of(as_bytes("SharedAccessSignature sr=x"));
  return connect;
}

// A fixed header with that remaining length, and nothing after it.
Bytes header_only(std::uint8_t first, std::size_t remaining) {
  Bytes out{first};
  do {
    const std::size_t digit = remaining % 128;
    remaining /= 128;
    out.push_back(static_cast<std::uint8_t>(digit | (remaining > 0 ? 0x80U : 0U)));
  } while (remaining > 0);
  return out;
}

// The largest remaining length of a packet type whose whole packet has the limit's size.
std::size_t remaining_at(std::size_t limit) {
  std::size_t header = 2;
  for (std::size_t most = 128; limit - header >= most; most *= 128) ++header;
  return limit - header;
}

std::vector<Packet> one_of_each() {
  return {device_connect(),
          Connack{false, ConnectCode::not_authorized},
          Publish{"$dps/registrations/res/202/?$rid=7&retry-after=3", "{}", 1, false, false, 9},
          Puback{9},
          Subscribe{3, {{"$dps/registrations/res/#", 1}, {"a/b", 0}}},
          Suback{3, {1, kSubscribeFailure}},
          Unsubscribe{4, {"$dps/registrations/res/#"}},
          Unsuback{4},
          Pingreq{},
          Pingresp{},
          Disconnect{}};
}

}  // namespace

TEST_GROUP(MqttCodec){};

TEST(MqttCodec, ReadsTheConnectOfADevice) {
  const Connect read = only<Connect>(decode(encode(device_connect())));
  LONGS_EQUAL(kProtocolLevel, read.protocol_level);
  STRCMP_EQUAL("edge-gw.01", read.client_id.c_str());
  LONGS_EQUAL(180, read.keep_alive_seconds);
  CHECK_TRUE(read.clean_session);
  CHECK_FALSE(read.has_will);
  STRCMP_EQUAL(device_connect().username->c_str(), read.username->c_str());
  CHECK_TRUE(*device_connect().password == *read.password);
}

TEST(MqttCodec, WritesTheBytesOfTheStandard) {
  CHECK_TRUE(hex("20020005") == encode(Connack{false, ConnectCode::not_authorized}));
  CHECK_TRUE(hex("32070003612f62000a") == encode(Publish{"a/b", "", 1, false, false, 10}));
  CHECK_TRUE(hex("30060003612f6268") == [] {
    Bytes wire = encode(Publish{"a/b", "h", 0, false, false, 0});
    return wire;
  }());
  CHECK_TRUE(hex("4002000a") == encode(Puback{10}));
  CHECK_TRUE(hex("9003000301") == encode(Suback{3, {1}}));
  CHECK_TRUE(hex("b0020004") == encode(Unsuback{4}));
  CHECK_TRUE(hex("c000") == encode(Pingreq{}));
  CHECK_TRUE(hex("d000") == encode(Pingresp{}));
  CHECK_TRUE(hex("e000") == encode(Disconnect{}));
}

TEST(MqttCodec, ReadsPacketsHoweverTheyWereCut) {
  Bytes wire;
  for (const Packet& packet : one_of_each()) append(wire, encode(packet));
  for (std::size_t step = 1; step <= 7; ++step) {
    Decoder decoder;
    std::vector<Packet> read;
    for (std::size_t at = 0; at < wire.size(); at += step) {
      decoder.feed(ByteView(wire).subspan(at, std::min(step, wire.size() - at)));
      Decoded some = drain(decoder);
      CHECK_FALSE(some.failure.has_value());
      for (Packet& packet : some.packets) read.push_back(std::move(packet));
    }
    LONGS_EQUAL(one_of_each().size(), read.size());
    Bytes again;
    for (const Packet& packet : read) append(again, encode(packet));
    CHECK_TRUE(again == wire);
  }
}

TEST(MqttCodec, WaitsForTheRestOfAPacketCutAnywhere) {
  for (const Packet& packet : one_of_each()) {
    const Bytes wire = encode(packet);
    for (std::size_t size = 0; size < wire.size(); ++size) {
      const Decoded decoded = decode(ByteView(wire).first(size));
      CHECK_TRUE(decoded.packets.empty());
      CHECK_FALSE(decoded.failure.has_value());
    }
  }
}

// The announced length is cut down by one, two, … bytes: fields then run past the end.
TEST(MqttCodec, RefusesAPacketWhoseFieldsRunPastItsEnd) {
  for (const Packet& packet : one_of_each()) {
    const Bytes wire = encode(packet);
    if (wire.size() > 127 || wire.size() <= 2) continue;
    const bool is_publish = std::holds_alternative<Publish>(packet);
    for (std::size_t remaining = 0; remaining < wire.size() - 2; ++remaining) {
      Bytes cut(wire.begin(), wire.begin() + 2 + static_cast<std::ptrdiff_t>(remaining));
      cut[1] = static_cast<std::uint8_t>(remaining);
      const Decoded decoded = decode(cut);
      // A PUBLISH may lose its payload, and lists may lose whole entries.
      const bool is_list = std::holds_alternative<Subscribe>(packet) ||
                           std::holds_alternative<Suback>(packet) ||
                           std::holds_alternative<Unsubscribe>(packet);
      if (!is_publish && !is_list) CHECK_TRUE(decoded.failure == Errc::malformed);
      CHECK_TRUE(decoded.packets.size() + (decoded.failure ? 1 : 0) == 1);
    }
  }
}

TEST(MqttCodec, RefusesMalformedPackets) {
  struct Case {
    const char* what;
    const char* wire;
    Errc code = Errc::malformed;
  };
  const std::vector<Case> cases = {
      {"reserved type 0", "0000"},
      {"reserved type 15", "f000"},
      {"flags on CONNECT", "1100"},
      {"flags on PINGREQ", "c100"},
      {"no flags on SUBSCRIBE", "8008000300036162630 1"},
      {"no flags on UNSUBSCRIBE", "a0070003000361626 3"},
      {"remaining length of five bytes", "30ffffffff01"},
      {"CONNECT of another protocol",
       "100c00044d51545304020000"
       "0000"},
      {"CONNECT with the reserved flag",
       "100c00044d51545404030000"
       "0000"},
      {"CONNECT with will QoS and no will",
       "100c00044d515454040a0000"
       "0000"},
      {"CONNECT with will retain and no will",
       "100c00044d51545404220000"
       "0000"},
      {"CONNECT with will QoS 3",
       "101000044d515454041e0000"
       "0000"
       "0000"
       "0000"},
      {"CONNECT with a password and no username",
       "100e00044d51545404420000"
       "0000"
       "0000"},
      {"CONNECT without a client id", "100a00044d5154540402003c"},
      {"CONNECT with bytes left over",
       "100d00044d51545404020000"
       "0000"
       "00"},
      {"CONNECT with broken UTF-8",
       "100e00044d51545404020000"
       "0002"
       "c0af"},
      {"CONNECT with U+0000",
       "100d00044d51545404020000"
       "0001"
       "00"},
      {"CONNECT with a surrogate",
       "100f00044d51545404020000"
       "0003"
       "eda080"},
      {"CONNECT past U+10FFFF",
       "101000044d51545404020000"
       "0004"
       "f4908080"},
      {"CONNECT with a cut character",
       "100e00044d51545404020000"
       "0002"
       "e282"},
      {"PUBLISH with QoS 3", "36050001610001"},
      {"PUBLISH of QoS 0 that repeats", "3803000161"},
      {"PUBLISH with packet id 0", "32050001610000"},
      {"PUBLISH without a packet id", "3203000161"},
      {"PUBLISH to an empty topic", "30020000"},
      {"PUBLISH to a wildcard", "3003000123"},
      {"SUBSCRIBE without filters", "82020003"},
      {"SUBSCRIBE with packet id 0", "82060000000161 00"},
      {"SUBSCRIBE with QoS 3", "82060003000161 03"},
      {"SUBSCRIBE without a QoS", "82050003000161"},
      {"SUBSCRIBE with an empty filter", "8205000300000 0"},
      {"UNSUBSCRIBE without filters", "a2020003"},
      {"UNSUBSCRIBE with an empty filter", "a20400030000"},
      {"PUBACK with packet id 0", "40020000"},
      {"PUBACK with bytes left over", "4003000100"},
      {"CONNACK with an unknown code", "20020006"},
      {"CONNACK with reserved flags", "20020200"},
      {"SUBACK with an unknown code", "9003000303"},
      {"SUBACK without codes", "90020003"},
      {"PINGREQ with a body", "c00100"},
      {"DISCONNECT with a body", "e00100"},
      {"PUBREC", "50020001", Errc::unsupported},
      {"PUBREL", "62020001", Errc::unsupported},
      {"PUBCOMP", "70020001", Errc::unsupported},
  };
  for (const Case& c : cases) {
    std::string wire(c.wire);
    std::erase(wire, ' ');
    const Decoded decoded = decode(hex(wire));
    CHECK_TEXT(decoded.failure == c.code, c.what);
    CHECK_TEXT(decoded.packets.empty(), c.what);
  }
}

TEST(MqttCodec, GivesNothingMoreAfterAnError) {
  Decoder decoder;
  decoder.feed(hex("0000c000"));
  CHECK_TRUE(drain(decoder).failure == Errc::malformed);
  decoder.feed(hex("c000"));
  CHECK_FALSE(decoder.next().has_value());
}

TEST(MqttCodec, ReadsOnlyTheLevelOfAnUnknownProtocolVersion) {
  // MQTT 5: properties follow where 3.1.1 has none.
  const Connect read =
      only<Connect>(decode(hex("100d00044d5154540502003c00"
                               "0000")));
  LONGS_EQUAL(5, read.protocol_level);
  CHECK_TRUE(read.client_id.empty());
}

TEST(MqttCodec, DropsAWill) {
  const Connect read =
      only<Connect>(decode(hex("101500044d51545404060000"
                               "0001"
                               "61"
                               "0001"
                               "62"
                               "0003"
                               "000102")));
  CHECK_TRUE(read.has_will);
  STRCMP_EQUAL("a", read.client_id.c_str());
}

TEST(MqttCodec, AcceptsUtf8OfEveryLength) {
  Connect connect;
  connect.client_id = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80";
  STRCMP_EQUAL(connect.client_id.c_str(), only<Connect>(decode(encode(connect))).client_id.c_str());
}

TEST(MqttCodec, TakesAPublishAtTheLimitAndRefusesOnePastItFromItsHeader) {
  Publish publish{"t", "", 0, false, false, 0};
  publish.payload.assign(remaining_at(kMaxPacket) - 3, 'x');
  const Bytes wire = encode(publish);
  LONGS_EQUAL(kMaxPacket, wire.size());
  LONGS_EQUAL(publish.payload.size(), only<Publish>(decode(wire)).payload.size());

  CHECK_FALSE(decode(header_only(0x30, remaining_at(kMaxPacket))).failure.has_value());
  CHECK_TRUE(decode(header_only(0x30, remaining_at(kMaxPacket) + 1)).failure == Errc::too_large);
}

TEST(MqttCodec, BoundsConnectAndControlPacketsFromTheirHeaders) {
  CHECK_FALSE(decode(header_only(0x10, remaining_at(kMaxConnect))).failure.has_value());
  CHECK_TRUE(decode(header_only(0x10, remaining_at(kMaxConnect) + 1)).failure == Errc::too_large);
  CHECK_FALSE(decode(header_only(0x82, remaining_at(kMaxControl))).failure.has_value());
  CHECK_TRUE(decode(header_only(0x82, remaining_at(kMaxControl) + 1)).failure == Errc::too_large);
}

TEST(MqttCodec, BoundsTheTopic) {
  Publish publish{std::string(kMaxTopic, 't'), "", 0, false, false, 0};
  LONGS_EQUAL(kMaxTopic, only<Publish>(decode(encode(publish))).topic.size());
  publish.topic += 't';
  CHECK_TRUE(decode(encode(publish)).failure == Errc::too_large);
}

TEST(MqttCodec, BoundsTheFiltersOfAPacket) {
  Subscribe subscribe{1, std::vector<Subscribe::Filter>(kMaxFilters, {"a", 0})};
  LONGS_EQUAL(kMaxFilters, only<Subscribe>(decode(encode(subscribe))).filters.size());
  subscribe.filters.push_back({"a", 0});
  CHECK_TRUE(decode(encode(subscribe)).failure == Errc::too_large);

  Unsubscribe unsubscribe{1, std::vector<std::string>(kMaxFilters, "a")};
  LONGS_EQUAL(kMaxFilters, only<Unsubscribe>(decode(encode(unsubscribe))).filters.size());
  unsubscribe.filters.emplace_back("a");
  CHECK_TRUE(decode(encode(unsubscribe)).failure == Errc::too_large);
}

// Every byte of every packet is flipped in turn: whatever comes of it, it ends, and what is taken
// for a packet can be written again.
TEST(MqttCodec, SurvivesAnyFlippedByte) {
  for (const Packet& packet : one_of_each()) {
    const Bytes wire = encode(packet);
    for (std::size_t at = 0; at < wire.size(); ++at) {
      for (const int mask : {0x01, 0x08, 0x10, 0x80, 0xFF}) {
        Bytes damaged = wire;
        damaged[at] = static_cast<std::uint8_t>(damaged[at] ^ mask);
        const Decoded decoded = decode(damaged);
        for (const Packet& read : decoded.packets) CHECK_FALSE(encode(read).empty());
        CHECK_TRUE(decoded.packets.size() <= wire.size());
      }
    }
  }
}
