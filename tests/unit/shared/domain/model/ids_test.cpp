#include "shared/domain/model/ids.hpp"

#include <string>

#include <CppUTest/TestHarness.h>

using namespace berth;
using namespace berth::domain;

namespace {

template <class T>
void check_invalid(const Result<T>& parsed) {
  CHECK_TRUE(!parsed && parsed.error().code == Errc::invalid);
}

}  // namespace

TEST_GROUP(Ids){};

TEST(Ids, ARegistrationIdKeepsItsSpellingAndComparesWithoutRegardToCase) {
  const RegistrationId id = *RegistrationId::parse("Edge-GW.01_a:B");
  CHECK_TRUE(id.str() == "Edge-GW.01_a:B");
  CHECK_TRUE(id.folded() == "edge-gw.01_a:b");
  CHECK_TRUE(id == *RegistrationId::parse("edge-gw.01_A:b"));
  CHECK_FALSE(id == *RegistrationId::parse("edge-gw.02_A:b"));
  CHECK_TRUE(std::hash<RegistrationId>{}(id) ==
             std::hash<RegistrationId>{}(*RegistrationId::parse("EDGE-GW.01_A:B")));
}

// Service API 1.5: the last character is a letter, a digit or a dash.
TEST(Ids, ARegistrationIdEndsWithALetterADigitOrADash) {
  for (const char* text : {"a", "9", "a-", "a.b"}) {
    CHECK_TRUE(RegistrationId::parse(text).has_value());
  }
  for (const char* text : {"a.", "a_", "a:"}) check_invalid(RegistrationId::parse(text));
}

TEST(Ids, ARegistrationIdHoldsNothingElse) {
  for (const char* text : {"", "a b", "a/b", "a%2Fb", "a\nb", "\xC3\xA4", "a+b", "a@b"}) {
    check_invalid(RegistrationId::parse(text));
  }
  check_invalid(RegistrationId::parse(std::string_view("a\0b", 3)));
}

TEST(Ids, AnIdIsAsLongAsTheLimitAndNoLonger) {
  const std::string longest(kMaxIdLength, 'a');
  CHECK_TRUE(RegistrationId::parse(longest).has_value());
  CHECK_TRUE(EnrollmentGroupId::parse(longest).has_value());
  CHECK_TRUE(parse_device_id(longest).has_value());
  check_invalid(RegistrationId::parse(longest + "a"));
  check_invalid(EnrollmentGroupId::parse(longest + "a"));
  check_invalid(parse_device_id(longest + "a"));
}

TEST(Ids, ADeviceIdTakesWhatHubsTakeAndIsCaseSensitive) {
  CHECK_TRUE(parse_device_id("a-:.+%_#*?!(),=@$;'Z9").has_value());
  CHECK_FALSE(*parse_device_id("Pump") == *parse_device_id("pump"));
  for (const char* text : {"", "a b", "a/b", "a\"b", "a&b", "a\\b"}) {
    check_invalid(parse_device_id(text));
  }
}

TEST(Ids, AnIdScopeIsAPrefixAndEightHexDigits) {
  for (const char* text : {"0ne00000A0A", "0NE00000a0a", "0ne12345678"}) {
    CHECK_TRUE(parse_id_scope(text)->str() == text);
  }
  for (const char* text : {"", "0ne0000000", "0ne000000000", "1ne00000000", "0ne0000000g"}) {
    check_invalid(parse_id_scope(text));
  }
}
