#include "tools/cli/row_reader.hpp"

#include <fstream>
#include <string>
#include <vector>

#include <CppUTest/TestHarness.h>

#include "tests/support/temporary_folder.hpp"

using namespace berth;
using namespace berth::cli;

TEST_GROUP(RowReader) {
  testing::TemporaryFolder folder;
  std::unique_ptr<RowReader> reader;

  Result<void> open(const std::string& text, RowFormat format) {
    std::ofstream(folder.file("rows"), std::ios::binary) << text;
    auto opened = RowReader::open(folder.file("rows"), format, EnrollmentKind::individual);
    if (!opened) return opened.error();
    reader = std::move(*opened);
    return {};
  }
  Row next() {
    auto row = reader->next();
    CHECK(row.has_value());
    CHECK(row->has_value());
    return std::move(**row);
  }
  void check_end() {
    const auto row = reader->next();
    CHECK(row.has_value());
    CHECK_FALSE(row->has_value());
    DOUBLES_EQUAL(1.0, reader->fraction_read(), 0.0);
  }
};

TEST(RowReader, TakesTheFormatFromTheName) {
  CHECK(format_of_name("a/devices.csv") == RowFormat::csv);
  CHECK(format_of_name("DEVICES.CSV") == RowFormat::csv);
  CHECK(format_of_name("devices.jsonl") == RowFormat::jsonl);
  CHECK(format_of_name("csv") == RowFormat::jsonl);
}

TEST(RowReader, SaysWhereEachRowOfCsvBegins) {
  CHECK(
      open("\xEF\xBB\xBFregistrationId,deviceId\r\n\r\nd1,\"two\r\nlines\"\r\nd2,x", RowFormat::csv)
          .has_value());
  const Row first = next();
  CHECK_EQUAL(3U, first.line);
  STRCMP_EQUAL("d1", first.id.c_str());
  STRCMP_EQUAL("d1,\"two\r\nlines\"\r\n", first.text.c_str());
  const Row second = next();
  CHECK_EQUAL(5U, second.line);
  STRCMP_EQUAL("d2", second.id.c_str());
  check_end();
}

TEST(RowReader, ReadsJsonLinesAndPassesBlankOnesOver) {
  CHECK(
      open("{\"registrationId\":\"d1\"}\n\n  \r\n{\"registrationId\":\"d2\"}\r\n", RowFormat::jsonl)
          .has_value());
  STRCMP_EQUAL("d1", next().id.c_str());
  const Row second = next();
  CHECK_EQUAL(4U, second.line);
  STRCMP_EQUAL("d2", second.id.c_str());
  check_end();
}

TEST(RowReader, GoesOnBehindABadRow) {
  CHECK(open("{\"registrationId\"\n[]\n{\"id\":1}\n{\"registrationId\":\"d\"}\n", RowFormat::jsonl)
            .has_value());
  for (int i = 0; i < 3; ++i) CHECK_FALSE(next().record.has_value());
  CHECK(next().record.has_value());
  CHECK(open("registrationId,iotEdge\nd1\nd2,perhaps\nd3,true\n", RowFormat::csv).has_value());
  CHECK_FALSE(next().record.has_value());
  CHECK_FALSE(next().record.has_value());
  CHECK(next().record.has_value());
}

TEST(RowReader, EndsWhereAFileStopsBeingCsv) {
  CHECK(open("registrationId,deviceId\nd1,x\nd2,\"y\"z\nd3,x\n", RowFormat::csv).has_value());
  CHECK(next().record.has_value());
  const auto row = reader->next();
  CHECK(row.error().code == Errc::malformed);
  CHECK(row.error().reason.find("line 3") != std::string::npos);
}

TEST(RowReader, RefusesALineThatIsTooLongAndReadsOn) {
  const std::string longest(kMaxRowSize - 1, ' ');
  CHECK(open(longest + "\n" + longest + "x\n{\"registrationId\":\"d\"}\n", RowFormat::jsonl)
            .has_value());
  const Row row = next();
  CHECK_EQUAL(2U, row.line);
  CHECK(row.record.error().code == Errc::too_large);
  STRCMP_EQUAL("d", next().id.c_str());
  check_end();
}

TEST(RowReader, NamesWhatIsWrongWithAFile) {
  CHECK(RowReader::open(folder.file("none"), RowFormat::jsonl, EnrollmentKind::individual)
            .error()
            .code == Errc::io);
  CHECK(RowReader::open(folder.path().string(), RowFormat::jsonl, EnrollmentKind::individual)
            .error()
            .code == Errc::io);
  CHECK(open("", RowFormat::csv).error().code == Errc::invalid);
  CHECK(open("registrationId;deviceId\n", RowFormat::csv).error().code == Errc::invalid);
}
