#include "shared/runtime/diagnostic_log.hpp"

#include <array>
#include <vector>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "shared/runtime/system.hpp"

namespace berth::runtime {
namespace {

const std::string kMask(3, 'X');
constexpr const char* kProvider = "BERTH";
constexpr const char* kResourceType = "PROVISIONINGSERVICES";

std::string properties_text(const Diagnostic& diagnostic) {
  boost::json::object properties;
  properties["id"] = diagnostic.object_id;
  properties["type"] = diagnostic.object_type;
  properties["protocol"] = diagnostic.protocol;
  return boost::json::serialize(properties);
}

}  // namespace

std::string masked_address(std::string_view address) {
  const std::size_t end =
      address.find_last_of(address.find(':') == std::string_view::npos ? '.' : ':');
  if (end == std::string_view::npos) return std::string(address);
  return std::string(address.substr(0, end + 1)) + kMask;
}

std::string version_word(std::string_view api_version) {
  constexpr std::array<std::string_view, 12> kMonths = {
      "January", "February", "March",     "April",   "May",      "June",
      "July",    "August",   "September", "October", "November", "December"};
  constexpr std::size_t kDate = 10;  // yyyy-mm-dd
  const bool is_date =
      api_version.size() >= kDate && api_version[4] == '-' && api_version[7] == '-';
  if (!is_date) return std::string(api_version);
  const int month = (api_version[5] - '0') * 10 + (api_version[6] - '0');
  if (month < 1 || month > 12) return std::string(api_version);
  return std::string(kMonths[static_cast<std::size_t>(month - 1)]) +
         std::string(api_version.substr(0, 4)) +
         (api_version.ends_with("-preview") ? "Preview" : "");
}

std::string result_type_of(int status) {
  if (status < 400) return "Success";
  return status < 500 ? "ClientError" : "Failure";
}

void write_diagnostic(Log& log, const Diagnostic& diagnostic) {
  const std::string address = masked_address(diagnostic.source);
  const std::string properties = properties_text(diagnostic);
  const std::string resource_id = "/provisioningServices/" + diagnostic.service;
  const std::string signature =
      diagnostic.succeeded || diagnostic.status == 0 ? "" : std::to_string(diagnostic.status);
  const std::string version = version_word(diagnostic.operation_version);
  const std::string time = to_iso8601(SystemClock().wall());
  const auto milliseconds =
      std::chrono::duration_cast<std::chrono::milliseconds>(diagnostic.duration).count();
  const std::vector<LogField> fields{
      {"ApplicationId", diagnostic.caller},
      {"CallerIpAddress", address},
      {"Category", diagnostic.category},
      {"CorrelationId", diagnostic.correlation_id},
      {"DurationMs", milliseconds},
      {"Level", diagnostic.succeeded ? "Information" : "Error"},
      {"OperationName", diagnostic.operation_name},
      {"OperationVersion", version},
      {"Resource", diagnostic.service},
      {"ResourceGroup", ""},
      {"ResourceId", resource_id},
      {"ResourceProvider", kProvider},
      {"ResourceType", kResourceType},
      {"ResultDescription", diagnostic.description},
      {"ResultSignature", signature},
      {"ResultType", diagnostic.result_type},
      {"SubscriptionId", ""},
      {"TenantId", diagnostic.service},
      {"TimeGenerated", time},
      {"location_s", diagnostic.location},
      {"properties_s", properties},
  };
  log.write(LogLevel::info, diagnostic.category, fields);
}

}  // namespace berth::runtime
