#include "shared/runtime/diagnostic_log.hpp"

#include <map>
#include <string>

#include <CppUTest/TestHarness.h>

using namespace berth;
using namespace berth::runtime;

namespace {

const std::string kMask(3, 'X');

class KeptLog final : public Log {
 public:
  void write(LogLevel, std::string_view message, std::span<const LogField> fields) override {
    said = message;
    for (const LogField& field : fields) {
      const auto* text = std::get_if<std::string_view>(&field.value);
      kept[std::string(field.key)] = text != nullptr
                                         ? std::string(*text)
                                         : std::to_string(std::get<std::int64_t>(field.value));
    }
  }
  std::string said;
  std::map<std::string, std::string> kept;
};

Diagnostic sample() {
  Diagnostic line;
  line.category = kDeviceOperations;
  line.operation_name = "Register";
  line.operation_version = "2021-06-01";
  line.source = "192.0.2.17";
  line.correlation_id = "2f6b8e0c";
  line.duration = std::chrono::milliseconds(12);
  line.result_type = "Success";
  line.status = 202;
  line.service = "0ne00000001";
  line.object_id = "press \"17\"";
  line.object_type = "Registration";
  line.protocol = "Mqtt";
  return line;
}

}  // namespace

TEST_GROUP(DiagnosticLog) {
  KeptLog log;
  void check(const char* column, const char* text) {
    CHECK_TRUE_TEXT(log.kept.contains(column), column);
    STRCMP_EQUAL(text, log.kept.at(column).c_str());
  }
};

TEST(DiagnosticLog, HasEveryColumnThatDpsHas) {
  write_diagnostic(log, sample());
  STRCMP_EQUAL("DeviceOperations", log.said.c_str());
  for (const char* column : {"ApplicationId", "CallerIpAddress",   "Category",
                             "CorrelationId", "DurationMs",        "Level",
                             "OperationName", "OperationVersion",  "Resource",
                             "ResourceGroup", "ResourceId",        "ResourceProvider",
                             "ResourceType",  "ResultDescription", "ResultSignature",
                             "ResultType",    "SubscriptionId",    "TenantId",
                             "TimeGenerated", "location_s",        "properties_s"}) {
    CHECK_TRUE_TEXT(log.kept.contains(column), column);
  }
  CHECK_EQUAL(21, log.kept.size());
  check("CallerIpAddress", ("192.0.2." + kMask).c_str());
  check("DurationMs", "12");
  check("Level", "Information");
  check("OperationVersion", "June2021");
  check("properties_s", R"({"id":"press \"17\"","type":"Registration","protocol":"Mqtt"})");
}

TEST(DiagnosticLog, HasAStatusOnlyWhereSomethingFailed) {
  write_diagnostic(log, sample());
  check("ResultSignature", "");
  Diagnostic failed = sample();
  failed.succeeded = false;
  failed.status = 401;
  write_diagnostic(log, failed);
  check("ResultSignature", "401");
  check("Level", "Error");
}

TEST(DiagnosticLog, MasksTheLastPartOfAnAddress) {
  STRCMP_EQUAL(("192.0.2." + kMask).c_str(), masked_address("192.0.2.17").c_str());
  STRCMP_EQUAL(("2001:db8::" + kMask).c_str(), masked_address("2001:db8::17").c_str());
  STRCMP_EQUAL(("::ffff:" + kMask).c_str(), masked_address("::ffff:192.0.2.17").c_str());
  STRCMP_EQUAL("", masked_address("").c_str());
}

TEST(DiagnosticLog, WritesAnApiVersionAsAWord) {
  STRCMP_EQUAL("October2021", version_word("2021-10-01").c_str());
  STRCMP_EQUAL("July2021Preview", version_word("2021-07-01-preview").c_str());
  STRCMP_EQUAL("", version_word("").c_str());
  STRCMP_EQUAL("2021-13-01", version_word("2021-13-01").c_str());
  STRCMP_EQUAL("nonsense-nonsense", version_word("nonsense-nonsense").c_str());
}

TEST(DiagnosticLog, NamesHowARequestEnded) {
  STRCMP_EQUAL("Success", result_type_of(399).c_str());
  STRCMP_EQUAL("ClientError", result_type_of(400).c_str());
  STRCMP_EQUAL("ClientError", result_type_of(499).c_str());
  STRCMP_EQUAL("Failure", result_type_of(500).c_str());
}
