#include "shared/runtime/http_client.hpp"

#include <functional>
#include <vector>

#include <CppUTest/TestHarness.h>

#include "shared/runtime/http_server.hpp"
#include "shared/runtime/plain_engine.hpp"
#include "shared/runtime/tls_listener.hpp"
#include "tests/unit/shared/runtime/loopback.hpp"

using namespace std::chrono_literals;
using namespace berth;
using namespace berth::runtime;
using namespace berth::testing;

namespace {

// A server that reads one request's head per entry and answers with the entry's bytes; after the
// last entry it closes the connection.
using Script = std::vector<std::string>;

Task<void> play(TlsStream& stream, Script script) {
  std::array<std::uint8_t, 4096> chunk{};
  for (const std::string& answer : script) {
    std::string request;
    while (request.find("\r\n\r\n") == std::string::npos) {
      const auto count = co_await stream.read_some(chunk, kPatience);
      if (!count || *count == 0) co_return;
      request.append(as_text(ByteView(chunk.data(), *count)));
    }
    const auto sent = co_await stream.write_all(as_bytes(answer), kPatience);
    if (!sent) co_return;
  }
}

std::string ok(const std::string& body) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

http::Request get(const std::string& target) {
  http::Request request;
  request.method = "GET";
  request.target = target;
  return request;
}

}  // namespace

TEST_GROUP(HttpClient) {
  Loop loop_;
  HttpClientLimits limits_;
  int connections_ = 0;
  std::vector<Script> scripts_;  // one a connection; the last one is played again
  std::unique_ptr<TlsListener> listener_;
  std::unique_ptr<HttpClient> client_;

  void setup() override {
    auto session = [this](TlsStream& stream) {
      const auto at =
          std::min<std::size_t>(static_cast<std::size_t>(connections_), scripts_.size() - 1);
      ++connections_;
      return play(stream, scripts_[at]);
    };
    auto bound = TlsListener::bind(loop_.executor(), "127.0.0.1", 0, make_plain_context(), {},
                                   session, [](const std::string&, const std::string&) {});
    listener_ = std::move(bound).value();
    listener_->start();
  }

  void teardown() override {
    client_.reset();
    listener_->stop();
    loop_.drain();
  }

  Result<http::Response> send(http::Request request,
                              std::chrono::milliseconds timeout = kPatience) {
    if (!client_) {
      client_ = std::make_unique<HttpClient>(loop_.executor(), make_plain_context(), limits_);
    }
    return loop_.run(client_->send("https://127.0.0.1:" + std::to_string(listener_->port()),
                                   std::move(request), timeout));
  }
};

TEST(HttpClient, GivesStatusFieldsAndBody) {
  scripts_ = {
      {"HTTP/1.1 404 Not Found\r\niothub-errorcode: DeviceNotFound\r\nContent-Length: "
       "2\r\n\r\n{}"}};
  const auto response = send(get("/devices/x"));
  LONGS_EQUAL(404, response.value().status);
  CHECK_TRUE(response.value().headers.get("IotHub-ErrorCode") == "DeviceNotFound");
  STRCMP_EQUAL("{}", response.value().body.c_str());
}

TEST(HttpClient, KeepsItsConnection) {
  scripts_ = {{ok("1"), ok("2"), ok("3")}};
  STRCMP_EQUAL("1", send(get("/")).value().body.c_str());
  STRCMP_EQUAL("2", send(get("/")).value().body.c_str());
  LONGS_EQUAL(1, connections_);
}

TEST(HttpClient, ReplacesAKeptConnectionThatTurnsOutClosed) {
  scripts_ = {{ok("1")}, {ok("2")}};
  STRCMP_EQUAL("1", send(get("/")).value().body.c_str());
  STRCMP_EQUAL("2", send(get("/")).value().body.c_str());
  LONGS_EQUAL(2, connections_);
}

TEST(HttpClient, DoesNotRepeatOnANewConnection) {
  scripts_ = {{""}};  // takes the request and closes
  CHECK_TRUE(send(get("/")).error().code == Errc::unavailable);
  LONGS_EQUAL(1, connections_);
}

TEST(HttpClient, DoesNotKeepAConnectionThatTheServerEnds) {
  scripts_ = {{"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\na", ok("b")},
              {ok("c")}};
  STRCMP_EQUAL("a", send(get("/")).value().body.c_str());
  STRCMP_EQUAL("c", send(get("/")).value().body.c_str());
}

TEST(HttpClient, DoesNotKeepAConnectionWithBytesNobodyAskedFor) {
  scripts_ = {{ok("a") + "HTTP/1.1 200 OK", ok("b")}, {ok("c")}};
  STRCMP_EQUAL("a", send(get("/")).value().body.c_str());
  STRCMP_EQUAL("c", send(get("/")).value().body.c_str());
}

TEST(HttpClient, ClosesAConnectionIdleForTooLong) {
  limits_.idle_timeout = 1ms;
  scripts_ = {{ok("1"), ok("never")}, {ok("2")}};
  STRCMP_EQUAL("1", send(get("/")).value().body.c_str());
  // The purge closes it, so that the server's session ends.
  loop_.io().restart();
  while (listener_->connections() != 0) loop_.io().run_one();
  STRCMP_EQUAL("2", send(get("/")).value().body.c_str());
}

TEST(HttpClient, TakesAChunkedResponse) {
  scripts_ = {{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"}};
  STRCMP_EQUAL("abc", send(get("/")).value().body.c_str());
}

TEST(HttpClient, PassesOverInterimResponses) {
  scripts_ = {{"HTTP/1.1 100 Continue\r\n\r\n" + ok("a")}};
  STRCMP_EQUAL("a", send(get("/")).value().body.c_str());
}

TEST(HttpClient, TakesAResponseWithoutBody) {
  scripts_ = {{"HTTP/1.1 204 No Content\r\n\r\n"}};
  LONGS_EQUAL(204, send(get("/")).value().status);
}

TEST(HttpClient, GivesARedirectInsteadOfFollowingIt) {
  scripts_ = {{"HTTP/1.1 302 Found\r\nLocation: https://elsewhere/\r\nContent-Length: 0\r\n\r\n"}};
  LONGS_EQUAL(302, send(get("/")).value().status);
  LONGS_EQUAL(1, connections_);
}

TEST(HttpClient, TakesAResponseAtItsLimit) {
  limits_.max_response = 64;
  scripts_ = {{ok(std::string(64, 'x'))}};
  LONGS_EQUAL(64, send(get("/")).value().body.size());
}

TEST(HttpClient, RefusesAResponseOnePastItsLimit) {
  limits_.max_response = 64;
  scripts_ = {{ok(std::string(65, 'x'))}};
  CHECK_TRUE(send(get("/")).error().code == Errc::too_large);
}

TEST(HttpClient, RefusesWhatIsNotHttp) {
  scripts_ = {{"SSH-2.0-OpenSSH\r\n\r\n"}};
  CHECK_TRUE(send(get("/")).error().code == Errc::malformed);
}

TEST(HttpClient, RefusesAResponseCutShort) {
  scripts_ = {{"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"}};
  CHECK_TRUE(send(get("/")).error().code == Errc::unavailable);
}

TEST(HttpClient, TimesOutAServerThatDoesNotAnswer) {
  scripts_ = {{"HTTP/1.1 100 Continue\r\n\r\n", "never"}};
  CHECK_TRUE(send(get("/"), 20ms).error().code == Errc::timed_out);
}

TEST(HttpClient, NamesAServerThatRefusesTheConnection) {
  scripts_ = {{ok("")}};
  listener_->stop();
  const auto response = send(get("/"));
  CHECK_TRUE(response.error().code == Errc::unavailable);
  CHECK_TRUE(response.error().reason.find("127.0.0.1") != std::string::npos);
}

TEST(HttpClient, NeverSendsALineEndOfItsCaller) {
  scripts_ = {{ok("")}};
  http::Request request = get("/");
  request.headers.set("X", "a\r\nY: b");
  CHECK_TRUE(send(request).error().code == Errc::invalid);
  CHECK_TRUE(send(get("/a HTTP/1.1\r\nX: y")).error().code == Errc::invalid);
}

TEST(HttpClient, RefusesOriginsThatAreNotHttps) {
  HttpClient client(loop_.executor(), make_plain_context());
  for (const char* origin :
       {"http://127.0.0.1", "https://", "https://h:0", "https://h:65536", "https://h:x",
        "https://h:", "https://[::1", "https://[::1]x", "https://a@b", "https://h/path"}) {
    CHECK_TRUE(loop_.run(client.send(origin, get("/"), kPatience)).error().code == Errc::invalid);
  }
}

TEST_GROUP(HttpClientWithServer) {
  Loop loop_;
  std::string seen_;
  std::unique_ptr<TlsListener> listener_;
  HttpLimits limits_;

  void setup() override {
    const HttpHandler handler = [this](http::Request request) -> Task<http::Response> {
      seen_ = request.method + " " + request.target + " " +
              std::string(request.headers.get("host")) + " " + request.body;
      return answer();
    };
    handler_ = handler;
    auto session = [this](TlsStream& stream) {
      return serve_http(stream, limits_, handler_, [](int) { return http::Response{}; });
    };
    auto bound = TlsListener::bind(loop_.executor(), "127.0.0.1", 0, make_plain_context(), {},
                                   session, [](const std::string&, const std::string&) {});
    listener_ = std::move(bound).value();
    listener_->start();
  }
  void teardown() override {
    listener_->stop();
    loop_.drain();
  }

  static Task<http::Response> answer() {
    co_return http::Response{};
  }
  HttpHandler handler_;
};

TEST(HttpClientWithServer, SendsHostWithThePortAndTheBody) {
  HttpClient client(loop_.executor(), make_plain_context());
  http::Request request;
  request.method = "PATCH";
  request.target = "/twins/a?api-version=1";
  request.body = "{}";
  const std::string port = std::to_string(listener_->port());
  CHECK_TRUE(loop_.run(client.send("https://127.0.0.1:" + port, request, kPatience)).has_value());
  STRCMP_EQUAL(("PATCH /twins/a?api-version=1 127.0.0.1:" + port + " {}").c_str(), seen_.c_str());
}
