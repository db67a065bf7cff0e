#include "tools/cli/output.hpp"

#include <string>

#include <CppUTest/TestHarness.h>
#include <boost/json/parse.hpp>

using namespace berth::cli;

TEST_GROUP(Output) {
  const std::vector<Column> columns{{"ID", "id"}, {"TYPE", "attestation.type"}, {"HUBS", "hubs"}};
  const boost::json::value rows = boost::json::parse(
      R"([{"id":"dev-1","attestation":{"type":"x509"},"hubs":["a","b"]},{"id":"d","hubs":[]}])");

  void check(const char* expected, const boost::json::value& value, OutputFormat format) {
    STRCMP_EQUAL(expected, render({value, columns, {}}, format).c_str());
  }
};

TEST(Output, LinesRowsUpUnderTheirHeadings) {
  check(
      "ID     TYPE  HUBS\n"
      "dev-1  x509  a, b\n"
      "d      -     -\n",
      rows, OutputFormat::table);
}

TEST(Output, ShowsARecordOneMemberALine) {
  check("id      dev-1\nweight  7\nin      {\"a\":1}\n",
        boost::json::parse(R"({"id":"dev-1","weight":7,"in":{"a":1}})"), OutputFormat::table);
}

TEST(Output, CountsCharactersAndNotBytes) {
  const std::string text =
      render({boost::json::parse("[{\"id\":\"gr\xC3\xBC\xC3\x9F\"},{\"id\":\"abcd\"}]"),
              {{"ID", "id"}, {"X", "x"}},
              {}},
             OutputFormat::table);
  STRCMP_EQUAL("ID    X\ngr\xC3\xBC\xC3\x9F  -\nabcd  -\n", text.c_str());
}

TEST(Output, IndentsJson) {
  check("{\n  \"a\": [\n    1,\n    {\n      \"b\": \"c\"\n    }\n  ],\n  \"d\": {}\n}\n",
        boost::json::parse(R"({"a":[1,{"b":"c"}],"d":{}})"), OutputFormat::json);
}

TEST(Output, WritesOneLineARowForJsonl) {
  check("{\"a\":1}\n{\"a\":2}\n", boost::json::parse(R"([{"a":1},{"a":2}])"), OutputFormat::jsonl);
  check("{\"a\":1}\n", boost::json::parse(R"({"a":1})"), OutputFormat::jsonl);
}

TEST(Output, KeepsNotesOutOfWhatProgramsRead) {
  const Output output{nullptr, {}, "deleted dev-1"};
  STRCMP_EQUAL("deleted dev-1\n", render(output, OutputFormat::table).c_str());
  STRCMP_EQUAL("", render(output, OutputFormat::json).c_str());
  STRCMP_EQUAL("", render(output, OutputFormat::jsonl).c_str());
}

TEST(Output, PrintsATextAsItIs) {
  check("Jsm0ly=\n", boost::json::value("Jsm0ly="), OutputFormat::table);
}

TEST(Output, ShowsPeopleATextInsteadOfTheValue) {
  Output output;
  output.value = boost::json::object{{"outcome", "refused"}};
  output.text = "dev-1 would be refused.\n";
  STRCMP_EQUAL("dev-1 would be refused.\n", render(output, OutputFormat::table).c_str());
  STRCMP_EQUAL("{\"outcome\":\"refused\"}\n", render(output, OutputFormat::jsonl).c_str());
}

TEST(Output, EndsRowsWithWhatTheyAddUpTo) {
  Output output;
  output.value = boost::json::array{boost::json::object{{"id", "a"}}};
  output.summary = boost::json::object{{"devices", 1}};
  STRCMP_EQUAL("{\"id\":\"a\"}\n{\"summary\":{\"devices\":1}}\n",
               render(output, OutputFormat::jsonl).c_str());
  CHECK(render(output, OutputFormat::json).find("\"summary\": {") != std::string::npos);
  CHECK(render(output, OutputFormat::json).find("\"value\": [") != std::string::npos);
}
