#include "gateway/core/device/api_version.hpp"

#include <CppUTest/TestHarness.h>

using berth::gateway::is_api_version;

TEST_GROUP(ApiVersion){};

TEST(ApiVersion, TakesEveryVersionInUseAndWhatLooksLikeOne) {
  for (const char* text : {"2017-08-31-preview", "2018-09-01-preview", "2018-11-01", "2019-03-31",
                           "2021-06-01", "2021-10-01", "2021-11-01-preview", "2025-07-01-preview",
                           "2026-11-02-preview", "2031-01-01"}) {
    CHECK_TRUE_TEXT(is_api_version(text), text);
  }
}

TEST(ApiVersion, RefusesWhatDoesNotLookLikeOne) {
  for (const char* text : {"", "1", "2019-03-3", "2019-03-311", "2019/03/31", "20190331",
                           "2019-03-31-beta", "2019-03-31-preview2", "x019-03-31"}) {
    CHECK_FALSE_TEXT(is_api_version(text), text);
  }
}
