#include "gateway/core/device/amqp_types.hpp"

#include <string>

#include <CppUTest/TestHarness.h>

#include "gateway/core/limits.hpp"
#include "shared/base/encoding.hpp"

using namespace berth;
using namespace berth::gateway;
using namespace berth::gateway::amqp;

namespace {

Bytes hex(const char* text) {
  return *from_hex(text);
}

// `depth` lists, one in the other.
Bytes nested(int depth) {
  Bytes inner;
  put_null(inner);
  for (int i = 1; i < depth; ++i) {
    Bytes outer;
    put_list(outer, 1, inner);
    inner = std::move(outer);
  }
  return inner;
}

Bytes nulls(std::size_t count) {
  Bytes items(count, 0x40);
  Bytes list;
  put_list(list, static_cast<std::uint32_t>(count), items);
  return list;
}

}  // namespace

TEST_GROUP(AmqpTypes){static void check_refused(ByteView bytes, Errc code){
    const Result<Value> value = read_value(bytes);
CHECK_FALSE(value.has_value());
CHECK_TRUE(value.error().code == code);
}
}
;

TEST(AmqpTypes, ReadsEveryFormatCodeOfTheStandard) {
  for (const char* text : {"40",
                           "41",
                           "42",
                           "43",
                           "44",
                           "45",
                           "5001",
                           "51ff",
                           "5201",
                           "5301",
                           "5401",
                           "5501",
                           "5601",
                           "600001",
                           "610001",
                           "7000000001",
                           "7100000001",
                           "7200000001",
                           "7300000001",
                           "7400000001",
                           "800000000000000001",
                           "810000000000000001",
                           "820000000000000001",
                           "830000000000000001",
                           "840000000000000001",
                           "9400000000000000000000000000000001",
                           "9800000000000000000000000000000001",
                           "a00161",
                           "b00000000161",
                           "a10161",
                           "b10000000161",
                           "a30161",
                           "b30000000161",
                           "c0020140",
                           "d0000000050000000140",
                           "c103024040",
                           "d100000006000000024040",
                           "e003015001",
                           "f0000000060000000150ff",
                           "00a3016140"}) {
    const Bytes bytes = hex(text);
    const Result<Value> value = read_value(bytes);
    CHECK_TRUE_TEXT(value.has_value(), text);
    LONGS_EQUAL_TEXT(bytes.size(), value->whole.size(), text);
  }
}

TEST(AmqpTypes, RefusesEveryOtherFormatCode) {
  int known = 0;
  for (int code = 1; code < 256; ++code) {
    Bytes bytes(32, 0);
    bytes[0] = static_cast<std::uint8_t>(code);
    // Arrays need a constructor, whose code is read from the zeros.
    if (code == 0xE0 || code == 0xF0) continue;
    const Result<Value> value = read_value(bytes);
    // An empty list or map has a size that covers its count, so zeros are malformed there as well.
    if (value) ++known;
  }
  LONGS_EQUAL(33, known);
}

TEST(AmqpTypes, GivesTheValueOfNumbersAndTexts) {
  LONGS_EQUAL(0x1234, read_value(hex("60"
                                     "1234"))
                          ->number);
  LONGS_EQUAL(0, read_value(hex("43"))->number);
  LONGS_EQUAL(1, read_value(hex("41"))->number);
  LONGS_EQUAL(1, read_value(hex("5601"))->number);
  LONGS_EQUAL(0, read_value(hex("42"))->number);
  CHECK_TRUE(read_value(hex("a3026162"))->text() == "ab");
  CHECK_TRUE(read_value(hex("a3026162"))->kind == Kind::symbol);
}

TEST(AmqpTypes, LeavesWhatFollowsAValue) {
  const Bytes bytes = hex("a1016153ff");
  LONGS_EQUAL(3, read_value(bytes)->whole.size());
}

TEST(AmqpTypes, RefusesWhatIsCutOff) {
  for (const char* whole : {"800000000000000001", "b00000000161", "d000000006000000025001",
                            "f0000000060000000150ff", "00a3016140"}) {
    const Bytes bytes = hex(whole);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      check_refused(ByteView(bytes).first(size), Errc::malformed);
    }
  }
}

TEST(AmqpTypes, RefusesLengthsThatLie) {
  for (const char* text : {
           "a0ff61",                // more bytes than there are
           "b0ffffffff61",          // far more
           "c0ff0140",              // a list longer than the buffer
           "c0024040",              // fewer items than counted
           "c003014040",            // more bytes than its items
           "d0000000030000000140",  // a size too small for the count
           "c10301404040",          // a map with a key and no value
           "e00201",                // an array without constructor
           "e0030250ff",            // fewer elements than counted
           "e0040150ffff",          // more bytes than its elements
           "e00302"
           "00",                  // a descriptor without value
           "0000a30161a3016140",  // a described descriptor
       }) {
    check_refused(hex(text), Errc::malformed);
  }
}

TEST(AmqpTypes, BoundsHowDeepValuesNest) {
  CHECK_TRUE(read_value(nested(kMaxAmqpDepth)).has_value());
  check_refused(nested(kMaxAmqpDepth + 1), Errc::too_large);
  // A descriptor a byte: the cheapest way down.
  check_refused(Bytes(60000, 0x00), Errc::too_large);
}

TEST(AmqpTypes, BoundsHowManyValuesThereAre) {
  CHECK_TRUE(read_value(nulls(kMaxAmqpValues - 1)).has_value());
  check_refused(nulls(kMaxAmqpValues), Errc::too_large);
}

TEST(AmqpTypes, BoundsAnArrayOfElementsThatTakeNoBytes) {
  // 2^32-1 nulls in six bytes.
  check_refused(hex("f000000005ffffffff40"), Errc::too_large);
}

TEST(AmqpTypes, FindsAKeyOfEitherKind) {
  const Bytes bytes =
      hex("c10c04a10161a10178a3016254"
          "05");
  const Result<Value> map = read_value(bytes);
  CHECK_TRUE(map.has_value());
  CHECK_TRUE(find_key(*map, "a")->text() == "x");
  CHECK_TRUE(find_key(*map, "b")->kind == Kind::other_fixed);
  CHECK_FALSE(find_key(*map, "x").has_value());
}

TEST(AmqpTypes, WritesWhatTheStandardShows) {
  Bytes bytes;
  put_int(bytes, 3);
  put_int(bytes, -1);
  put_int(bytes, 300);
  put_string(bytes, "ab");
  put_binary(bytes, hex("00ff"));
  put_null(bytes);
  put_descriptor(bytes, 0x75);
  STRCMP_EQUAL("540354ff710000012ca1026162a00200ff40005375", to_hex(bytes).c_str());
  Bytes list;
  put_list(list, 1, hex("40"));
  STRCMP_EQUAL("d0000000050000000140", to_hex(list).c_str());
  Bytes longer;
  put_string(longer, std::string(256, 'x'));
  STRCMP_EQUAL("b100000100", to_hex(ByteView(longer).first(5)).c_str());
}
