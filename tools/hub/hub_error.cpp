#include "tools/hub/hub_error.hpp"

#include <string>

#include <boost/json/object.hpp>

#include "shared/json/json_text.hpp"
#include "shared/protocol/errors.hpp"

namespace berth::hub_server {
namespace {

constexpr HubErrorEntry kFormatError{400006, "IotHubFormatError"};
constexpr HubErrorEntry kInvalidOperation{400003, "InvalidOperation"};
constexpr HubErrorEntry kArgumentInvalid{400004, "ArgumentInvalid"};
constexpr HubErrorEntry kDefinedTwice{400011, "DeviceDefinedMultipleTimes"};
constexpr HubErrorEntry kUnauthorized{401002, "IotHubUnauthorizedAccess"};
constexpr HubErrorEntry kQuotaExceeded{403002, "IotHubQuotaExceeded"};
constexpr HubErrorEntry kDeviceNotFound{404001, "DeviceNotFound"};
constexpr HubErrorEntry kDeviceExists{409001, "DeviceAlreadyExists"};
constexpr HubErrorEntry kPreconditionFailed{412001, "PreconditionFailed"};
constexpr HubErrorEntry kTooLarge{413001, "MessageTooLarge"};
constexpr HubErrorEntry kTooManyDevices{413002, "TooManyDevices"};
constexpr HubErrorEntry kThrottled{429001, "ThrottlingException"};
constexpr HubErrorEntry kServerError{500001, "ServerError"};
constexpr HubErrorEntry kUnavailable{503001, "ServiceUnavailable"};

}  // namespace

const HubErrorEntry& hub_error(Errc code) {
  switch (code) {
    case Errc::malformed: return kFormatError;
    case Errc::unsupported: return kInvalidOperation;
    case Errc::invalid: return kArgumentInvalid;
    case Errc::too_large: return kTooLarge;
    case Errc::conflict: return kDefinedTwice;
    case Errc::unauthorized:
    case Errc::forbidden:
    case Errc::disabled:
    case Errc::certificate_refused: return kUnauthorized;
    case Errc::hub_refused: return kQuotaExceeded;
    case Errc::not_found:
    case Errc::group_not_found: return kDeviceNotFound;
    case Errc::already_exists: return kDeviceExists;
    case Errc::version_mismatch: return kPreconditionFailed;
    case Errc::hub_full: return kTooManyDevices;
    case Errc::throttled: return kThrottled;
    case Errc::unavailable: return kUnavailable;
    case Errc::timed_out:
    case Errc::hub_unauthorized:
    case Errc::hub_conflict:
    case Errc::no_hub:
    case Errc::allocation_failed:
    case Errc::allocation_hub_missing:
    case Errc::allocation_unauthorized:
    case Errc::corrupt:
    case Errc::wrong_key:
    case Errc::io:
    case Errc::internal: return kServerError;
  }
  return kServerError;
}

http::Response error_response(const Error& error, WallTime now, ports::Entropy& entropy) {
  const HubErrorEntry& entry = hub_error(error.code);
  // What went wrong here is for the log, and a refused token learns nothing about why.
  const bool shown = entry.http_status() < 500 && entry.http_status() != 401;
  const std::string message = "ErrorCode:" + std::string(entry.name) + ";" +
                              (shown ? error.reason : std::string(entry.name));
  const std::string tracking =
      "Tracking ID:" + protocol::new_guid(entropy) + "-TimeStamp:" + to_iso8601_seconds(now);
  http::Response response;
  response.status = entry.http_status();
  response.headers.set("Content-Type", "application/json; charset=utf-8");
  response.headers.set("iothub-errorcode", std::string(entry.name));
  if (error.code == Errc::throttled) response.headers.set("Retry-After", "1");
  response.body = json::serialize(boost::json::object{
      {"Message", boost::json::string_view(message.data(), message.size())},
      {"ExceptionMessage", boost::json::string_view(tracking.data(), tracking.size())}});
  return response;
}

}  // namespace berth::hub_server
