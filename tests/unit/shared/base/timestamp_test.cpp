#include "shared/base/timestamp.hpp"

#include <CppUTest/TestHarness.h>

using namespace berth;

TEST_GROUP(Timestamp){};

TEST(Timestamp, WritesSevenFractionalDigitsAsDpsDoes) {
  CHECK(to_iso8601(from_unix_micros(1'506'616'182'344'781)) == "2017-09-28T16:29:42.3447810Z");
  CHECK(to_iso8601_seconds(from_unix_seconds(1'767'225'600)) == "2026-01-01T00:00:00Z");
}

TEST(Timestamp, ReadsWhatItWritesAndWholeSeconds) {
  const WallTime time = from_unix_micros(1'506'616'182'344'781);
  CHECK(from_iso8601(to_iso8601(time)) == time);
  CHECK(from_iso8601("2026-01-01T00:00:00Z") == from_unix_seconds(1'767'225'600));
}

TEST(Timestamp, RefusesWhatIsNoTime) {
  CHECK_FALSE(from_iso8601("2026-02-30T00:00:00Z").has_value());
  CHECK_FALSE(from_iso8601("2026-01-01T24:00:00Z").has_value());
  CHECK_FALSE(from_iso8601("2026-01-01T00:00:00").has_value());
  CHECK_FALSE(from_iso8601("2026-01-01T00:00:00.Z").has_value());
  CHECK_FALSE(from_iso8601("2026-01-01T00:00:00.1234567890Z").has_value());
}
