// berth-hub: reads its configuration, starts its hubs and stops them on SIGTERM.
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>

#include "shared/crypto/pem.hpp"
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

constexpr const char* kFooter = R"(
Every key of the configuration is described in berth-hub.example.toml.

Examples:
  berth-hub --config berth-hub.toml
  berth-hub --config berth-hub.toml --check-config
  curl --data '{"hub": "hub-a.example", "mode": "throttle", "count": 3}' \
      http://127.0.0.1:9103/faults

The last one makes a hub misbehave. Modes: throttle (429), down (503), slow (with "milliseconds"),
full (to new devices), unauthorized (401), none; without "count" until the next order.

Exit code: 0 when it was stopped, 1 if it could not serve, 2 on wrong usage.)";

Result<std::string> read_file(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return Error{Errc::io, path + " can't be read"};
  return std::string(std::istreambuf_iterator<char>(stream), {});
}

Result<std::shared_ptr<ports::TlsContext>> load_identity(ports::TlsLibrary& tls,
                                                         const std::string& certificate_file,
                                                         const std::string& key_file) {
  const auto certificate_text = read_file(certificate_file);
  if (!certificate_text) return certificate_text.error();
  auto chain = crypto::read_pem_certificates(*certificate_text);
  if (!chain) return Error{Errc::malformed, certificate_file + " holds no PEM certificate"};
  const auto key_text = read_file(key_file);
  if (!key_text) return key_text.error();
  auto key = crypto::read_pem_private_key(*key_text);
  if (!key) return Error{key.error().code, key_file + ": " + key.error().reason};
  ports::TlsServerSettings settings;
  settings.identity = {std::move(*chain), std::move(*key)};
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
  CLI::App app{"A small IoT Hub for development and tests", "berth-hub"};
  std::string config_file;
  std::string format_text = "auto";
  bool check_only = false;
  app.footer(kFooter);
  app.add_option("--config", config_file, "the TOML file to read")->required();
  app.add_flag("--check-config", check_only, "only say whether the file is right");
  app.add_option("--log-format", format_text, "auto: text on a terminal, else JSON lines")
      ->check(CLI::IsMember({"auto", "text", "json"}));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  const auto config = load_config(config_file);
  if (!config) {
    std::cerr << config.error().reason << '\n';
    return 1;
  }
  if (check_only) {
    std::cout << config_file << " is right\n";
    return 0;
  }
  const auto format = runtime::parse_log_format(format_text);
  const auto log = runtime::make_log(format.value_or(runtime::LogFormat::automatic),
                                     config->log_level, "berth-hub");
  Server server(*config, *log);
  const auto started = server.start();
  if (!started) {
    log->error("cannot serve", {{"reason", started.error().reason}});
    return 1;
  }
  server.run();
  log->info("stopped");
  return 0;
}
