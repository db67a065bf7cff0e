#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "shared/base/encoding.hpp"
#include "tools/device/answer.hpp"
#include "tools/device/device.hpp"

namespace berth::device {
namespace {

std::string origin_of(const Endpoint& endpoint) {
  const bool is_ipv6 = endpoint.host.find(':') != std::string::npos;
  return "https://" + (is_ipv6 ? "[" + endpoint.host + "]" : endpoint.host) + ":" +
         std::to_string(endpoint.https_port);
}

http::Request request_for(const Attempt& attempt, const std::string& operation_id,
                          const std::string& token) {
  http::Request request;
  request.target = "/" + attempt.endpoint.id_scope + "/registrations/" +
                   percent_encode(attempt.identity.registration_id);
  if (operation_id.empty()) {
    request.method = "PUT";
    request.target += "/register";
    request.body = register_body(attempt.identity);
    request.headers.set("Content-Type", "application/json; charset=utf-8");
  } else {
    request.method = "GET";
    request.target += "/operations/" + percent_encode(operation_id);
  }
  request.target += std::string("?api-version=") + kApiVersion;
  request.headers.set("Accept", "application/json");
  request.headers.set("User-Agent", kUserAgent);
  if (!token.empty()) request.headers.set("Authorization", token);
  return request;
}

}  // namespace

runtime::Task<Result<Outcome>> register_over_https(boost::asio::any_io_executor executor,
                                                   Attempt attempt, runtime::HttpClient& client,
                                                   ports::Crypto& crypto) {
  const auto deadline = std::chrono::steady_clock::now() + attempt.timeout;
  const std::string origin = origin_of(attempt.endpoint);
  const std::string token = attempt.identity.symmetric_key ? sas_token(attempt, crypto) : "";
  std::string operation_id;
  boost::asio::steady_timer timer(executor);
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) co_return Error{Errc::timed_out, "no hub was assigned in time"};
    const http::Request request = request_for(attempt, operation_id, token);
    auto response = co_await client.send(origin, request, left);
    if (!response) co_return response.error();
    auto answer = read_answer(response->status, response->body);
    if (!answer) co_return answer.error();
    if (answer->kind != Answer::Kind::pending) co_return std::move(answer->outcome);
    operation_id = answer->operation_id;
    timer.expires_after(poll_delay(response->headers.get("Retry-After")));
    co_await timer.async_wait(boost::asio::use_awaitable);
  }
}

}  // namespace berth::device
