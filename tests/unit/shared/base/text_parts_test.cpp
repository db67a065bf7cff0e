#include "shared/base/text_parts.hpp"

#include <cstdint>

#include <CppUTest/TestHarness.h>

using namespace berth;

TEST_GROUP(TextParts){};

TEST(TextParts, ANumberIsTheWholeTextAndFits) {
  std::uint8_t number = 0;
  CHECK_TRUE(read_number("255", 10, number));
  LONGS_EQUAL(255, number);
  CHECK_TRUE(read_number("fe", 16, number));
  LONGS_EQUAL(254, number);
  for (const char* text : {"", "256", "-1", "+1", " 1", "1 ", "1x", "fe"}) {
    CHECK_FALSE(read_number(text, 10, number));
  }
}

TEST(TextParts, PartsMayBeEmpty) {
  const auto parts = split(".a..b", '.');
  LONGS_EQUAL(4, parts.size());
  CHECK_TRUE(parts[0].empty());
  CHECK_TRUE(parts[1] == "a");
  CHECK_TRUE(parts[2].empty());
  CHECK_TRUE(parts[3] == "b");
  LONGS_EQUAL(1, split("", '.').size());
}
