#include "tools/device/connect.hpp"

#include <chrono>
#include <exception>
#include <memory>
#include <utility>
#include <vector>

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
#include "tools/device/attempts.hpp"

namespace berth::device {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::milliseconds kTimeout{10000};

std::string name_of_device(std::size_t number) {
  return "device-" + std::to_string(number);
}

struct Run {
  const ConnectOptions& options;
  asio::any_io_executor executor;
  std::vector<std::shared_ptr<ports::TlsContext>> contexts;  // one per device key
  std::size_t next = 0;
  std::size_t failed = 0;
  std::string first_failure;
};

// A context for each of the devices, with a fresh key and certificate.
Result<std::vector<std::shared_ptr<ports::TlsContext>>> make_contexts(
    const ConnectOptions& options) {
  const auto trusted = crypto::read_certificate_file(options.ca_file);
  if (!trusted) return trusted.error();
  const auto issuer = crypto::read_identity_files(options.issuer_file, options.issuer_key_file);
  if (!issuer) return issuer.error();
  const auto authority = crypto::make_certificate_authority();
  const auto tls = crypto::make_wolfssl_tls();
  const runtime::SystemClock clock;
  std::vector<std::shared_ptr<ports::TlsContext>> contexts;
  for (std::size_t i = 0; i < options.identities; ++i) {
    auto identity = issue_identity(*authority, *issuer, name_of_device(i), clock.wall());
    if (!identity) return identity.error();
    ports::TlsClientSettings settings;
    settings.trusted = *trusted;
    settings.identity = std::move(*identity);
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
  connect.client_id = name_of_device(number);
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

}  // namespace

Result<ConnectReport> run_connections(const ConnectOptions& options) {
  auto contexts = make_contexts(options);
  if (!contexts) return contexts.error();
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
  boost::json::object line{
      {"connections", options.count}, {"failed", run.failed}, {"totalMilliseconds", took.count()}};
  if (run.failed > 0) line["firstFailure"] = run.first_failure;
  return ConnectReport{run.failed, run.first_failure, boost::json::serialize(line)};
}

}  // namespace berth::device
