#include "shared/protocol/http/message.hpp"

#include <string>

#include <CppUTest/TestHarness.h>

using namespace berth::http;

namespace {

std::string repeated(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

}  // namespace

TEST_GROUP(HttpHeaders) {
  Headers headers;
};

TEST(HttpHeaders, AreFoundWhateverTheCase) {
  headers.set("If-Match", "\"a\"");
  CHECK_TRUE(headers.get("if-match") == "\"a\"");
  CHECK_TRUE(headers.has("IF-MATCH"));
  CHECK_FALSE(headers.has("If-None-Match"));
  CHECK_TRUE(headers.get("If-None-Match").empty());
}

TEST(HttpHeaders, AreReplacedAndNotRepeated) {
  headers.set("Retry-After", "1");
  headers.set("retry-after", "2");
  CHECK_EQUAL(1, headers.all().size());
  CHECK_TRUE(headers.get("Retry-After") == "2");
}

TEST_GROUP(HttpTarget) {
  Target target;
  bool parses(const std::string& text) {
    return parse_target(text, target);
  }
};

TEST(HttpTarget, IsTakenApartAndDecodedOnce) {
  CHECK_TRUE(
      parses("/0ne00000A0A/registrations/a%252Fb%3A1/register?api-version=2019-03-31&x=%26"));
  CHECK_EQUAL(4, target.segments.size());
  CHECK_TRUE(target.segments[2] == "a%2Fb:1");
  CHECK_TRUE(target.parameter("api-version") == "2019-03-31");
  CHECK_TRUE(target.parameter("x") == "&");
  CHECK_TRUE(target.parameter("y").empty());
}

TEST(HttpTarget, ATrailingSlashMakesNoSegment) {
  CHECK_TRUE(parses("/enrollments/"));
  CHECK_EQUAL(1, target.segments.size());
  CHECK_TRUE(parses("/"));
  CHECK_EQUAL(0, target.segments.size());
  CHECK_TRUE(parses(""));
  CHECK_EQUAL(0, target.segments.size());
}

TEST(HttpTarget, AParameterMayLackAValue) {
  CHECK_TRUE(parses("/a?flag&b=&&c=1=2"));
  CHECK_EQUAL(3, target.query.size());
  CHECK_TRUE(target.query[0].first == "flag");
  CHECK_TRUE(target.parameter("c") == "1=2");
}

TEST(HttpTarget, ABrokenEscapeIsRefused) {
  CHECK_FALSE(parses("/a%2"));
  CHECK_FALSE(parses("/a?b=%zz"));
  CHECK_FALSE(parses("/a?%=1"));
}

TEST(HttpTarget, HasAsManyPartsAsTheLimitAndNoMore) {
  CHECK_TRUE(parses(repeated("/a", 16)));
  CHECK_FALSE(parses(repeated("/a", 17)));
  CHECK_TRUE(parses("/a?" + repeated("b=1&", 16)));
  CHECK_FALSE(parses("/a?" + repeated("b=1&", 17)));
}
