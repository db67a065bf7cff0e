#include "shared/json/json_text.hpp"

#include <string>

#include <CppUTest/TestHarness.h>

using namespace berth;

namespace {

constexpr json::TextLimits kLimits{64, 4};

std::string escaped(std::string_view text) {
  return json::serialize(boost::json::value(boost::json::string(text)));
}

}  // namespace

TEST_GROUP(JsonText){};

TEST(JsonText, RefusesTextOneByteOverTheLimit) {
  const std::string fits = "\"" + std::string(62, 'a') + "\"";
  CHECK(json::parse(fits, kLimits).has_value());
  const auto refused = json::parse(fits + " ", kLimits);
  CHECK(refused.error().code == Errc::too_large);
}

TEST(JsonText, RefusesNestingOneLevelOverTheLimit) {
  CHECK(json::parse("[[[[1]]]]", kLimits).has_value());
  CHECK(json::parse("[[[[[1]]]]]", kLimits).error().code == Errc::too_large);
}

TEST(JsonText, RefusesWhatIsNotOneValue) {
  for (const std::string_view text : {"", "{", "{} {}", "{\"a\":}", "nul", "\"\xFF\""}) {
    CHECK(json::parse(text, kLimits).error().code == Errc::malformed);
  }
}

TEST(JsonText, RefusesAnArrayWhereAnObjectIsMeant) {
  CHECK(json::parse_object("[]", kLimits).error().code == Errc::malformed);
}

TEST(JsonText, EscapesWhatIsNotAscii) {
  STRCMP_EQUAL("\"gr\\u00fc\\u00dfe\"", escaped("gr\xC3\xBC\xC3\x9F"
                                                "e")
                                            .c_str());
  STRCMP_EQUAL("\"\\u20ac\"", escaped("\xE2\x82\xAC").c_str());
}

TEST(JsonText, EscapesBeyondTheBasicPlaneAsASurrogatePair) {
  STRCMP_EQUAL("\"\\ud83d\\ude00\"", escaped("\xF0\x9F\x98\x80").c_str());
}

TEST(JsonText, WritesReplacementsForBytesThatAreNotUtf8) {
  STRCMP_EQUAL("\"\\ufffdA\"", escaped("\xC3"
                                       "A")
                                   .c_str());
  STRCMP_EQUAL("\"\\ufffd\\ufffd\"", escaped("\xC0\xAF").c_str());
  STRCMP_EQUAL("\"\\ufffd\"", escaped("\xE2").c_str());
}

TEST(JsonText, TakesNullForAbsent) {
  const auto object = json::parse_object(R"({"a":null})", kLimits);
  CHECK_FALSE(json::find_string(*object, "a")->has_value());
  CHECK(*json::find_object(*object, "a") == nullptr);
}

TEST(JsonText, NamesTheMemberThatHasTheWrongType) {
  const auto object = json::parse_object(R"({"age":"old"})", kLimits);
  const auto refused = json::find_number(*object, "age", 10);
  CHECK(refused.error().code == Errc::malformed);
  CHECK(refused.error().reason.find("'age'") != std::string::npos);
}

TEST(JsonText, RefusesANumberOneOverItsMaximum) {
  const auto object = json::parse_object(R"({"a":10,"b":11,"c":-1,"d":1.5})", kLimits);
  CHECK_EQUAL(10U, **json::find_number(*object, "a", 10));
  for (const char* name : {"b", "c", "d"}) {
    CHECK_FALSE(json::find_number(*object, name, 10).has_value());
  }
}
