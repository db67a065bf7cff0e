#include "tools/hub/twin.hpp"

#include <string>

#include <CppUTest/TestHarness.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

using namespace berth;
using namespace berth::hub_server;
namespace bj = boost::json;

namespace {

bj::object object(const char* text) {
  return bj::parse(text).as_object();
}

std::string merged(const char* into, const char* patch) {
  bj::object result = object(into);
  merge(result, object(patch));
  return bj::serialize(result);
}

bj::object nested(std::size_t levels) {
  bj::object inner{{"x", 1}};
  for (std::size_t i = 1; i < levels; ++i) inner = bj::object{{"x", std::move(inner)}};
  return inner;
}

}  // namespace

TEST_GROUP(Twin){};

TEST(Twin, MergesObjectsAndReplacesTheRest) {
  STRCMP_EQUAL(R"({"a":{"b":2,"c":3},"d":[9]})",
               merged(R"({"a":{"b":1},"d":[1,2]})", R"({"a":{"b":2,"c":3},"d":[9]})").c_str());
}

TEST(Twin, RemovesWhatIsNull) {
  STRCMP_EQUAL(R"({"a":{}})",
               merged(R"({"a":{"b":1},"c":2})", R"({"a":{"b":null},"c":null})").c_str());
}

TEST(Twin, KeepsNoNullOfAPatchThatAdds) {
  STRCMP_EQUAL(R"({"a":{}})", merged("{}", R"({"a":{"b":null}})").c_str());
}

TEST(Twin, ShowsVersionAndTimeOfEachMember) {
  const auto shown = with_metadata(object(R"({"a":{"b":1}})"), 7, from_unix_seconds(0));
  LONGS_EQUAL(7, shown.at("$version").to_number<int>());
  CHECK_TRUE(shown.at("$metadata").at("a").at("b").at("$lastUpdated") ==
             "1970-01-01T00:00:00.0000000Z");
}

TEST(Twin, TakesBackADocumentAsItShowedIt) {
  const auto shown = with_metadata(object(R"({"a":1})"), 7, from_unix_seconds(0));
  STRCMP_EQUAL(R"({"a":1})", bj::serialize(without_metadata(shown)).c_str());
}

TEST(Twin, RefusesNamesThatAreReserved) {
  CHECK_TRUE(check_document(object(R"({"a":1})"), kMaxTags).has_value());
  CHECK_FALSE(check_document(object(R"({"$a":1})"), kMaxTags).has_value());
  CHECK_FALSE(check_document(object(R"({"a":{"b.c":1}})"), kMaxTags).has_value());
  CHECK_FALSE(check_document(object("{\"a\\u0001\":1}"), kMaxTags).has_value());
}

TEST(Twin, TakesAsManyLevelsAsItsLimitAndNoMore) {
  CHECK_TRUE(check_document(nested(kMaxTwinDepth), kMaxTags).has_value());
  CHECK_FALSE(check_document(nested(kMaxTwinDepth + 1), kMaxTags).has_value());
}

TEST(Twin, TakesAsManyBytesAsItsLimitAndNoMore) {
  const std::string frame = R"({"a":""})";
  const bj::object fits{{"a", std::string(100 - frame.size(), 'x')}};
  const bj::object over{{"a", std::string(101 - frame.size(), 'x')}};
  CHECK_TRUE(check_document(fits, 100).has_value());
  CHECK_FALSE(check_document(over, 100).has_value());
}
