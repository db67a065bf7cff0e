#include "shared/runtime/http_server.hpp"

#include <stdexcept>

#include <CppUTest/TestHarness.h>

#include "shared/runtime/plain_engine.hpp"
#include "shared/runtime/tls_listener.hpp"
#include "tests/unit/shared/runtime/loopback.hpp"

using namespace std::chrono_literals;
using namespace berth;
using namespace berth::runtime;
using namespace berth::testing;

namespace {

// Answers with what it saw, and with whatever the target asks for.
Task<http::Response> reflect(http::Request request) {
  http::Response response;
  if (request.target == "/throw") throw std::runtime_error("inside");
  if (request.target == "/nothing") {
    response.status = 204;
    co_return response;
  }
  if (request.target == "/forge") {
    response.headers.set("x-ms-forged", "a\r\nSet-Cookie: b");
    co_return response;
  }
  response.headers.set("x-ms-item-type", "Enrollment");
  response.body = request.method + " " + request.target + " [" + request.body +
                  "] host=" + std::string(request.headers.get("host"));
  co_return response;
}

// More than the sockets of two ends hold.
Task<http::Response> answer_at_length(http::Request) {
  http::Response response;
  response.body.assign(64 * 1024 * 1024, 'x');
  co_return response;
}

http::Response refuse(int status) {
  http::Response response;
  response.status = status;
  response.headers.set("Content-Type", "application/json");
  response.body = "{\"refused\":" + std::to_string(status) + "}";
  return response;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

int count(const std::string& text, const std::string& part) {
  int found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++found;
  }
  return found;
}

// A head of exactly `size` bytes.
std::string head_of(std::size_t size) {
  const std::string start = "GET /head HTTP/1.1\r\nHost: h\r\nConnection: close\r\nX: ";
  const std::string end = "\r\n\r\n";
  return start + std::string(size - start.size() - end.size(), 'a') + end;
}

}  // namespace

TEST_GROUP(HttpServer) {
  Loop loop_;
  HttpLimits limits_;
  std::unique_ptr<TlsListener> listener_;

  void setup() override {
    limits_.max_header = 512;
    limits_.max_body = 64;
    auto session = [this](TlsStream& stream) {
      return serve_http(stream, limits_, reflect, refuse);
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

  std::string talk(const std::string& text) {
    auto client = connect_to(loop_.executor(), listener_->port());
    return loop_.run(converse(client, text));
  }
};

TEST(HttpServer, AnswersARequestWithItsBody) {
  const auto answer = talk(
      "PUT /a?b=c HTTP/1.1\r\nHost: name:443\r\nContent-Length: 5\r\nConnection: "
      "close\r\n\r\nhello");
  CHECK_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK_TRUE(answer.ends_with("\r\n\r\nPUT /a?b=c [hello] host=name:443"));
  CHECK_TRUE(has(answer, "\r\nContent-Length: 32\r\n"));
  CHECK_TRUE(has(answer, " GMT\r\n"));
}

TEST(HttpServer, SendsFieldNamesAsTheResponseSpellsThem) {
  CHECK_TRUE(has(talk("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"),
                 "\r\nx-ms-item-type: Enrollment\r\n"));
}

TEST(HttpServer, KeepsTheConnectionForTheNextRequest) {
  const auto answer = talk(
      "GET /1 HTTP/1.1\r\nHost: h\r\n\r\n"
      "GET /2 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
      "GET /3 HTTP/1.1\r\nHost: h\r\n\r\n");
  LONGS_EQUAL(2, count(answer, "HTTP/1.1 200 OK"));
  CHECK_TRUE(has(answer, "GET /1 []"));
  CHECK_TRUE(has(answer, "GET /2 []"));
}

TEST(HttpServer, TakesARequestThatArrivesByteByByte) {
  auto client = connect_to(loop_.executor(), listener_->port());
  client.set_option(boost::asio::ip::tcp::no_delay(true));
  const std::string text = "POST /slow HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nab";
  for (const char c : text.substr(0, text.size() - 1)) {
    boost::asio::write(client, boost::asio::buffer(&c, 1));
    loop_.io().restart();
    loop_.io().poll();
  }
  CHECK_TRUE(
      has(loop_.run(ask(client, text.substr(text.size() - 1), "host=h")), "POST /slow [ab]"));
}

TEST(HttpServer, ToleratesAnOddContentEncoding) {
  CHECK_TRUE(
      has(talk("PUT / HTTP/1.1\r\nHost: h\r\nContent-Encoding: utf-8\r\nContent-Length: 2\r\n"
               "Connection: close\r\n\r\n{}"),
          "PUT / [{}]"));
}

TEST(HttpServer, TakesAGetWithABody) {
  CHECK_TRUE(
      has(talk("GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc"),
          "GET / [abc]"));
}

TEST(HttpServer, TakesAGetWithAnEmptyBody) {
  CHECK_TRUE(
      has(talk("GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
          "GET / []"));
}

TEST(HttpServer, TakesAChunkedBody) {
  CHECK_TRUE(has(talk("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n"
                      "Connection: close\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"),
                 "POST / [abcde]"));
}

TEST(HttpServer, SaysContinueToWhoExpectsIt) {
  auto client = connect_to(loop_.executor(), listener_->port());
  STRCMP_EQUAL("HTTP/1.1 100 Continue\r\n\r\n",
               loop_
                   .run(ask(client,
                            "PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n"
                            "Content-Length: 2\r\nConnection: close\r\n\r\n",
                            "\r\n\r\n"))
                   .c_str());
  CHECK_TRUE(has(loop_.run(converse(client, "ok")), "PUT / [ok]"));
}

TEST(HttpServer, RefusesATooLongBodyBeforeItIsSent) {
  const auto answer =
      talk("PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 65\r\n\r\n");
  CHECK_TRUE(answer.starts_with("HTTP/1.1 413 "));
  CHECK_FALSE(has(answer, "100 Continue"));
}

TEST(HttpServer, TakesABodyAtItsLimit) {
  CHECK_TRUE(
      has(talk("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 64\r\nConnection: close\r\n\r\n" +
               std::string(64, 'b')),
          "[" + std::string(64, 'b') + "]"));
}

TEST(HttpServer, RefusesABodyOnePastItsLimit) {
  const auto answer =
      talk("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 65\r\n\r\n" + std::string(65, 'b'));
  CHECK_TRUE(answer.starts_with("HTTP/1.1 413 "));
  CHECK_TRUE(answer.ends_with("{\"refused\":413}"));
}

TEST(HttpServer, RefusesAChunkedBodyOnePastItsLimit) {
  const auto answer = talk("PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n41\r\n" +
                           std::string(65, 'b') + "\r\n0\r\n\r\n");
  CHECK_TRUE(answer.starts_with("HTTP/1.1 413 "));
}

TEST(HttpServer, RefusesAChunkHeaderWithoutEnd) {
  const auto answer = talk("PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1;" +
                           std::string(64 * 1024, 'e'));
  CHECK_TRUE(answer.starts_with("HTTP/1.1 400 "));
}

TEST(HttpServer, TakesAHeadAtItsLimit) {
  CHECK_TRUE(talk(head_of(512)).starts_with("HTTP/1.1 200 "));
}

TEST(HttpServer, RefusesAHeadOnePastItsLimit) {
  const auto answer = talk(head_of(513));
  CHECK_TRUE(answer.starts_with("HTTP/1.1 431 "));
  CHECK_TRUE(answer.ends_with("{\"refused\":431}"));
}

TEST(HttpServer, RefusesAHeadWithoutEnd) {
  CHECK_TRUE(talk("GET / HTTP/1.1\r\nX: " + std::string(600, 'a')).starts_with("HTTP/1.1 431 "));
}

TEST(HttpServer, AnswersARefusalEvenWhenThePeerGoesOnSending) {
  // More than fits into the socket's buffers: without reading on, the reset would eat the answer.
  const auto answer = talk("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 600000\r\n\r\n" +
                           std::string(600000, 'b'));
  CHECK_TRUE(answer.starts_with("HTTP/1.1 413 "));
}

TEST(HttpServer, RefusesWhatIsNotHttp) {
  const auto answer = talk("\x16\x03\x01 hello\r\n\r\n");
  CHECK_TRUE(answer.starts_with("HTTP/1.1 400 "));
  CHECK_TRUE(has(answer, "\r\nConnection: close\r\n"));
}

TEST(HttpServer, RefusesTwoContentLengths) {
  CHECK_TRUE(talk("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab")
                 .starts_with("HTTP/1.1 400 "));
}

TEST(HttpServer, RefusesAContentLengthBesideChunks) {
  CHECK_TRUE(talk("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n"
                  "\r\n0\r\n\r\n")
                 .starts_with("HTTP/1.1 400 "));
}

TEST(HttpServer, TimesOutAHeadThatDoesNotCome) {
  limits_.header_timeout = 1ms;
  const auto answer = talk("GET / HTTP/1.1\r\nHost:");
  CHECK_TRUE(answer.starts_with("HTTP/1.1 408 "));
  CHECK_TRUE(answer.ends_with("{\"refused\":408}"));
}

TEST(HttpServer, TimesOutABodyThatDoesNotCome) {
  limits_.header_timeout = 1ms;
  CHECK_TRUE(
      talk("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\na").starts_with("HTTP/1.1 408 "));
}

TEST(HttpServer, ClosesAConnectionWithoutARequestWithoutAWord) {
  limits_.first_timeout = 1ms;
  STRCMP_EQUAL("", talk("").c_str());
}

TEST(HttpServer, ClosesAnIdleConnectionWithoutAWord) {
  limits_.idle_timeout = 1ms;
  const auto answer = talk("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  CHECK_TRUE(answer.starts_with("HTTP/1.1 200 "));
  CHECK_FALSE(has(answer, "HTTP/1.1 408 "));
}

TEST(HttpServer, EndsAConnectionWhoseAnswerIsNotTaken) {
  auto [near, far] = connected_pair(loop_.executor());
  const auto stream = plain_stream(std::move(near));
  const std::string request = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
  boost::asio::write(far, boost::asio::buffer(request));
  HttpLimits limits;
  limits.write_timeout = 50ms;
  const auto begin = std::chrono::steady_clock::now();
  loop_.run(serve_http(*stream, limits, answer_at_length, refuse));
  CHECK_TRUE(std::chrono::steady_clock::now() - begin >= limits.write_timeout);
}

TEST(HttpServer, AnswersWhatItsHandlerThrowsWith500AndGoesOn) {
  const auto answer = talk(
      "GET /throw HTTP/1.1\r\nHost: h\r\n\r\nGET /next HTTP/1.1\r\nHost: h\r\nConnection: "
      "close\r\n\r\n");
  CHECK_TRUE(answer.starts_with("HTTP/1.1 500 "));
  CHECK_FALSE(has(answer, "inside"));
  CHECK_TRUE(has(answer, "GET /next"));
}

TEST(HttpServer, NeverSendsAFieldThatForgesAnother) {
  const auto answer = talk("GET /forge HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  CHECK_TRUE(answer.starts_with("HTTP/1.1 500 "));
  CHECK_FALSE(has(answer, "Set-Cookie"));
}

TEST(HttpServer, SendsNoBodyAndNoLengthWith204) {
  const auto answer = talk("DELETE /nothing HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  CHECK_TRUE(answer.starts_with("HTTP/1.1 204 "));
  CHECK_FALSE(has(answer, "Content-Length"));
  CHECK_TRUE(answer.ends_with("\r\n\r\n"));
}

TEST(HttpServer, SendsTheLengthButNotTheBodyToHead) {
  const auto answer = talk("HEAD /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  CHECK_TRUE(has(answer, "\r\nContent-Length: 17\r\n"));
  CHECK_TRUE(answer.ends_with("\r\n\r\n"));
}

TEST(HttpServer, KeepsAnOldClientsConnectionOnlyIfItSaysSo) {
  auto client = connect_to(loop_.executor(), listener_->port());
  const auto first =
      loop_.run(ask(client, "GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "host="));
  CHECK_TRUE(has(first, "\r\nConnection: keep-alive\r\n"));
  CHECK_TRUE(has(loop_.run(converse(client, "GET /2 HTTP/1.0\r\n\r\n")), "GET /2"));
}

TEST_GROUP(PlainHttpListener) {
  Loop loop_;
};

TEST(PlainHttpListener, ServesItsHandlerUntilItIsStopped) {
  auto listener = PlainHttpListener::bind(loop_.executor(), "127.0.0.1", 0, reflect);
  CHECK_TRUE(listener.has_value());
  (*listener)->start();
  auto client = connect_to(loop_.executor(), (*listener)->port());
  CHECK_TRUE(has(loop_.run(ask(client, "GET /x HTTP/1.1\r\nHost: h\r\n\r\n", "host=h")), "GET /x"));
  (*listener)->stop();
  STRCMP_EQUAL("", loop_.run(converse(client, "")).c_str());
  loop_.drain();
}

TEST(PlainHttpListener, RefusesMalformedRequestsItself) {
  auto listener = PlainHttpListener::bind(loop_.executor(), "127.0.0.1", 0, reflect);
  (*listener)->start();
  auto client = connect_to(loop_.executor(), (*listener)->port());
  CHECK_TRUE(loop_.run(converse(client, "?\r\n\r\n")).starts_with("HTTP/1.1 400 "));
  (*listener)->stop();
  loop_.drain();
}
