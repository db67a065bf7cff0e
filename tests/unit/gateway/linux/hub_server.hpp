// A hub's registry on loopback: remembers what it is asked and answers from a function.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "shared/runtime/http_server.hpp"
#include "shared/runtime/plain_engine.hpp"
#include "shared/runtime/tls_listener.hpp"
#include "tests/support/loop.hpp"

namespace berth::testing {

class HubServer {
 public:
  using Answer = std::function<http::Response(const http::Request& request)>;

  HubServer(Loop& loop, Answer answer) : answer_(std::move(answer)) {
    auto session = [this](runtime::TlsStream& stream) {
      ++connections;
      const runtime::HttpHandler handler =
          [this](http::Request request) -> runtime::Task<http::Response> {
        requests.push_back(request);
        co_return answer_(request);
      };
      return runtime::serve_http(stream, {}, handler, [](int status) {
        http::Response refusal;
        refusal.status = status;
        return refusal;
      });
    };
    listener_ =
        runtime::TlsListener::bind(loop.executor(), "127.0.0.1", 0, runtime::make_plain_context(),
                                   {}, session, [](const std::string&, const std::string&) {})
            .value();
    listener_->start();
  }
  void stop() { listener_->stop(); }
  [[nodiscard]] std::string url() const {
    return "https://127.0.0.1:" + std::to_string(listener_->port());
  }

  std::vector<http::Request> requests;
  std::size_t connections = 0;

 private:
  Answer answer_;
  std::unique_ptr<runtime::TlsListener> listener_;
};

// Runs the loop until `condition` holds; a test whose condition never does dies.
template <class Condition>
void run_until(Loop& loop, const Condition& condition) {
  const auto end = std::chrono::steady_clock::now() + kLoopPatience;
  loop.io().restart();
  while (!condition()) {
    BERTH_ASSERT(std::chrono::steady_clock::now() < end);
    loop.io().restart();
    loop.io().run_one_for(std::chrono::milliseconds{20});
  }
}

}  // namespace berth::testing
