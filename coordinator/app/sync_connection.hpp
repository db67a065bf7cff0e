// Moves the bytes of one gateway's connection between its socket and its session.
#pragma once

#include <functional>
#include <memory>

#include <boost/asio/steady_timer.hpp>

#include "coordinator/sync/sync_server.hpp"
#include "shared/ports/clock.hpp"
#include "shared/runtime/task.hpp"
#include "shared/runtime/tls_stream.hpp"

namespace berth::coordinator {

class SyncConnection {
 public:
  SyncConnection(runtime::TlsStream& stream, ports::Clock& clock)
      : stream_(stream), clock_(clock), output_(stream.executor()) {}

  // The session has output: for SyncServer::accept.
  [[nodiscard]] std::function<void()> wake();

  // Until either side is done.
  [[nodiscard]] runtime::Task<void> serve(GatewaySession& session);

 private:
  runtime::Task<void> read(GatewaySession& session);
  runtime::Task<void> write(GatewaySession& session);
  runtime::Task<void> keep_time(GatewaySession& session);
  void end();

  runtime::TlsStream& stream_;
  ports::Clock& clock_;
  boost::asio::steady_timer output_;  // cancelled to say that there is output
  bool ended_ = false;
};

}  // namespace berth::coordinator
