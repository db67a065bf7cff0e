#include "shared/runtime/dial.hpp"

#include <memory>
#include <utility>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace berth::runtime {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

constexpr auto kToken =
    boost::asio::as_tuple(boost::asio::use_awaitable_t<boost::asio::any_io_executor>{});

// What a lookup leaves behind.
struct Lookup {
  explicit Lookup(const boost::asio::any_io_executor& executor)
      : resolver(executor), finished(executor, boost::asio::steady_timer::time_point::max()) {}
  tcp::resolver resolver;
  boost::asio::steady_timer finished;  // never expires; cancelled by the answer
  bool answered = false;
  error_code error;
  std::vector<tcp::endpoint> endpoints;
};

// getaddrinfo(3) can't be interrupted. The waiting coroutine can: it leaves the lookup, which is
// shared with the resolver's handler, to end by itself.
Task<std::shared_ptr<Lookup>> resolve(boost::asio::any_io_executor executor, std::string host,
                                      std::uint16_t port) {
  auto lookup = std::make_shared<Lookup>(executor);
  lookup->resolver.async_resolve(
      host, std::to_string(port), tcp::resolver::numeric_service,
      [lookup](const error_code& error, const tcp::resolver::results_type& results) {
        lookup->answered = true;
        lookup->error = error;
        for (const auto& result : results) lookup->endpoints.push_back(result.endpoint());
        lookup->finished.cancel();
      });
  while (!lookup->answered) co_await lookup->finished.async_wait(kToken);
  co_return lookup;
}

Error unreachable(const std::string& host, std::uint16_t port, const error_code& error) {
  return Error{Errc::unavailable,
               "no connection to " + host + ":" + std::to_string(port) + ": " + error.message()};
}

}  // namespace

Task<Result<tcp::socket>> dial(boost::asio::any_io_executor executor, std::string host,
                               std::uint16_t port, Reach reach) {
  error_code error;
  std::vector<tcp::endpoint> endpoints;
  const auto address = boost::asio::ip::make_address(host, error);
  if (!error) {
    endpoints.emplace_back(address, port);
  } else {
    const auto lookup = co_await resolve(executor, host, port);
    if (lookup->error) co_return unreachable(host, port, lookup->error);
    endpoints = lookup->endpoints;
  }
  error = boost::asio::error::host_not_found;
  bool any_allowed = false;
  Error out_of_reach;
  for (const tcp::endpoint& endpoint : endpoints) {
    const auto judged = reach.judge(endpoint.address(), port);
    if (!judged) {
      out_of_reach = judged.error();
      continue;
    }
    any_allowed = true;
    tcp::socket socket(executor);
    const auto [failure] = co_await socket.async_connect(endpoint, kToken);
    if (!failure) co_return std::move(socket);
    error = failure;
  }
  if (!any_allowed && !endpoints.empty()) {
    co_return Error{Errc::forbidden, host + ": " + out_of_reach.reason};
  }
  co_return unreachable(host, port, error);
}

}  // namespace berth::runtime
