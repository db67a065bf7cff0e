// Accepts TLS connections, shakes hands and hands each one to a session coroutine; bounded in
// connections and in time.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>

#include "shared/base/result.hpp"
#include "shared/ports/tls_engine.hpp"
#include "shared/runtime/connection_gate.hpp"
#include "shared/runtime/task.hpp"
#include "shared/runtime/tls_stream.hpp"

namespace berth::runtime {

struct ListenerLimits {
  std::size_t max_connections = 2000;  // about 97 KiB each; more are closed at once
  std::chrono::milliseconds handshake_timeout{10000};
  // One limit on the connections of several listeners, in place of max_connections. Two owners: the
  // listeners, and who counts.
  std::shared_ptr<ConnectionGate> gate = nullptr;
};

class TlsListener {
 public:
  // A session owns the connection while it runs; what it throws is logged by on_error, and the
  // connection is closed when it returns.
  using Session = std::function<Task<void>(TlsStream& stream)>;
  using OnError = std::function<void(const std::string& address, const std::string& what)>;

  // Binds at once. Errc::io if the address can't be bound, with the address and the system's words
  // in the reason. SO_REUSEPORT is set if `reuse_port`, for one listener per core.
  static Result<std::unique_ptr<TlsListener>> bind(boost::asio::any_io_executor executor,
                                                   const std::string& address, std::uint16_t port,
                                                   std::shared_ptr<ports::TlsContext> context,
                                                   const ListenerLimits& limits, Session session,
                                                   OnError on_error, bool reuse_port = false);
  ~TlsListener();

  void start();
  // Stops accepting and aborts what is open. Call it on the executor's thread.
  void stop();
  // Connections made from now on use this one: certificates reloaded on SIGHUP.
  void replace_context(std::shared_ptr<ports::TlsContext> context);

  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] std::size_t connections() const;

 private:
  struct Impl;
  explicit TlsListener(std::shared_ptr<Impl> impl);
  // Two owners: this object, and the coroutines that may outlive stop() by one turn of the loop.
  std::shared_ptr<Impl> impl_;
};

}  // namespace berth::runtime
