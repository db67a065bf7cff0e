#include "tools/cli/refusal_report.hpp"

#include <string>

#include <CppUTest/TestHarness.h>

#include "tests/support/temporary_folder.hpp"
#include "tools/cli/requests.hpp"

using namespace berth;
using namespace berth::cli;

namespace {

const Refusal kSent{7, "dev,7", 409201, "it \"exists\""};
const Refusal kUnsent{9, "", 0, "no JSON"};

}  // namespace

TEST_GROUP(RefusalReport) {
  testing::TemporaryFolder folder;

  std::uint64_t report(const std::string& path, std::uint64_t size, const Refusal& refusal) {
    auto opened = RefusalReport::open(path, size);
    CHECK(opened.has_value());
    CHECK(opened->add(refusal).has_value());
    CHECK(opened->sync().has_value());
    return opened->size();
  }
};

TEST(RefusalReport, IsCsvWithAHeader) {
  const std::string path = folder.file("refused.csv");
  const std::uint64_t size = report(path, 0, kSent);
  report(path, size, kUnsent);
  STRCMP_EQUAL(
      "line,id,errorCode,reason\r\n7,\"dev,7\",409201,\"it \"\"exists\"\"\"\r\n"
      "9,,,no JSON\r\n",
      read_file(path, 1024)->c_str());
}

TEST(RefusalReport, IsJsonLinesUnderAnyOtherName) {
  const std::string path = folder.file("refused.jsonl");
  report(path, 0, kUnsent);
  STRCMP_EQUAL("{\"line\":9,\"id\":\"\",\"reason\":\"no JSON\"}\n", read_file(path, 1024)->c_str());
}

TEST(RefusalReport, DropsWhatALaterPlaceDoesNotCount) {
  const std::string path = folder.file("refused.jsonl");
  const std::uint64_t size = report(path, 0, kSent);
  report(path, size, kUnsent);
  report(path, size, kSent);
  const std::string text = *read_file(path, 1024);
  CHECK(text.find("no JSON") == std::string::npos);
  CHECK_EQUAL(2 * size, text.size());
}
