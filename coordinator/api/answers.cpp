#include "coordinator/api/answers.hpp"

#include <string_view>
#include <utility>

#include "coordinator/api/limits.hpp"
#include "shared/base/encoding.hpp"
#include "shared/json/device_json.hpp"
#include "shared/json/json_text.hpp"
#include "shared/protocol/errors.hpp"

namespace berth::coordinator {
namespace {

constexpr std::string_view kJson = "application/json; charset=utf-8";
constexpr std::int32_t kUnsupportedMediaType = 415001;
constexpr std::int32_t kDefinitionMissing = 400004;
constexpr std::int32_t kEndorsementKeyInvalid = 400004;

// Whether the reason is about what the caller sent, and may be shown to it.
bool is_the_callers(Errc code) {
  switch (code) {
    case Errc::malformed:
    case Errc::too_large:
    case Errc::invalid:
    case Errc::unsupported:
    case Errc::unauthorized:
    case Errc::certificate_refused:
    case Errc::forbidden:
    case Errc::disabled:
    case Errc::not_found:
    case Errc::group_not_found:
    case Errc::already_exists:
    case Errc::version_mismatch:
    case Errc::conflict:
    case Errc::allocation_failed:
    case Errc::throttled: return true;
    case Errc::unavailable:
    case Errc::timed_out:
    case Errc::hub_refused:
    case Errc::hub_unauthorized:
    case Errc::hub_full:
    case Errc::hub_conflict:
    case Errc::no_hub:
    case Errc::allocation_hub_missing:
    case Errc::allocation_unauthorized:
    case Errc::corrupt:
    case Errc::wrong_key:
    case Errc::io:
    case Errc::internal: return false;
  }
  return false;
}

bool is_json(std::string_view content_type) {
  const std::string_view media_type = content_type.substr(0, content_type.find(';'));
  const std::size_t end = media_type.find_last_not_of(" \t");
  return end != std::string_view::npos &&
         equals_ignoring_case(media_type.substr(0, end + 1), "application/json");
}

}  // namespace

http::Response json_answer(int status, const boost::json::value& body) {
  http::Response response;
  response.status = status;
  response.headers.set("content-type", std::string(kJson));
  response.body = json::serialize(body);
  return response;
}

http::Response empty_answer() {
  http::Response response;
  response.status = 204;
  return response;
}

Result<boost::json::object> read_body(const http::Request& request) {
  if (request.headers.has("content-type") && !is_json(request.headers.get("content-type"))) {
    return Error{Errc::unsupported, "the body must be application/json"};
  }
  return json::parse_object(request.body, {kMaxRequestBody, kMaxRequestDepth});
}

Failure describe(const Error& error) {
  const protocol::CatalogueEntry& entry = protocol::service_error(error.code);
  Failure failure;
  failure.message = std::string(entry.message);
  if (is_the_callers(error.code) && !error.reason.empty()) failure.message += ": " + error.reason;
  failure.error_code = entry.error_code;
  // The catalogue's words for these are about a device and its If-Match.
  if (error.code == Errc::conflict) failure.message = "Conflict: " + error.reason;
  if (error.code == Errc::forbidden) failure.message = "Quota exceeded: " + error.reason;
  // What these two mean to devices does not occur in this API: only media types are understood and
  // not offered, and no webhook is called, so that its definition is what is wrong (service
  // API 2.8).
  if (error.code == Errc::unsupported) failure.error_code = kUnsupportedMediaType;
  if (error.code == Errc::allocation_failed) failure.error_code = kDefinitionMissing;
  // No device shows a certificate here: what is refused is an enrollment's endorsement key (device
  // API 4).
  if (error.code == Errc::certificate_refused) {
    failure.error_code = kEndorsementKeyInvalid;
    failure.message =
        "Endorsement key is invalid, or does not match the Enrollment. (" + error.reason + ")";
  }
  return failure;
}

http::Response error_answer(const Failure& failure, const std::string& tracking_id, WallTime now) {
  protocol::ErrorDocument document;
  document.error_code = failure.error_code;
  document.tracking_id = tracking_id;
  document.message = failure.message;
  document.timestamp = now;

  http::Response response;
  response.status = static_cast<int>(failure.error_code / 1000);
  response.headers.set("content-type", std::string(kJson));
  response.headers.set("x-ms-error-code", std::to_string(failure.error_code));
  response.body = json::DpsBodyCodec().write(document);
  return response;
}

}  // namespace berth::coordinator
