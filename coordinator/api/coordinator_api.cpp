#include "coordinator/api/coordinator_api.hpp"

#include <optional>
#include <string>
#include <utility>

#include "coordinator/api/service_api.hpp"
#include "shared/protocol/errors.hpp"

namespace berth::coordinator {
namespace {

constexpr std::int32_t kPathNotFound = 404001;
constexpr std::int32_t kMethodNotAllowed = 405001;

}  // namespace

CoordinatorApi::CoordinatorApi(const Catalog& catalog, ports::Crypto& crypto, ports::Clock& clock,
                               ports::Entropy& entropy, std::vector<Endpoint> endpoints,
                               Observers observers, std::uint32_t operations_per_minute)
    : router_(std::move(endpoints)),
      authorizer_(catalog, crypto, clock),
      rate_(clock, operations_per_minute),
      clock_(clock),
      entropy_(entropy),
      observers_(std::move(observers)) {}

http::Response CoordinatorApi::handle(const http::Request& request) {
  const std::string tracking_id = protocol::new_guid(entropy_);
  http::Response response = route(request, tracking_id);
  response.headers.set("x-ms-request-id", tracking_id);
  return response;
}

http::Response CoordinatorApi::route(const http::Request& request, const std::string& tracking_id) {
  http::Target target;
  if (!http::parse_target(request.target, target)) {
    return refuse(request, Error{Errc::malformed, "the request's target cannot be read"},
                  tracking_id);
  }
  Router::Match match = router_.find(request.method, target);
  if (match.endpoint == nullptr) {
    return match.is_known_path ? refuse({kMethodNotAllowed,
                                         "The path is not served for this method, or lacks an ID"},
                                        tracking_id)
                               : refuse({kPathNotFound, "There is no such path"}, tracking_id);
  }
  const MonotonicTime began = clock_.monotonic();
  ServiceOperation operation;
  operation.tracking_id = tracking_id;
  if (!match.arguments.empty()) operation.object_id = match.arguments.front();
  const Access access = match.endpoint->access;
  auto answered = answer(request, target, *match.endpoint, std::move(match.arguments), operation);
  http::Response response;
  if (answered) {
    response = std::move(*answered);
  } else {
    const Error& error = answered.error();
    operation.description = error.reason;
    response = refuse(request, error, tracking_id);
    if (error.code == Errc::throttled) {
      response.headers.set("retry-after", std::to_string(rate_.retry_after().count()));
    }
    // Whoever needs no credential to call learns nothing about those that there are.
    if (access.who == Access::Who::anyone && error.code == Errc::unauthorized) {
      response = refuse(describe(Error{error.code, {}}), tracking_id);
    }
  }
  if (observers_.operated) {
    operation.operation_name = operation_name(*match.endpoint);
    operation.object_type = object_type(*match.endpoint);
    operation.api_version = std::string(target.parameter("api-version"));
    operation.method = request.method;
    operation.host = std::string(host_without_port(request.headers.get("host")));
    operation.source = request.source;
    operation.status = response.status;
    operation.duration = clock_.monotonic() - began;
    observers_.operated(operation);
  }
  return response;
}

Result<http::Response> CoordinatorApi::answer(const http::Request& request,
                                              const http::Target& target, const Endpoint& endpoint,
                                              std::vector<std::string> arguments,
                                              ServiceOperation& operation) {
  const auto caller = authorizer_.authorize(request, target, endpoint.access);
  if (!caller) return caller.error();
  operation.tenant = caller->tenant;
  operation.caller = caller->key_name;
  if ((endpoint.needs_api_version || endpoint.is_costly) && !rate_.admit(caller->tenant)) {
    return Error{Errc::throttled, "the tenant's operations of this minute are used up"};
  }
  if (endpoint.needs_api_version) {
    const auto version = read_api_version(target.parameter("api-version"));
    if (!version) return version.error();
  }
  const Call call{request, target, std::move(arguments), caller->tenant,
                  std::string(request.headers.get("host"))};
  // Set before the endpoint and gone after it: whatever the endpoint writes is the caller's doing.
  std::optional<AdminStore::Acting> acting;
  if (observers_.audit != nullptr) {
    const std::string name = caller->key_name.empty() ? "anyone" : "policy " + caller->key_name;
    acting.emplace(
        *observers_.audit,
        Actor{name, request.source, endpoint.method + " " + endpoint.path, operation.tracking_id});
  }
  auto answered = endpoint.answer(call);
  if (answered && endpoint.shows_secrets && observers_.audit != nullptr) {
    // What cannot be written down is not shown.
    const auto whose = endpoint.whose_secrets ? endpoint.whose_secrets(call) : caller->tenant;
    if (!whose) return whose.error();
    const auto noted = observers_.audit->note_disclosure(
        *whose, call.arguments.empty() ? std::string() : call.arguments.front());
    if (!noted) return noted.error();
  }
  return answered;
}

http::Response CoordinatorApi::refuse(int status) const {
  const std::string tracking_id = protocol::new_guid(entropy_);
  http::Response response = refuse({status * 1000 + 1, "The request cannot be read"}, tracking_id);
  response.headers.set("x-ms-request-id", tracking_id);
  return response;
}

http::Response CoordinatorApi::refuse(const http::Request& request, const Error& error,
                                      const std::string& tracking_id) const {
  if (observers_.refused) observers_.refused(request, error);
  return refuse(describe(error), tracking_id);
}

http::Response CoordinatorApi::refuse(const Failure& failure,
                                      const std::string& tracking_id) const {
  return error_answer(failure, tracking_id, clock_.wall());
}

}  // namespace berth::coordinator
