// One hub that serves: its registry behind its REST behind a TLS listener, and its faults.
#pragma once

#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>

#include "shared/base/result.hpp"
#include "shared/ports/clock.hpp"
#include "shared/ports/crypto.hpp"
#include "shared/ports/entropy.hpp"
#include "shared/ports/tls_engine.hpp"
#include "shared/runtime/http_server.hpp"
#include "shared/runtime/log.hpp"
#include "shared/runtime/metrics.hpp"
#include "shared/runtime/tls_listener.hpp"
#include "tools/hub/config.hpp"
#include "tools/hub/faults.hpp"
#include "tools/hub/rest.hpp"

namespace berth::hub_server {

// What the hubs of a process share. Outlives them.
struct Surroundings {
  ports::Clock& clock;
  ports::Entropy& entropy;
  ports::Crypto& crypto;
  runtime::Log& log;
  runtime::Metrics& metrics;
  DeviceTable& table;
};

class Hub {
 public:
  static Result<std::unique_ptr<Hub>> start(boost::asio::any_io_executor executor,
                                            const HubConfig& config,
                                            std::shared_ptr<ports::TlsContext> context,
                                            const Surroundings& surroundings);
  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;

  void stop() { listener_->stop(); }
  void replace_context(std::shared_ptr<ports::TlsContext> context) {
    listener_->replace_context(std::move(context));
  }
  [[nodiscard]] const std::string& host_name() const { return host_name_; }
  [[nodiscard]] const std::string& certificate_file() const { return certificate_file_; }
  [[nodiscard]] const std::string& private_key_file() const { return private_key_file_; }
  [[nodiscard]] std::uint16_t port() const { return listener_->port(); }
  [[nodiscard]] Faults& faults() { return faults_; }

 private:
  Hub(const HubConfig& config, const Surroundings& surroundings);
  Result<void> listen(boost::asio::any_io_executor executor, const HubConfig& config,
                      std::shared_ptr<ports::TlsContext> context);
  runtime::Task<http::Response> answer(http::Request request);
  [[nodiscard]] http::Response refuse(Errc code);

  std::string host_name_;
  std::string certificate_file_;
  std::string private_key_file_;
  Surroundings with_;
  Registry registry_;
  Access access_;
  Rest rest_;
  Faults faults_;
  std::unique_ptr<runtime::TlsListener> listener_;
};

}  // namespace berth::hub_server
