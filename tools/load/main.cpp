// berth-load: connections as devices make them, but to any server: for comparing what a
// registration costs with what other servers pay for the same handshake (tools/bench).
#include <atomic>
#include <chrono>
#include <exception>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>

#include "shared/crypto/openssl/certificate_authority.hpp"
#include "shared/crypto/pem_files.hpp"
#include "shared/crypto/wolfssl/wolfssl.hpp"
#include "shared/protocol/mqtt/codec.hpp"
#include "shared/runtime/http_client.hpp"
#include "shared/runtime/system.hpp"
#include "shared/runtime/tls_stream.hpp"

namespace {

using namespace berth;
namespace asio = boost::asio;

constexpr std::chrono::milliseconds kTimeout{10000};
constexpr std::size_t kMaxConnections = 1000000;
constexpr std::size_t kMaxConcurrency = 1000;
constexpr std::size_t kMaxIdentities = 1000;

struct Options {
  std::string protocol = "https";
  std::string host = "localhost";
  std::uint16_t port = 443;
  std::string path = "/";
  std::string ca_file;
  std::string issuer_file;
  std::string issuer_key_file;
  std::size_t count = 1000;
  std::size_t concurrency = 16;
  std::size_t identities = 100;
};

struct Run {
  const Options& options;
  asio::any_io_executor executor;
  std::vector<std::shared_ptr<ports::TlsContext>> contexts;  // one per device key
  std::size_t next = 0;
  std::size_t failed = 0;
  std::string first_failure;
};

// A context for each of the devices, with a fresh key and certificate.
Result<std::vector<std::shared_ptr<ports::TlsContext>>> make_contexts(const Options& options) {
  const auto trusted = crypto::read_certificate_file(options.ca_file);
  if (!trusted) return trusted.error();
  const auto issuer = crypto::read_identity_files(options.issuer_file, options.issuer_key_file);
  if (!issuer) return issuer.error();
  const auto authority = crypto::make_certificate_authority();
  const auto tls = crypto::make_wolfssl_tls();
  const runtime::SystemClock clock;
  std::vector<std::shared_ptr<ports::TlsContext>> contexts;
  for (std::size_t i = 0; i < options.identities; ++i) {
    auto pair = authority->generate_p256();
    if (!pair) return pair.error();
    ports::CertificateRequest request;
    request.common_name = "load-" + std::to_string(i);
    request.public_key = pair->public_key;
    request.not_before = clock.wall() - std::chrono::hours{1};
    request.not_after = clock.wall() + std::chrono::hours{24};
    request.client_auth = true;
    auto leaf = authority->issue(request, issuer->chain.front(), issuer->private_key);
    if (!leaf) return leaf.error();
    ports::TlsClientSettings settings;
    settings.trusted = *trusted;
    settings.identity = {{std::move(*leaf)}, std::move(pair->private_key)};
    settings.identity.chain.insert(settings.identity.chain.end(), issuer->chain.begin(),
                                   issuer->chain.end());
    auto context = tls->client(settings);
    if (!context) return context.error();
    contexts.push_back(std::move(*context));
  }
  return contexts;
}

// One connection, one GET, answered 200.
runtime::Task<Result<void>> get_once(Run& run, std::shared_ptr<ports::TlsContext> context) {
  runtime::HttpClient client(run.executor, std::move(context));
  http::Request request;
  request.method = "GET";
  request.target = run.options.path;
  request.headers.set("Connection", "close");
  const auto response =
      co_await client.send("https://" + run.options.host + ":" + std::to_string(run.options.port),
                           std::move(request), kTimeout);
  if (!response) co_return response.error();
  if (response->status != 200) {
    co_return Error{Errc::invalid, "status " + std::to_string(response->status)};
  }
  co_return Result<void>{};
}

// One connection, CONNECT, CONNACK 0.
runtime::Task<Result<void>> connect_once(Run& run, std::shared_ptr<ports::TlsContext> context,
                                         std::size_t number) {
  auto stream = co_await runtime::connect_tls(run.executor, run.options.host, run.options.port,
                                              std::move(context), kTimeout);
  if (!stream) co_return stream.error();
  mqtt::Connect connect;
  connect.client_id = "load-" + std::to_string(number);
  const Bytes packet = mqtt::encode(connect);
  const auto sent = co_await (*stream)->write_all(packet, kTimeout);
  if (!sent) co_return sent.error();
  mqtt::Decoder decoder;
  Bytes buffer(256);
  for (;;) {
    const auto count = co_await (*stream)->read_some(buffer, kTimeout);
    if (!count) co_return count.error();
    if (*count == 0) co_return Error{Errc::unavailable, "closed before CONNACK"};
    decoder.feed(ByteView(buffer.data(), *count));
    const auto answer = decoder.next();
    if (!answer) continue;
    if (!*answer) co_return answer->error();
    const auto* connack = std::get_if<mqtt::Connack>(&**answer);
    if (connack == nullptr || connack->code != mqtt::ConnectCode::accepted) {
      co_return Error{Errc::unauthorized, "no CONNACK 0"};
    }
    co_await (*stream)->close();
    co_return Result<void>{};
  }
}

runtime::Task<void> lane(Run& run) {
  while (run.next < run.options.count) {
    const std::size_t number = run.next++;
    auto context = run.contexts[number % run.contexts.size()];
    auto attempt = run.options.protocol == "mqtt" ? connect_once(run, std::move(context), number)
                                                  : get_once(run, std::move(context));
    const auto done = co_await std::move(attempt);
    if (done) continue;
    ++run.failed;
    if (run.first_failure.empty()) run.first_failure = done.error().reason;
  }
}

int load(const Options& options) {
  auto contexts = make_contexts(options);
  if (!contexts) {
    std::cerr << "berth-load: " << contexts.error().reason << '\n';
    return 2;
  }
  asio::io_context loop(1);
  Run run{options, loop.get_executor(), std::move(*contexts), 0, 0, {}};
  const auto start = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < std::min(options.concurrency, options.count); ++i) {
    asio::co_spawn(loop, lane(run), [](const std::exception_ptr& failure) {
      if (failure) std::rethrow_exception(failure);
    });
  }
  loop.run();
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - start);
  boost::json::object report{
      {"connections", options.count}, {"failed", run.failed}, {"totalMilliseconds", took.count()}};
  if (run.failed > 0) report["firstFailure"] = run.first_failure;
  std::cout << boost::json::serialize(report) << '\n';
  return run.failed == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{
      "Connections as devices make them, to any server: mutual TLS with ECDSA P-256, one "
      "request, and the end.",
      "berth-load"};
  app.footer(
      "Examples:\n"
      "  berth-load --port 8443 --ca-file ca.pem --issue-from devices.pem "
      "--issue-from-key devices.key\n"
      "  berth-load --protocol mqtt --port 8883 --count 5000 --ca-file ca.pem \\\n"
      "      --issue-from devices.pem --issue-from-key devices.key\n\n"
      "Prints one JSON line. Exit code: 0 if every connection was answered, 1 if not, 2 on wrong "
      "usage.");
  app.add_option("--protocol", options.protocol, "https (GET) or mqtt (CONNECT)")
      ->check(CLI::IsMember({"https", "mqtt"}))
      ->capture_default_str();
  app.add_option("--host", options.host, "server")->capture_default_str();
  app.add_option("--port", options.port, "its port")->capture_default_str();
  app.add_option("--path", options.path, "what to GET")->capture_default_str();
  app.add_option("--ca-file", options.ca_file, "PEM file of the CA that signed the server")
      ->required();
  app.add_option("--issue-from", options.issuer_file,
                 "PEM file of the CA chain that device certificates are made from")
      ->required();
  app.add_option("--issue-from-key", options.issuer_key_file, "PEM file of that CA's key")
      ->required();
  app.add_option("--count", options.count, "connections")
      ->check(CLI::Range(std::size_t{1}, kMaxConnections))
      ->capture_default_str();
  app.add_option("--concurrency", options.concurrency, "connections at once")
      ->check(CLI::Range(std::size_t{1}, kMaxConcurrency))
      ->capture_default_str();
  app.add_option("--identities", options.identities, "different device keys")
      ->check(CLI::Range(std::size_t{1}, kMaxIdentities))
      ->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return load(options);
}
