#include "shared/crypto/asn1/der_reader.hpp"

#include <CppUTest/TestHarness.h>

#include "tests/unit/shared/crypto/asn1/der_writer.hpp"

namespace berth::crypto::asn1 {
namespace {

TEST_GROUP(DerReader){
    void check_refused(const Bytes& bytes){CHECK(!DerReader(bytes).next().has_value());
}
};  // namespace berth::crypto::asn1

TEST(DerReader, ReadsOneElementAfterAnother) {
  const Bytes bytes{0x02, 0x01, 0x05, 0x05, 0x00};
  DerReader reader(bytes);
  CHECK(reader.next_is(tag::kInteger));
  const std::optional<Element> first = reader.next();
  CHECK(first.has_value());
  LONGS_EQUAL(1, first->content.size());
  LONGS_EQUAL(3, first->whole.size());
  CHECK(!reader.next(tag::kInteger).has_value());
  CHECK(reader.next(tag::kNull).has_value());
  CHECK(reader.at_end());
  CHECK(!reader.next().has_value());
}

TEST(DerReader, ReadsLongLengths) {
  for (const std::size_t size : {0x7FU, 0x80U, 0xFFU, 0x100U, 0xFFFFU}) {
    const Bytes bytes = testing::der(tag::kOctetString, Bytes(size));
    const std::optional<Element> element = only_element(bytes, tag::kOctetString);
    CHECK(element.has_value());
    LONGS_EQUAL(size, element->content.size());
  }
}

TEST(DerReader, RefusesWhatEndsTooEarly) {
  check_refused({});
  check_refused({0x02});
  check_refused({0x02, 0x01});
  check_refused({0x02, 0x81});
  check_refused({0x02, 0x82, 0x01});
  check_refused({0x02, 0x84, 0xFF, 0xFF, 0xFF, 0xFF});
}

TEST(DerReader, RefusesLengthsThatAreNotTheShortest) {
  check_refused({0x02, 0x81, 0x01, 0x05});
  check_refused({0x02, 0x82, 0x00, 0x01, 0x05});
}

TEST(DerReader, RefusesIndefiniteLengths) {
  check_refused({0x30, 0x80, 0x00, 0x00});
}

TEST(DerReader, RefusesLengthsOfMoreThanFourBytes) {
  check_refused({0x02, 0x85, 0x01, 0x00, 0x00, 0x00, 0x00});
  check_refused({0x02, 0xFF});
}

TEST(DerReader, RefusesTagsOfSeveralBytes) {
  check_refused({0x1F, 0x01, 0x00});
}

TEST(DerReader, AnOnlyElementHasNothingAfterIt) {
  CHECK(only_element(Bytes{0x05, 0x00}, tag::kNull).has_value());
  CHECK(!only_element(Bytes{0x05, 0x00, 0x00}, tag::kNull).has_value());
  CHECK(!only_element(Bytes{0x05, 0x00}, tag::kInteger).has_value());
}

TEST(DerReader, SmallIntegers) {
  CHECK(small_integer(Bytes{0x00}) == 0U);
  CHECK(small_integer(Bytes{0x7F}) == 127U);
  CHECK(small_integer(Bytes{0x00, 0x80}) == 128U);
  CHECK(small_integer(Bytes{0x00, 0xFF, 0xFF, 0xFF, 0xFF}) == 0xFFFFFFFFU);
}

TEST(DerReader, IntegersThatAreNotSmall) {
  CHECK(!small_integer(Bytes{}));
  CHECK(!small_integer(Bytes{0x80}));
  CHECK(!small_integer(Bytes{0x00, 0x7F}));
  CHECK(!small_integer(Bytes{0x01, 0x00, 0x00, 0x00, 0x00}));
}

TEST(DerReader, Booleans) {
  CHECK(boolean(Bytes{0xFF}) == true);
  CHECK(boolean(Bytes{0x00}) == false);
  CHECK(!boolean(Bytes{0x01}).has_value());
  CHECK(!boolean(Bytes{}).has_value());
}

TEST(DerReader, BitStringsOfWholeBytes) {
  CHECK(whole_bits(Bytes{0x00, 0x01})->size() == 1);
  CHECK(!whole_bits(Bytes{0x01, 0x02}).has_value());
  CHECK(!whole_bits(Bytes{}).has_value());
}

}  // namespace
}  // namespace berth::crypto::asn1
