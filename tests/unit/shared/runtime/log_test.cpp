#include "shared/runtime/log.hpp"

#include <type_traits>
#include <vector>

#include <CppUTest/TestHarness.h>

#include "shared/base/secret_bytes.hpp"

using namespace berth;
using namespace berth::runtime;

static_assert(!std::is_constructible_v<LogField, const char*, SecretBytes>,
              "a secret must not fit into a log line");

namespace {

std::string line(LogFormat format, const std::vector<LogField>& fields) {
  return format_log_line(format, "T", LogLevel::warning, "berth-hub", "device refused", fields);
}

}  // namespace

TEST_GROUP(Log){};

TEST(Log, WritesJsonLinesWithNumbersAsNumbers) {
  STRCMP_EQUAL(R"({"time":"T","level":"warning","program":"berth-hub","message":"device refused",)"
               R"("device":"d-1","tries":3})",
               line(LogFormat::json, {{"device", "d-1"}, {"tries", 3}}).c_str());
}

TEST(Log, WritesTextForPeople) {
  STRCMP_EQUAL("T warning device refused device=d-1 tries=3",
               line(LogFormat::text, {{"device", "d-1"}, {"tries", 3}}).c_str());
}

TEST(Log, EscapesWhatCouldForgeALine) {
  STRCMP_EQUAL("T warning device refused device=\"a\\nT error owned\"",
               line(LogFormat::text, {{"device", "a\nT error owned"}}).c_str());
  CHECK_TRUE(line(LogFormat::json, {{"device", "a\n\"b"}}).find(R"("a\n\"b")") !=
             std::string::npos);
}

TEST(Log, EscapesTerminalSequences) {
  CHECK_TRUE(line(LogFormat::text, {{"device", "\x1b[31m"}}).find('\x1b') == std::string::npos);
}

TEST(Log, QuotesEmptyAndAmbiguousValues) {
  STRCMP_EQUAL("T warning device refused a=\"\" b=\"x=y\"",
               line(LogFormat::text, {{"a", ""}, {"b", "x=y"}}).c_str());
}

TEST(Log, KnowsItsFormatsAndLevels) {
  CHECK_TRUE(parse_log_format("auto") == LogFormat::automatic);
  CHECK_TRUE(parse_log_format("text") == LogFormat::text);
  CHECK_TRUE(parse_log_format("json") == LogFormat::json);
  CHECK_FALSE(parse_log_format("xml").has_value());
  CHECK_TRUE(parse_log_level("debug") == LogLevel::debug);
  CHECK_FALSE(parse_log_level("loud").has_value());
}
