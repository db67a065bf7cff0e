#include "gateway/core/device/coap.hpp"

#include <utility>

#include "gateway/core/device/api_version.hpp"
#include "shared/protocol/errors.hpp"

namespace berth::gateway {
namespace {

// What a request means that names no api-version; small devices save the bytes.
constexpr std::string_view kDefaultApiVersion = "2021-10-01";

enum class Route : std::uint8_t { register_device, operation_status, registration_status };

// The paths of device API 1.1. nullopt: not one of them.
std::optional<Route> route_of(const std::vector<std::string>& path) {
  if (path.size() < 3 || path[1] != "registrations") return std::nullopt;
  if (path.size() == 3) return Route::registration_status;
  if (path.size() == 4 && path[3] == "register") return Route::register_device;
  if (path.size() == 5 && path[3] == "operations") return Route::operation_status;
  return std::nullopt;
}

// HTTPS's method, and the one that a CoAP client would expect: POST makes something happen, GET
// looks.
bool takes(Route route, CoapMethod method) {
  switch (route) {
    case Route::register_device: return method == CoapMethod::put || method == CoapMethod::post;
    case Route::operation_status: return method == CoapMethod::get;
    case Route::registration_status: return method == CoapMethod::post || method == CoapMethod::get;
  }
  return false;
}

bool is_json(const std::optional<std::uint32_t>& format) {
  return !format || *format == kCoapJson;
}

std::string_view api_version_in(const std::vector<std::string>& query) {
  constexpr std::string_view kName = "api-version=";
  for (const std::string_view parameter : query) {
    if (parameter.starts_with(kName)) return parameter.substr(kName.size());
  }
  return kDefaultApiVersion;
}

int number_of(CoapCode code) {
  return (code.value >> 5) * 100 + (code.value & 0x1F);
}

}  // namespace

CoapCode coap_code_of(int http_status) {
  return CoapCode::of(http_status / 100, http_status % 100);
}

CoapResponse DeviceCoap::error(CoapCode code, const protocol::ErrorDocument& document) const {
  CoapResponse response;
  response.code = code;
  response.content_format = kCoapJson;
  response.payload = json_.write(document);
  return response;
}

CoapResponse DeviceCoap::refuse(CoapCode code) const {
  protocol::ErrorDocument document;
  const protocol::CatalogueEntry& entry = protocol::status_error(number_of(code));
  document.error_code = entry.error_code;
  document.tracking_id = protocol::new_guid(entropy_);
  document.message = std::string(entry.message);
  document.timestamp = clock_.wall();
  return error(code, document);
}

std::variant<DeviceRequest, CoapRefusal> DeviceCoap::read(const CoapRequest& request,
                                                          const CoapPeer& peer,
                                                          RequestToken token) const {
  const std::optional<Route> route = route_of(request.path);
  if (!route) return CoapRefusal{refuse(kCoapNotFound), "the path is none of the device API's"};
  if (!takes(*route, request.method)) {
    return CoapRefusal{refuse(kCoapMethodNotAllowed), "the path does not take that method"};
  }
  const std::string_view api_version = api_version_in(request.query);
  if (!is_api_version(api_version)) {
    return CoapRefusal{refuse(kCoapBadRequest), "the request's api-version is none"};
  }
  if (!is_json(request.accept)) {
    return CoapRefusal{refuse(kCoapNotAcceptable), "the device accepts no JSON"};
  }

  Claim claim;
  claim.id_scope = request.path[0];
  claim.registration_id = request.path[2];
  claim.chain = peer.chain;
  claim.psk = peer.psk;
  claim.protocol = domain::DeviceProtocol::coap;
  claim.source = peer.source;
  claim.api_version = std::string(api_version);
  if (*route == Route::operation_status) {
    return DeviceRequest(PollRequest{token, std::move(claim), request.path[4]});
  }

  if (!is_json(request.content_format)) {
    return CoapRefusal{refuse(kCoapUnsupportedFormat), "the body's format is not JSON"};
  }
  Result<protocol::RegisterBody> body = json_.read_register(request.payload);
  if (!body) {
    const Errc code = body.error().code;
    return CoapRefusal{
        error(coap_code_of(protocol::device_error(code).http_status()),
              protocol::device_error_document(code, protocol::new_guid(entropy_), clock_.wall())),
        body.error().reason};
  }
  if (*route == Route::register_device) {
    return DeviceRequest(RegisterRequest{token, std::move(claim), std::move(*body)});
  }
  return DeviceRequest(StatusRequest{token, std::move(claim), std::move(*body)});
}

CoapResponse DeviceCoap::write(CoapMethod method, const Reply& reply) const {
  if (const auto* refusal = std::get_if<Refusal>(&reply.content)) {
    CoapResponse response =
        error(coap_code_of(protocol::device_error(refusal->code).http_status()),
              protocol::device_error_document(refusal->code, refusal->tracking_id, clock_.wall()));
    // With 5.03 and 4.29 Max-Age says when to try again (RFC 7252 section 5.9.3.4, RFC 8516).
    if (refusal->retry_after.count() > 0) {
      response.max_age = static_cast<std::uint32_t>(refusal->retry_after.count());
    }
    return response;
  }
  CoapResponse response;
  response.code = method == CoapMethod::get ? kCoapContent : kCoapChanged;
  response.content_format = kCoapJson;
  // A reply is good until it is worth asking again: what is final may still change at any time, and
  // no cache may keep it.
  response.max_age = 0;
  if (const auto* registration = std::get_if<RegistrationReply>(&reply.content)) {
    response.payload = json_.write(registration->result);
    return response;
  }
  const auto& operation = *std::get_if<OperationReply>(&reply.content);
  response.payload = json_.write(operation.status);
  if (operation.status.status == domain::RegistrationStatus::assigning) {
    response.max_age = static_cast<std::uint32_t>(operation.retry_after.count());
  }
  return response;
}

}  // namespace berth::gateway
