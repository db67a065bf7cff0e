#include "coordinator/api/coordinator_api.hpp"

#include <string>
#include <utility>

#include "coordinator/api/service_api.hpp"

namespace berth::coordinator {
namespace {

constexpr std::int32_t kPathNotFound = 404001;
constexpr std::int32_t kMethodNotAllowed = 405001;

}  // namespace

CoordinatorApi::CoordinatorApi(const Catalog& catalog, ports::Crypto& crypto, ports::Clock& clock,
                               ports::Entropy& entropy, std::vector<Endpoint> endpoints,
                               RefusalSink refused, std::uint32_t operations_per_minute)
    : router_(std::move(endpoints)),
      authorizer_(catalog, crypto, clock),
      rate_(clock, operations_per_minute),
      errors_(clock, entropy),
      refused_(std::move(refused)) {}

http::Response CoordinatorApi::handle(const http::Request& request) {
  http::Target target;
  if (!http::parse_target(request.target, target)) {
    return refuse(request, Error{Errc::malformed, "the request's target cannot be read"});
  }
  Router::Match match = router_.find(request.method, target);
  if (match.endpoint == nullptr) {
    return match.is_known_path ? errors_.answer({kMethodNotAllowed,
                                                 "The path is not served for this method, or "
                                                 "lacks an ID"})
                               : errors_.answer({kPathNotFound, "There is no such path"});
  }
  const Access access = match.endpoint->access;
  auto answered = answer(request, target, *match.endpoint, std::move(match.arguments));
  if (answered) return std::move(*answered);
  const Error& error = answered.error();
  http::Response response = refuse(request, error);
  if (error.code == Errc::throttled) {
    response.headers.set("retry-after", std::to_string(rate_.retry_after().count()));
  }
  // Whoever needs no credential to call learns nothing about those that there are.
  if (access.who == Access::Who::anyone && error.code == Errc::unauthorized) {
    return errors_.answer(Error{error.code, {}});
  }
  return response;
}

Result<http::Response> CoordinatorApi::answer(const http::Request& request,
                                              const http::Target& target, const Endpoint& endpoint,
                                              std::vector<std::string> arguments) {
  const auto tenant = authorizer_.authorize(request, target, endpoint.access);
  if (!tenant) return tenant.error();
  if (endpoint.needs_api_version) {
    if (!rate_.admit(*tenant)) {
      return Error{Errc::throttled, "the tenant's operations of this minute are used up"};
    }
    const auto version = read_api_version(target.parameter("api-version"));
    if (!version) return version.error();
  }
  const Call call{request, target, std::move(arguments), *tenant,
                  std::string(request.headers.get("host"))};
  return endpoint.answer(call);
}

http::Response CoordinatorApi::refuse(int status) const {
  return errors_.answer({status * 1000 + 1, "The request cannot be read"});
}

http::Response CoordinatorApi::refuse(const http::Request& request, const Error& error) const {
  if (refused_) refused_(request, error);
  return errors_.answer(error);
}

}  // namespace berth::coordinator
