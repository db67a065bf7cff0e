// HTTPS requests, with kept connections. Follows no redirects (design section 7).
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "shared/base/result.hpp"
#include "shared/ports/tls_engine.hpp"
#include "shared/protocol/http/message.hpp"
#include "shared/runtime/reach.hpp"
#include "shared/runtime/task.hpp"

namespace berth::runtime {

struct HttpClientLimits {
  std::size_t max_response = 4 * 1024 * 1024;
  std::size_t max_idle = 8;  // kept connections per origin
  std::chrono::milliseconds idle_timeout{30000};
  Reach reach = Reach::anywhere();
};

// One executor enters it.
class HttpClient {
 public:
  HttpClient(boost::asio::any_io_executor executor, std::shared_ptr<ports::TlsContext> context,
             const HttpClientLimits& limits = {});
  ~HttpClient();

  // `origin` is "https://host" or "https://host:port" ("https://[::1]:443"). Sets Host and
  // Content-Length. A kept connection that turns out closed is replaced once, silently.
  // Errc::unavailable (no connection, with the system's words), forbidden (out of reach),
  // timed_out, too_large, malformed.
  [[nodiscard]] Task<Result<http::Response>> send(std::string origin, http::Request request,
                                                  std::chrono::milliseconds timeout);
  // Keeps no connection any more, so that nothing of it holds up the end of a loop.
  void close();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  // shared with requests under way
};

}  // namespace berth::runtime
