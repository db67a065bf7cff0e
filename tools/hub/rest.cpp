#include "tools/hub/rest.hpp"

#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "shared/base/encoding.hpp"
#include "shared/json/json_text.hpp"
#include "tools/hub/hub_error.hpp"

namespace berth::hub_server {
namespace {

namespace bj = boost::json;

constexpr json::TextLimits kBodyLimits{kMaxBody, 32};
constexpr const char* kJson = "application/json; charset=utf-8";

http::Response json_response(const bj::value& body) {
  http::Response response;
  response.headers.set("Content-Type", kJson);
  response.body = json::serialize(body);
  return response;
}

// An identity or a twin; both carry their etag in the header too.
Result<http::Response> tagged(Result<bj::object> body) {
  if (!body) return body.error();
  auto etag = json::find_string(*body, "etag");
  if (!etag) return etag.error();
  http::Response response = json_response(*body);
  response.headers.set("ETag", "\"" + etag->value_or("") + "\"");
  return response;
}

std::optional<IfMatch> if_match_of(const http::Request& request) {
  return IfMatch::parse(request.headers.get("If-Match"));
}

// A number in a header or parameter; `fallback` if it is absent.
Result<std::size_t> number(std::string_view text, std::size_t fallback) {
  if (text.empty()) return fallback;
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) {
    return Error{Errc::invalid, "not a number: " + std::string(text.substr(0, 32))};
  }
  return value;
}

Error not_allowed() {
  return Error{Errc::unsupported, "no such operation"};
}

constexpr std::array kRead{Right::registry_read};
constexpr std::array kWrite{Right::registry_write};
constexpr std::array kTwin{Right::service_connect};
constexpr std::array kQuery{Right::service_connect, Right::registry_read};

// What a call asks of its caller, by the rights' descriptions (service API 5.1).
std::span<const Right> rights_for(const http::Request& request, const http::Target& target) {
  const auto& segments = target.segments;
  const std::string_view first = segments.empty() ? std::string_view{} : segments[0];
  if (first == "twins") return kTwin;
  if (first == "devices" && segments.size() == 2 && segments[1] == "query" &&
      request.method == "POST") {
    return kQuery;
  }
  return request.method == "GET" ? std::span<const Right>(kRead) : std::span<const Right>(kWrite);
}

std::string path_of(const http::Target& target) {
  std::string path;
  for (const std::string& segment : target.segments) path += "/" + segment;
  return path;
}

}  // namespace

http::Response Rest::handle(const http::Request& request) {
  auto response = answer(request);
  if (!response) return error_response(response.error(), clock_.wall(), entropy_);
  return std::move(*response);
}

Result<http::Response> Rest::answer(const http::Request& request) {
  http::Target target;
  if (!http::parse_target(request.target, target)) {
    return Error{Errc::malformed, "the request's target does not parse"};
  }
  const auto allowed = access_.check(request.headers.get("Authorization"), path_of(target),
                                     rights_for(request, target), clock_.wall());
  if (!allowed) return allowed.error();
  const auto& segments = target.segments;
  if (segments.size() == 1 && segments[0] == "devices") return devices(request, target);
  if (segments.size() == 2 && segments[0] == "devices") {
    if (segments[1] == "query" && request.method == "POST") return query(request);
    return device(request, segments[1]);
  }
  if (segments.size() == 2 && segments[0] == "twins") return twin(request, segments[1]);
  if (segments.size() == 2 && segments[0] == "statistics" && segments[1] == "devices" &&
      request.method == "GET") {
    const auto statistics = registry_.statistics();
    if (!statistics) return statistics.error();
    return json_response(*statistics);
  }
  return not_allowed();
}

Result<http::Response> Rest::devices(const http::Request& request, const http::Target& target) {
  if (request.method == "GET") {
    const auto top = number(target.parameter("top"), kMaxPage);
    if (!top) return top.error();
    auto rows = registry_.list(*top);
    if (!rows) return rows.error();
    return json_response(*rows);
  }
  if (request.method != "POST") return not_allowed();
  const auto body = json::parse(request.body, kBodyLimits);
  if (!body) return body.error();
  const bj::array* items = body->if_array();
  if (items == nullptr) return Error{Errc::malformed, "the body is a list of devices"};
  const auto result = registry_.bulk(*items);
  if (!result) return result.error();
  http::Response response = json_response(*result);
  if (!result->at("isSuccessful").as_bool()) response.status = 400;
  return response;
}

Result<http::Response> Rest::device(const http::Request& request, const std::string& id) {
  if (request.method == "GET") return tagged(registry_.get(id));
  if (request.method == "PUT") {
    const auto body = json::parse_object(request.body, kBodyLimits);
    if (!body) return body.error();
    return tagged(registry_.put(id, *body, if_match_of(request)));
  }
  if (request.method == "DELETE") {
    const auto removed = registry_.remove(id, if_match_of(request));
    if (!removed) return removed.error();
    http::Response response;
    response.status = 204;
    return response;
  }
  return not_allowed();
}

Result<http::Response> Rest::twin(const http::Request& request, const std::string& id) {
  if (request.method == "GET") return tagged(registry_.get_twin(id));
  if (request.method != "PATCH" && request.method != "PUT") return not_allowed();
  const auto body = json::parse_object(request.body, kBodyLimits);
  if (!body) return body.error();
  if (request.method == "PUT") return tagged(registry_.put_twin(id, *body, if_match_of(request)));
  return tagged(registry_.patch_twin(id, *body, if_match_of(request)));
}

Result<http::Response> Rest::query(const http::Request& request) {
  const auto body = json::parse_object(request.body, kBodyLimits);
  if (!body) return body.error();
  const auto text = json::find_string(*body, "query");
  if (!text) return text.error();
  const auto size = number(request.headers.get("x-ms-max-item-count"), kDefaultPage);
  if (!size) return size.error();
  const auto page =
      registry_.query(text->value_or(""), request.headers.get("x-ms-continuation"), *size);
  if (!page) return page.error();
  http::Response response = json_response(page->rows);
  response.headers.set("x-ms-item-type", "Twin");
  // Never empty: clients take its presence for another page (service API 1.7).
  if (!page->continuation.empty()) {
    response.headers.set("x-ms-continuation", page->continuation);
  }
  return response;
}

}  // namespace berth::hub_server
