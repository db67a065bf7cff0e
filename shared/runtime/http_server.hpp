// HTTP/1.1 on a TLS connection (Boost.Beast underneath, seen only in http_server.cpp), and on plain
// TCP for a loopback management listener.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "shared/protocol/http/message.hpp"
#include "shared/runtime/task.hpp"
#include "shared/runtime/tls_stream.hpp"

namespace berth::runtime {

struct HttpLimits {
  std::size_t max_header = 16 * 1024;
  std::size_t max_body = 96 * 1024;
  std::chrono::milliseconds header_timeout{15000};  // from the first byte to the whole request
  std::chrono::milliseconds idle_timeout{60000};    // kept alive without a request
};

// Gives the answer. It may take its time; the connection waits. What it throws is answered 500.
using HttpHandler = std::function<Task<http::Response>(http::Request request)>;

// Serves requests one after another until the peer closes, says "Connection: close" or breaks a
// limit. Answers 400, 408, 413 and 431 by itself with the body that `refuse` makes for the status.
// Content-Length, Date and Connection are set here.
[[nodiscard]] Task<void> serve_http(TlsStream& stream, const HttpLimits& limits,
                                    const HttpHandler& handler,
                                    const std::function<http::Response(int status)>& refuse);

// A plain listener for /healthz, /readyz, /metrics and the status page.
class PlainHttpListener {
 public:
  static Result<std::unique_ptr<PlainHttpListener>> bind(boost::asio::any_io_executor executor,
                                                         const std::string& address,
                                                         std::uint16_t port, HttpHandler handler);
  ~PlainHttpListener();
  void start();
  void stop();
  [[nodiscard]] std::uint16_t port() const;

 private:
  struct Impl;
  explicit PlainHttpListener(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;  // shared with the accept loop, which may outlive stop() by one turn
};

}  // namespace berth::runtime
