// DPS's log categories as JSON lines, with the columns that its users know (service API 8,
// docs/monitoring.md): ServiceOperations, what admins do, and DeviceOperations, what devices do.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "shared/base/timestamp.hpp"
#include "shared/runtime/log.hpp"

namespace berth::runtime {

inline constexpr std::string_view kServiceOperations = "ServiceOperations";
inline constexpr std::string_view kDeviceOperations = "DeviceOperations";

struct Diagnostic {
  std::string_view category;
  std::string operation_name;
  std::string operation_version;  // the api-version as sent
  std::string caller;             // the policy's name, where there is one: ApplicationId
  std::string source;             // the peer's address; its last part is masked in the log
  std::string correlation_id;     // the tracking ID
  std::chrono::nanoseconds duration{0};
  bool succeeded = true;
  std::string result_type;  // "Success", "ClientError", "Failure"
  int status = 0;           // HTTP status, written if it was no success
  std::string description;
  std::string service;   // the provisioning service: an ID scope, or a host name
  std::string location;  // the site
  // properties_s
  std::string object_id;
  std::string object_type;
  std::string protocol;
};

// "192.0.2." and "2001:db8::" with three X in place of the last part, as DPS writes it.
[[nodiscard]] std::string masked_address(std::string_view address);

// DPS's word for an api-version: "October2021" for 2021-10-01; the text itself if it is none.
[[nodiscard]] std::string version_word(std::string_view api_version);

// "Success" below 400, "ClientError" below 500, else "Failure".
[[nodiscard]] std::string result_type_of(int status);

void write_diagnostic(Log& log, const Diagnostic& diagnostic);

}  // namespace berth::runtime
