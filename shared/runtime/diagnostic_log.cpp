#include "shared/runtime/diagnostic_log.hpp"

#include <vector>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "shared/runtime/system.hpp"

namespace berth::runtime {
namespace {

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
  return std::string(address.substr(0, end + 1)) + "XXX";
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
      {"OperationVersion", diagnostic.operation_version},
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
