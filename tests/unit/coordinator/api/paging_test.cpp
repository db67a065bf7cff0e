#include "coordinator/api/paging.hpp"

#include <string>

#include <CppUTest/TestHarness.h>

#include "coordinator/api/limits.hpp"

using namespace berth;
using coordinator::read_page_request;

TEST_GROUP(Paging){};

TEST(Paging, TakesTheDefaultForNoSizeAndForZero) {
  CHECK_EQUAL(coordinator::kDefaultPageSize, read_page_request("", "")->size);
  CHECK_EQUAL(coordinator::kDefaultPageSize, read_page_request("0", "")->size);
  CHECK_EQUAL(coordinator::kDefaultPageSize, read_page_request("-5", "")->size);
}

TEST(Paging, CutsLargeSizesDown) {
  CHECK_EQUAL(1U, read_page_request("1", "")->size);
  CHECK_EQUAL(coordinator::kMaxPageSize, read_page_request("1000", "")->size);
  CHECK_EQUAL(coordinator::kMaxPageSize, read_page_request("1001", "")->size);
}

TEST(Paging, RefusesWhatIsNoNumberOrNoContinuation) {
  for (const char* size : {"x", "1x", "99999999999"}) {
    CHECK(read_page_request(size, "").error().code == Errc::invalid);
  }
  CHECK(read_page_request("", "not ours!").error().code == Errc::invalid);
}

TEST(Paging, CarriesAnyContinuationThroughAHeader) {
  const std::string bytes("\0\x01\xFF;,", 5);
  STRCMP_EQUAL(bytes.c_str(),
               read_page_request("", coordinator::continuation_text(bytes))->continuation.c_str());
  CHECK(read_page_request("", coordinator::continuation_text(bytes))->continuation == bytes);
}

TEST(Paging, SendsNoEmptyContinuation) {
  http::Response response;
  coordinator::add_page_headers(response, "Enrollment", {}, "");
  CHECK_FALSE(response.headers.has("x-ms-continuation"));
  STRCMP_EQUAL("Enrollment", std::string(response.headers.get("x-ms-item-type")).c_str());
}
