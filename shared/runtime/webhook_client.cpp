#include "shared/runtime/webhook_client.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "shared/base/encoding.hpp"

namespace berth::runtime {
namespace {

HttpClientLimits limits_of(Reach reach, std::size_t max_answer) {
  HttpClientLimits limits;
  limits.reach = std::move(reach);
  limits.max_response = max_answer;
  return limits;
}

}  // namespace

WebhookClient::WebhookClient(boost::asio::any_io_executor executor,
                             std::shared_ptr<ports::TlsContext> context, Reach reach,
                             std::size_t max_answer, std::chrono::milliseconds timeout)
    : client_(std::move(executor), std::move(context), limits_of(std::move(reach), max_answer)),
      timeout_(timeout) {}

Task<Result<http::Response>> WebhookClient::post(std::string url, std::string body) {
  constexpr std::string_view kScheme = "https://";
  // Schemes are without regard to case (RFC 3986 section 3.1), and so the coordinator reads them.
  if (!equals_ignoring_case(std::string_view(url).substr(0, kScheme.size()), kScheme))
    co_return Error{Errc::invalid, "the webhook is no https URL"};
  // A fragment is for browsers; it is never sent.
  url.resize(std::min(url.size(), url.find('#')));
  const std::size_t end = url.find_first_of("/?", kScheme.size());
  const std::string origin =
      std::string(kScheme) + url.substr(kScheme.size(), end - kScheme.size());
  http::Request request;
  request.method = "POST";
  request.target = end == std::string::npos ? "/" : url.substr(end);
  if (request.target.starts_with('?')) request.target.insert(0, "/");
  request.headers.set("Content-Type", "application/json; charset=utf-8");
  request.headers.set("Accept", "application/json");
  request.body = std::move(body);
  co_return co_await client_.send(origin, std::move(request), timeout_);
}

}  // namespace berth::runtime
