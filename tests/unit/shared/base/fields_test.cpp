#include "shared/base/fields.hpp"

#include <CppUTest/TestHarness.h>

using berth::Bytes;
using berth::FieldReader;
using berth::FieldWriter;

TEST_GROUP(Fields){};

TEST(Fields, WritesBigEndianAndLengthsFirst) {
  const Bytes written = FieldWriter().u8(1).u32(0x02030405).u64(6).text("ab").take();
  const Bytes expected = {1, 2, 3, 4, 5, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 2, 'a', 'b'};
  CHECK(written == expected);
}

TEST(Fields, ReadsWhatWasWritten) {
  const Bytes written = FieldWriter().u8(1).u32(2).u64(~std::uint64_t{0}).text("ab").take();
  FieldReader reader(written);
  CHECK(reader.u8() == 1);
  CHECK(reader.u32() == 2);
  CHECK(reader.u64() == ~std::uint64_t{0});
  CHECK(reader.text() == "ab");
  CHECK(reader.at_end());
}

TEST(Fields, GivesNothingAfterTheEnd) {
  const Bytes three = {1, 2, 3};
  FieldReader reader(three);
  CHECK(reader.u32() == 0);
  CHECK_FALSE(reader.ok());
  CHECK(reader.u8() == 0);
  CHECK_FALSE(reader.at_end());
}

TEST(Fields, RefusesALengthBeyondTheEnd) {
  const Bytes lying = {0xff, 0xff, 0xff, 0xff, 'a'};
  FieldReader reader(lying);
  CHECK(reader.bytes().empty());
  CHECK_FALSE(reader.ok());
}
