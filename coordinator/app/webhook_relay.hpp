// Calls webhooks of custom allocation for gateways that do not reach them (design 3.5), within the
// coordinator's own reach.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>

#include "coordinator/sync/sync_server.hpp"
#include "shared/ports/tls_engine.hpp"
#include "shared/runtime/reach.hpp"
#include "shared/runtime/task.hpp"
#include "shared/runtime/task_group.hpp"
#include "shared/runtime/webhook_client.hpp"

namespace berth::coordinator {

// Calls under way at once, for all gateways.
inline constexpr std::size_t kMaxRelayedCalls = 512;

class WebhookRelay {
 public:
  using Done = SyncServer::Services::WebhookDone;

  WebhookRelay(boost::asio::any_io_executor executor, std::shared_ptr<ports::TlsContext> context,
               runtime::Reach reach);

  // Calls `done` once, on the executor.
  void call(std::string url, std::string body, Done done);
  void stop();

 private:
  runtime::Task<void> drive(std::string url, std::string body, Done done);

  runtime::WebhookClient client_;
  runtime::TaskGroup tasks_;
};

}  // namespace berth::coordinator
