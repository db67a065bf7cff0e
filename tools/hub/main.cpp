// berth-hub: reads its configuration, starts its hubs and stops them on SIGTERM.
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "shared/config/server_options.hpp"
#include "shared/crypto/pem_files.hpp"
#include "shared/crypto/wolfssl/wolfssl.hpp"
#include "shared/runtime/management.hpp"
#include "shared/runtime/signals.hpp"
#include "shared/runtime/system.hpp"
#include "tools/hub/config.hpp"
#include "tools/hub/faults_page.hpp"
#include "tools/hub/hub.hpp"

namespace {

using namespace berth;
using namespace berth::hub_server;

constexpr const char* kMore = R"(SIGHUP reads the certificates again.

A hub can be made to misbehave, for tests:
  curl --data '{"hub": "hub-a.example", "mode": "throttle", "count": 3}' \
      http://127.0.0.1:9103/faults
Modes: throttle (429), down (503), slow (with "milliseconds"), full (to new devices), unauthorized
(401), none; without "count" until the next order.)";

Result<std::shared_ptr<ports::TlsContext>> load_identity(ports::TlsLibrary& tls,
                                                         const std::string& certificate_file,
                                                         const std::string& key_file) {
  auto identity = crypto::read_identity_files(certificate_file, key_file);
  if (!identity) return identity.error();
  ports::TlsServerSettings settings;
  settings.identity = std::move(*identity);
  settings.request_client_certificate = false;
  auto context = tls.server(settings);
  if (!context) {
    return Error{context.error().code, certificate_file + ": " + context.error().reason};
  }
  return std::shared_ptr<ports::TlsContext>(std::move(*context));
}

// The whole program, in the order in which its parts need each other.
class Server {
 public:
  Server(const Config& config, runtime::Log& log) : config_(config), log_(log) {}

  Result<void> start() {
    auto table = DeviceTable::open(config_.database);
    if (!table) return Error{table.error().code, config_.database + ": " + table.error().reason};
    table_ = std::move(*table);
    const Surroundings surroundings{clock_, entropy_, *crypto_, log_, metrics_, *table_};
    for (const HubConfig& hub : config_.hubs) {
      auto context = load_identity(*tls_, hub.certificate_file, hub.private_key_file);
      if (!context) return context.error();
      auto started = Hub::start(io_.get_executor(), hub, std::move(*context), surroundings);
      if (!started) return started.error();
      hubs_.push_back(std::move(*started));
      log_.info("hub serves",
                {{"hub", hub.host_name}, {"address", hub.address}, {"port", hubs_.back()->port()}});
    }
    auto pages = [this](http::Request request) { return page(std::move(request)); };
    auto management = runtime::PlainHttpListener::bind(
        io_.get_executor(), config_.management_address, config_.management_port,
        runtime::management_handler(
            metrics_, [] { return std::string{}; }, pages));
    if (!management) return management.error();
    management_ = std::move(*management);
    management_->start();
    log_.info("management serves",
              {{"address", config_.management_address}, {"port", management_->port()}});
    return {};
  }

  // Returns when a signal has stopped everything.
  void run() {
    runtime::Signals signals(
        io_.get_executor(), [this] { stop(); }, [this] { reload(); });
    io_.run();
  }

 private:
  runtime::Task<http::Response> page(http::Request request) { co_return set_fault(request, hubs_); }

  void stop() {
    log_.info("stopping");
    for (const auto& hub : hubs_) hub->stop();
    management_->stop();
  }

  // What can't be loaded is said, and what served goes on serving.
  void reload() {
    for (const auto& hub : hubs_) {
      auto context = load_identity(*tls_, hub->certificate_file(), hub->private_key_file());
      if (context) {
        hub->replace_context(std::move(*context));
        log_.info("certificate reloaded", {{"hub", hub->host_name()}});
      } else {
        log_.error("certificate not reloaded",
                   {{"hub", hub->host_name()}, {"reason", context.error().reason}});
      }
    }
  }

  const Config& config_;
  runtime::Log& log_;
  runtime::SystemClock clock_;
  runtime::SystemEntropy entropy_;
  std::unique_ptr<ports::Crypto> crypto_ = crypto::make_wolfssl_crypto();
  std::unique_ptr<ports::TlsLibrary> tls_ = crypto::make_wolfssl_tls();
  runtime::Metrics metrics_;
  std::unique_ptr<DeviceTable> table_;
  // Before whatever lives on it, so that it goes last.
  boost::asio::io_context io_{1};
  std::vector<std::unique_ptr<Hub>> hubs_;
  std::unique_ptr<runtime::PlainHttpListener> management_;
};

}  // namespace

int main(int argc, char** argv) {
  const config::ServerProgram program{"berth-hub", "A small IoT Hub for development and tests.",
                                      kMore};
  config::ServerOptions options;
  if (const auto ended = config::parse_server_options(program, argc, argv, options)) return *ended;
  const auto loaded = load_config(options.config_file);
  const auto good = loaded ? Result<void>() : Result<void>(loaded.error());
  if (const auto ended = config::end_after_config(program, options, good)) return *ended;

  const auto log = runtime::make_log(
      runtime::parse_log_format(options.log_format).value_or(runtime::LogFormat::automatic),
      loaded->log_level, program.name);
  Server server(*loaded, *log);
  const auto started = server.start();
  if (!started) {
    log->error("cannot serve", {{"reason", started.error().reason}});
    return config::kFailed;
  }
  server.run();
  log->info("stopped");
  return config::kDone;
}
