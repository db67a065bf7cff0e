#include "tools/cli/csv_text.hpp"

#include <string>
#include <vector>

#include <CppUTest/TestHarness.h>

using namespace berth;
using namespace berth::cli;

using Fields = CsvReader::Fields;

TEST_GROUP(CsvText) {
  CsvReader reader;

  void check_row(const std::string& line, const Fields& expected) {
    const auto fields = reader.take(line);
    CHECK(fields.has_value());
    CHECK(fields->has_value());
    CHECK(**fields == expected);
  }
  void check_refused(const std::string& line, Errc code) {
    CsvReader fresh;
    const auto fields = fresh.take(line);
    CHECK_FALSE(fields.has_value());
    CHECK(fields.error().code == code);
  }
};

TEST(CsvText, ReadsRowsWithEitherLineEnd) {
  check_row("a,b,c\r\n", {"a", "b", "c"});
  check_row("d,e\n", {"d", "e"});
}

TEST(CsvText, ReadsQuotedFieldsWithCommasQuotesAndLineBreaks) {
  check_row("\"a,b\",\"say \"\"hi\"\"\",\"\"\n", {"a,b", "say \"hi\"", ""});
  const auto begun = reader.take("x,\"two\r\n");
  CHECK(begun.has_value());
  CHECK_FALSE(begun->has_value());
  check_row("lines\",y\r\n", {"x", "two\r\nlines", "y"});
}

TEST(CsvText, KeepsBlankFieldsAndSpaces) {
  check_row(",,\n", {"", "", ""});
  check_row(" a ,\tb\n", {" a ", "\tb"});
}

TEST(CsvText, ReadsALastRowWithoutAnEnd) {
  const auto taken = reader.take("a,b");
  CHECK(taken.has_value());
  CHECK_FALSE(taken->has_value());
  const auto last = reader.finish();
  CHECK(last.has_value());
  CHECK(**last == (Fields{"a", "b"}));
}

TEST(CsvText, RefusesQuotesWhereNoneCanBe) {
  check_refused("a\"b,c\n", Errc::malformed);
  check_refused("\"a\"b,c\n", Errc::malformed);
}

TEST(CsvText, RefusesAFileThatEndsWithinQuotes) {
  CHECK(reader.take("a,\"b\n").has_value());
  CHECK(reader.finish().error().code == Errc::malformed);
}

TEST(CsvText, RefusesACarriageReturnThatEndsARowWithinALine) {
  check_refused("a,b\rc,d\n", Errc::malformed);
}

TEST(CsvText, TakesFieldsUpToTheLimitAndNotPastIt) {
  const std::string longest(kMaxCsvField, 'x');
  check_row(longest + "\n", {longest});
  check_refused(longest + std::string(256, 'x') + "\n", Errc::too_large);
}

TEST(CsvText, TakesAsManyFieldsAsTheLimitAndNotOneMore) {
  const std::string most(kMaxCsvFields - 1, ',');
  check_row(most + "\n", Fields(kMaxCsvFields));
  check_refused(most + ",\n", Errc::too_large);
}

TEST(CsvText, WritesWhatItReads) {
  const Fields fields{"plain", "a,b", "say \"hi\"", "two\nlines", "", " spaces "};
  const std::string text = csv_row(fields);
  STRCMP_EQUAL("plain,\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\",, spaces \r\n", text.c_str());
  check_row(text, fields);
}
