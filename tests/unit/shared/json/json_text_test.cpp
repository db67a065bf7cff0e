#include "shared/json/json_text.hpp"

#include <cstdlib>
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

// Found by fuzzing: it was read as infinite, and written as what nobody reads.
TEST(JsonText, RefusesANumberThatIsBeyondAllDoubles) {
  const json::TextLimits limits{1000, 4};
  CHECK_TRUE(json::parse("1.7976931348623157e308", limits).has_value());
  for (const char* text : {"1.7976931348623159e308", "90e401", "-1e309", "[0.5, 1e99999]"}) {
    const auto refused = json::parse(text, limits);
    CHECK_FALSE(refused.has_value());
    CHECK(refused.error().code == Errc::malformed);
  }
  STRCMP_EQUAL("0E0", json::serialize(*json::parse("1e-401", limits)).c_str());
}

// Found by fuzzing: what was read and written moved by one in the last place, again and again.
TEST(JsonText, KeepsEveryDigitOfANumber) {
  for (const char* text :
       {"0.1", "0.30000000000000004", "13.387664401253275", "-4444444444444444444444444444444442",
        "1e22", "-2.2250738585072014E-308", "1.7976931348623157e308", "5e-324", "123456789012.0"}) {
    const auto read = json::parse(text, kLimits);
    CHECK_TRUE_TEXT(read.has_value() && read->is_double(), text);
    CHECK_TRUE_TEXT(read->get_double() == std::strtod(text, nullptr), text);
    const auto again = json::parse(json::serialize(*read), kLimits);
    CHECK_TRUE_TEXT(again->get_double() == read->get_double(), text);
  }
  const std::string others =
      R"({"i":-7,"u":18446744073709551615,"t":true,"n":null,"a":["",{}],"s":"\u00fc\n"})";
  STRCMP_EQUAL(others.c_str(), json::serialize(*json::parse(others, {100, 4})).c_str());
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
