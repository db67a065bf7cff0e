#include "tools/hub/hub.hpp"

#include <utility>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "tools/hub/hub_error.hpp"

namespace berth::hub_server {
namespace {

// Tokens may name a hub by its name or by where it was reached (service API 1.10, rule 7).
std::vector<std::string> hosts_of(const HubConfig& config) {
  const bool is_v6 = config.address.find(':') != std::string::npos;
  const std::string address = is_v6 ? "[" + config.address + "]" : config.address;
  const std::string port = ":" + std::to_string(config.port);
  return {config.host_name, config.host_name + port, address, address + port, "localhost" + port};
}

Errc refusal_kind(int status) {
  switch (status) {
    case 408: return Errc::timed_out;
    case 413:
    case 431: return Errc::too_large;
    case 500: return Errc::internal;
    default: return Errc::malformed;
  }
}

// Of something between gateway and hub that takes itself for the hub: a definite no in HTTP, and
// none of an IoT Hub.
http::Response nonsense() {
  http::Response response;
  response.status = 403;
  response.headers.set("Content-Type", "text/html");
  response.body = "<html>Please log in.</html>";
  return response;
}

}  // namespace

Result<std::unique_ptr<Hub>> Hub::start(boost::asio::any_io_executor executor,
                                        const HubConfig& config,
                                        std::shared_ptr<ports::TlsContext> context,
                                        const Surroundings& surroundings) {
  auto hub = std::unique_ptr<Hub>(new Hub(config, surroundings));
  const auto listening = hub->listen(std::move(executor), config, std::move(context));
  if (!listening) return listening.error();
  return hub;
}

Hub::Hub(const HubConfig& config, const Surroundings& surroundings)
    : host_name_(config.host_name),
      certificate_file_(config.certificate_file),
      private_key_file_(config.private_key_file),
      with_(surroundings),
      registry_(config.host_name, config.max_devices, with_.table, with_.clock, with_.entropy),
      access_({}, {}, with_.crypto),
      rest_(registry_, access_, with_.clock, with_.entropy) {}

Result<void> Hub::listen(boost::asio::any_io_executor executor, const HubConfig& config,
                         std::shared_ptr<ports::TlsContext> context) {
  runtime::HttpLimits limits;
  limits.max_body = kMaxBody;
  auto session = [this, limits](runtime::TlsStream& stream) {
    return runtime::serve_http(
        stream, limits, [this](http::Request request) { return answer(std::move(request)); },
        [this](int status) {
          http::Response response = refuse(refusal_kind(status));
          response.status = status;
          return response;
        });
  };
  auto on_error = [this](const std::string& address, const std::string& what) {
    with_.log.warning("connection failed",
                      {{"hub", host_name_}, {"peer", address}, {"reason", what}});
  };
  auto listener =
      runtime::TlsListener::bind(std::move(executor), config.address, config.port,
                                 std::move(context), runtime::ListenerLimits{}, session, on_error);
  if (!listener) return listener.error();
  listener_ = std::move(*listener);
  HubConfig bound = config;
  bound.port = listener_->port();
  access_ = Access(hosts_of(bound), config.policies, with_.crypto);
  listener_->start();
  return {};
}

http::Response Hub::refuse(Errc code) {
  const Error error{code, "the hub was told to, or could not read the request"};
  return error_response(error, with_.clock.wall(), with_.entropy);
}

runtime::Task<http::Response> Hub::answer(http::Request request) {
  const Fault fault = faults_.next(request);
  http::Response response;
  switch (fault.mode) {
    case FaultMode::none: response = rest_.handle(request); break;
    case FaultMode::throttle: response = refuse(Errc::throttled); break;
    case FaultMode::down: response = refuse(Errc::unavailable); break;
    case FaultMode::full: response = refuse(Errc::hub_full); break;
    case FaultMode::unauthorized: response = refuse(Errc::unauthorized); break;
    case FaultMode::nonsense: response = nonsense(); break;
    case FaultMode::slow: {
      boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, fault.delay);
      co_await timer.async_wait(boost::asio::use_awaitable_t<boost::asio::any_io_executor>{});
      response = rest_.handle(request);
      break;
    }
  }
  with_.metrics
      .counter("berth_hub_requests_total", "Requests answered",
               {{"hub", host_name_}, {"status", std::to_string(response.status)}})
      .add();
  with_.log.debug("request", {{"hub", host_name_},
                              {"method", request.method},
                              {"target", request.target},
                              {"status", response.status}});
  co_return response;
}

}  // namespace berth::hub_server
