// Streams, listener, HTTP server and client over real TLS on real sockets, with each backend as the
// client. What a TLS engine does by itself is proved in tests/conformance/crypto.
#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <CppUTest/TestHarness.h>

#include "shared/crypto/mbedtls/mbedtls.hpp"
#include "shared/crypto/wolfssl/wolfssl.hpp"
#include "shared/runtime/http_client.hpp"
#include "shared/runtime/http_server.hpp"
#include "shared/runtime/task_group.hpp"
#include "shared/runtime/tls_listener.hpp"
#include "tests/support/loop.hpp"
#include "tests/support/test_pki.hpp"

using namespace std::chrono_literals;
using namespace berth;
using namespace berth::runtime;
using namespace berth::testing;

namespace {

constexpr std::chrono::seconds kPatience{30};

http::Response refuse(int status) {
  http::Response response;
  response.status = status;
  return response;
}

Task<void> echo_all(TlsStream& stream) {
  std::array<std::uint8_t, 16384> chunk{};
  for (;;) {
    const auto count = co_await stream.read_some(chunk, kPatience);
    if (!count || *count == 0) co_return;
    const auto sent = co_await stream.write_all(ByteView(chunk.data(), *count), kPatience);
    if (!sent) co_return;
  }
}

Task<void> write_much(TlsStream& stream, std::size_t size) {
  const Bytes much(size, 'x');
  const auto written = co_await stream.write_all(much, kPatience);
  if (!written) stream.abort();
}

Task<std::size_t> read_much(TlsStream& stream, std::size_t size) {
  std::array<std::uint8_t, 16384> chunk{};
  std::size_t total = 0;
  while (total < size) {
    const auto count = co_await stream.read_some(chunk, kPatience);
    if (!count || *count == 0) break;
    total += *count;
  }
  co_return total;
}

}  // namespace

TEST_GROUP(TlsConnections) {
  Loop loop_;
  PkiNode root_ = make_root({.common_name = "root"});
  PkiNode server_ = make_leaf(root_, {.common_name = "server", .ip_addresses = {"127.0.0.1"}});
  PkiNode device_ = make_leaf(root_, {.common_name = "dev-1"});
  std::unique_ptr<ports::TlsLibrary> wolfssl_ = crypto::make_wolfssl_tls();
  std::unique_ptr<ports::TlsLibrary> mbedtls_ = crypto::make_mbedtls_tls();
  std::vector<std::string> errors_;
  std::vector<Bytes> seen_chain_;
  std::unique_ptr<TlsListener> listener_;

  void listen(TlsListener::Session session) {
    ports::TlsServerSettings settings;
    settings.identity = server_.identity();
    std::shared_ptr<ports::TlsContext> context = std::move(wolfssl_->server(settings)).value();
    auto bound = TlsListener::bind(
        loop_.executor(), "127.0.0.1", 0, context, {}, std::move(session),
        [this](const std::string&, const std::string& what) { errors_.push_back(what); });
    listener_ = std::move(bound).value();
    listener_->start();
  }

  void listen_for_http() {
    listen([this](TlsStream& stream) {
      seen_chain_ = stream.peer().chain;
      return serve_http(stream, HttpLimits{}, hello, refuse);
    });
  }

  static Task<http::Response> hello(http::Request request) {
    http::Response response;
    response.body = "hello " + request.target;
    co_return response;
  }

  std::shared_ptr<ports::TlsContext> client(ports::TlsLibrary & library, const PkiNode& trusted) {
    ports::TlsClientSettings settings;
    settings.trusted = {trusted.certificate};
    settings.identity = device_.identity();
    return std::move(library.client(settings)).value();
  }

  std::string origin() const {
    return "https://127.0.0.1:" + std::to_string(listener_->port());
  }

  static http::Request get() {
    http::Request request;
    request.method = "GET";
    request.target = "/x";
    return request;
  }

  void teardown() override {
    if (listener_) listener_->stop();
    loop_.drain();
  }
};

TEST(TlsConnections, CarryHttpForEachBackendAndShowTheDevicesChain) {
  listen_for_http();
  for (auto* library : {wolfssl_.get(), mbedtls_.get()}) {
    seen_chain_.clear();
    HttpClient client_of(loop_.executor(), client(*library, root_));
    for (int i = 0; i < 2; ++i) {
      const auto response = loop_.run(client_of.send(origin(), get(), kPatience));
      STRCMP_EQUAL("hello /x", response.value().body.c_str());
    }
    CHECK_TRUE(!seen_chain_.empty() && seen_chain_[0] == device_.certificate);
  }
}

TEST(TlsConnections, RefuseAServerOfAnotherAuthority) {
  listen_for_http();
  const PkiNode stranger = make_root({.common_name = "stranger"});
  HttpClient client_of(loop_.executor(), client(*wolfssl_, stranger));
  const auto response = loop_.run(client_of.send(origin(), get(), kPatience));
  CHECK_TRUE(response.error().code == Errc::unauthorized);
}

TEST(TlsConnections, RefuseAServerOfAnotherName) {
  listen_for_http();
  HttpClient client_of(loop_.executor(), client(*wolfssl_, root_));
  const auto response = loop_.run(
      client_of.send("https://localhost:" + std::to_string(listener_->port()), get(), kPatience));
  CHECK_FALSE(response.has_value());
}

TEST(TlsConnections, ReadAndWriteAtTheSameTime) {
  constexpr std::size_t kSize = 4 * 1024 * 1024;
  listen(echo_all);
  auto stream = loop_.run(connect_tls(loop_.executor(), "127.0.0.1", listener_->port(),
                                      client(*wolfssl_, root_), kPatience));
  TaskGroup tasks(loop_.executor(), 1, [](const std::string&) {});
  tasks.spawn(write_much(**stream, kSize));
  LONGS_EQUAL(kSize, loop_.run(read_much(**stream, kSize)));
  loop_.run(tasks.drained());
}

TEST(TlsConnections, FailWhenTheyAreCutWithoutAnEnd) {
  listen(echo_all);
  auto stream = loop_.run(connect_tls(loop_.executor(), "127.0.0.1", listener_->port(),
                                      client(*wolfssl_, root_), kPatience));
  std::array<std::uint8_t, 1> byte{};
  CHECK_TRUE(loop_.run((*stream)->write_all(as_bytes("x"), kPatience)).has_value());
  LONGS_EQUAL(1, loop_.run((*stream)->read_some(byte, kPatience)).value());
  listener_->stop();
  CHECK_TRUE(loop_.run((*stream)->read_some(byte, kPatience)).error().code == Errc::unavailable);
}

TEST(TlsConnections, ReadTheEndWhenTheServerCloses) {
  listen([](TlsStream& stream) { return write_much(stream, 3); });
  auto stream = loop_.run(connect_tls(loop_.executor(), "127.0.0.1", listener_->port(),
                                      client(*wolfssl_, root_), kPatience));
  LONGS_EQUAL(3, loop_.run(read_much(**stream, 3)));
  std::array<std::uint8_t, 1> byte{};
  LONGS_EQUAL(0, loop_.run((*stream)->read_some(byte, kPatience)).value());
}
