#include "shared/runtime/management.hpp"

#include <string_view>
#include <utility>

namespace berth::runtime {
namespace {

http::Response text_response(int status, std::string_view type, std::string body) {
  http::Response response;
  response.status = status;
  response.headers.set("Content-Type", std::string(type));
  response.body = std::move(body);
  return response;
}

Task<http::Response> handle(Metrics& metrics, Readiness readiness, HttpHandler pages,
                            http::Request request) {
  const std::string_view path =
      std::string_view(request.target).substr(0, request.target.find('?'));
  const bool reads = request.method == "GET" || request.method == "HEAD";
  if (reads && path == "/healthz") co_return text_response(200, "text/plain", "alive\n");
  if (reads && path == "/readyz") {
    const std::string reason = readiness();
    if (reason.empty()) co_return text_response(200, "text/plain", "serving\n");
    co_return text_response(503, "text/plain", reason + "\n");
  }
  if (reads && path == "/metrics") {
    co_return text_response(200, "text/plain; version=0.0.4; charset=utf-8", metrics.text());
  }
  if (pages) co_return co_await pages(std::move(request));
  co_return text_response(404, "text/plain", "no such page\n");
}

}  // namespace

HttpHandler management_handler(Metrics& metrics, Readiness readiness, HttpHandler pages) {
  return [&metrics, readiness = std::move(readiness),
          pages = std::move(pages)](http::Request request) {
    return handle(metrics, readiness, pages, std::move(request));
  };
}

}  // namespace berth::runtime
