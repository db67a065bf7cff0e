#include "gateway/core/device/http.hpp"

#include <optional>
#include <string_view>
#include <utility>

#include "gateway/core/device/api_version.hpp"
#include "shared/base/encoding.hpp"
#include "shared/protocol/errors.hpp"

namespace berth::gateway {
namespace {

constexpr std::string_view kJson = "application/json";
constexpr const char* kJsonUtf8 = "application/json; charset=utf-8";

enum class Route : std::uint8_t { register_device, operation_status, registration_status };

struct Routed {
  Route route = Route::register_device;
  std::string_view method;
  std::string_view registration_id;
  std::string_view operation_id;
};

// The paths of device API 1.1. nullopt: not one of them.
std::optional<Routed> route_of(const std::vector<std::string>& path) {
  if (path.size() < 3 || path[1] != "registrations") return std::nullopt;
  if (path.size() == 3) return Routed{Route::registration_status, "POST", path[2], {}};
  if (path.size() == 4 && path[3] == "register") {
    return Routed{Route::register_device, "PUT", path[2], {}};
  }
  if (path.size() == 5 && path[3] == "operations") {
    return Routed{Route::operation_status, "GET", path[2], path[4]};
  }
  return std::nullopt;
}

// A path of the API with an ID left out is answered 405 (device API 7).
bool lacks_an_id(const std::vector<std::string>& path) {
  return (!path.empty() && path[0] == "registrations") ||
         (path.size() == 2 && path[1] == "registrations") ||
         (path.size() == 4 && path[1] == "registrations" && path[3] == "operations");
}

// Absent is taken for JSON: nothing else is spoken here.
bool is_json(std::string_view content_type) {
  std::string_view type = content_type.substr(0, content_type.find(';'));
  while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) type.remove_suffix(1);
  return type.empty() || equals_ignoring_case(type, kJson);
}

}  // namespace

http::Response DeviceHttp::error(int status, const protocol::ErrorDocument& document) const {
  http::Response response;
  response.status = status;
  response.headers.set("Content-Type", kJsonUtf8);
  response.headers.set("x-ms-request-id", document.tracking_id);
  response.headers.set("x-ms-error-code", std::to_string(document.error_code));
  response.body = json_.write(document);
  return response;
}

http::Response DeviceHttp::refuse(int status) const {
  protocol::ErrorDocument document;
  const protocol::CatalogueEntry& entry = protocol::status_error(status);
  document.error_code = entry.error_code;
  document.tracking_id = protocol::new_guid(entropy_);
  document.message = std::string(entry.message);
  document.timestamp = clock_.wall();
  return error(status, document);
}

std::variant<DeviceRequest, HttpRefusal> DeviceHttp::read(const http::Request& request,
                                                          const DevicePeer& peer,
                                                          RequestToken token) const {
  http::Target target;
  if (!http::parse_target(request.target, target)) {
    return HttpRefusal{refuse(400), "the request's target does not parse"};
  }
  const std::optional<Routed> routed = route_of(target.segments);
  if (!routed) {
    const int status = lacks_an_id(target.segments) ? 405 : 404;
    return HttpRefusal{refuse(status), "the path is none of the device API's"};
  }
  if (request.method != routed->method) {
    HttpRefusal refusal{refuse(405), "the path does not take " + request.method.substr(0, 16)};
    refusal.response.headers.set("Allow", std::string(routed->method));
    return refusal;
  }
  const std::string_view api_version = target.parameter("api-version");
  if (!is_api_version(api_version)) {
    return HttpRefusal{refuse(400), "the request names no api-version"};
  }

  Claim claim;
  claim.id_scope = target.segments[0];
  claim.registration_id = std::string(routed->registration_id);
  claim.chain = peer.chain;
  claim.sas_token = SecretBytes::copy_of(as_bytes(request.headers.get("Authorization")));
  claim.protocol = domain::DeviceProtocol::https;
  claim.source = peer.source;
  claim.api_version = std::string(api_version);
  if (routed->route == Route::operation_status) {
    // Node sends a body here; it says nothing (device API 1.1).
    return DeviceRequest(PollRequest{token, std::move(claim), std::string(routed->operation_id)});
  }

  if (!is_json(request.headers.get("Content-Type"))) {
    return HttpRefusal{refuse(415), "the body's content type is not JSON"};
  }
  Result<protocol::RegisterBody> body = json_.read_register(request.body);
  if (!body) {
    std::string tracking_id = protocol::new_guid(entropy_);
    protocol::ErrorDocument document =
        protocol::device_error_document(body.error().code, std::move(tracking_id), clock_.wall());
    return HttpRefusal{error(protocol::device_error(body.error().code).http_status(), document),
                       body.error().reason};
  }
  if (routed->route == Route::register_device) {
    return DeviceRequest(RegisterRequest{token, std::move(claim), std::move(*body)});
  }
  return DeviceRequest(StatusRequest{token, std::move(claim), std::move(*body)});
}

http::Response DeviceHttp::write(const http::Request& request, const Reply& reply) const {
  if (const auto* refusal = std::get_if<Refusal>(&reply.content)) {
    http::Response response =
        error(protocol::device_error(refusal->code).http_status(),
              protocol::device_error_document(refusal->code, refusal->tracking_id, clock_.wall()));
    if (refusal->retry_after.count() > 0) {
      response.headers.set("Retry-After", std::to_string(refusal->retry_after.count()));
    }
    return response;
  }
  http::Response response;
  response.headers.set("Content-Type", kJsonUtf8);
  response.headers.set("x-ms-request-id", reply.tracking_id.empty() ? protocol::new_guid(entropy_)
                                                                    : reply.tracking_id);
  if (const auto* challenge = std::get_if<ChallengeReply>(&reply.content)) {
    response.status = 401;
    response.body = json_.write(protocol::TpmChallengeBody{challenge->authentication_key});
    return response;
  }
  if (const auto* registration = std::get_if<RegistrationReply>(&reply.content)) {
    response.body = json_.write(registration->result);
    return response;
  }
  const auto& operation = *std::get_if<OperationReply>(&reply.content);
  response.body = json_.write(operation.status);
  if (operation.status.status == domain::RegistrationStatus::assigning) {
    response.status = 202;
    response.headers.set("Retry-After", std::to_string(operation.retry_after.count()));
  }
  http::Target target;
  const bool parses = http::parse_target(request.target, target);
  const std::optional<Routed> routed = parses ? route_of(target.segments) : std::nullopt;
  if (routed && routed->route == Route::register_device) {
    // Some clients take nothing but 202 from register (device API 1.1), whatever is known already.
    response.status = 202;
    response.headers.set("Location",
                         "/" + percent_encode(target.segments[0]) + "/registrations/" +
                             percent_encode(routed->registration_id) + "/operations/" +
                             percent_encode(operation.status.operation_id) +
                             "?api-version=" + percent_encode(target.parameter("api-version")));
  }
  return response;
}

}  // namespace berth::gateway
