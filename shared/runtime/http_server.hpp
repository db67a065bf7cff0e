// HTTP/1.1 on a TLS connection (Boost.Beast underneath, seen only in http_server.cpp), and on plain
// TCP for a loopback management listener.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "shared/protocol/http/message.hpp"
#include "shared/runtime/task.hpp"
#include "shared/runtime/tls_stream.hpp"

namespace berth::runtime {

struct HttpLimits {
  std::size_t max_header = 16 * 1024;  // request line and fields
  std::size_t max_body = 96 * 1024;
  std::chrono::milliseconds header_timeout{15000};  // from the first byte to the whole request
  std::chrono::milliseconds first_timeout{15000};   // from the handshake to the first byte
  std::chrono::milliseconds idle_timeout{60000};    // kept alive without a request
  std::chrono::milliseconds write_timeout{30000};   // for one response to be taken
};

// Gives the answer. It may take its time; the connection waits. What it throws is answered 500.
using HttpHandler = std::function<Task<http::Response>(http::Request request)>;

// The answer to a request that never reaches the handler: 400, 408, 413, 431 and 500.
using HttpRefusal = std::function<http::Response(int status)>;

// A look at each request before the handler: a task, if the request takes the connection over (a
// WebSocket). The task then owns the stream; `ahead` is what was received behind the request.
using HttpUpgrade =
    std::function<std::optional<Task<void>>(const http::Request& request, ByteView ahead)>;

// Serves requests one after another until the peer closes, says "Connection: close" or breaks a
// limit, and answers by itself with the body that `refuse` makes for the status. Content-Length,
// Date and Connection are set here; the other fields are sent as the response spells them.
[[nodiscard]] Task<void> serve_http(TlsStream& stream, HttpLimits limits, HttpHandler handler,
                                    HttpRefusal refuse, HttpUpgrade upgrade = {});

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
  explicit PlainHttpListener(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace berth::runtime
