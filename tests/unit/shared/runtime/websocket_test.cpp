#include "shared/runtime/websocket.hpp"

#include <optional>
#include <string>

#include <CppUTest/TestHarness.h>

#include "shared/runtime/http_server.hpp"
#include "shared/runtime/plain_engine.hpp"
#include "shared/runtime/tls_listener.hpp"
#include "tests/unit/shared/runtime/loopback.hpp"

using namespace berth;
using namespace berth::runtime;
using namespace berth::testing;

namespace {

constexpr std::size_t kLimit = 1000;
// RFC 6455 section 1.3: this key is answered so.
const std::string kKey = "dGhlIHNhbXBsZSBub25jZQ==";
const std::string kAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

std::string upgrade(const std::string& more = {}) {
  return "GET /socket HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Key: " +
         kKey + "\r\nSec-WebSocket-Version: 13\r\n" + more + "\r\n";
}

constexpr std::uint8_t kText = 0x01;
constexpr std::uint8_t kBinary = 0x02;
constexpr std::uint8_t kClose = 0x08;
constexpr std::uint8_t kPing = 0x09;
constexpr std::uint8_t kFinal = 0x80;
constexpr std::uint8_t kMasked = 0x80;

// A client's frame (section 5.2), masked with zeros, so that its payload is readable.
std::string frame(int first, const std::string& payload) {
  std::string bytes(1, static_cast<char>(first));
  if (payload.size() < 126) {
    bytes += static_cast<char>(kMasked | payload.size());
  } else {
    bytes += static_cast<char>(kMasked | 126U);
    bytes += static_cast<char>(payload.size() >> 8U);
    bytes += static_cast<char>(payload.size() & 0xFFU);
  }
  return bytes + std::string(4, '\0') + payload;
}

std::string goodbye() {
  return frame(kFinal | kClose, {'\x03', '\xE8'});
}

// A server's frame.
std::string sent(int first, const std::string& payload) {
  return std::string(1, static_cast<char>(first)) + static_cast<char>(payload.size()) + payload;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

http::Response no_socket(int status) {
  http::Response response;
  response.status = status;
  return response;
}

Task<http::Response> not_found(http::Request) {
  co_return no_socket(404);
}

}  // namespace

TEST_GROUP(WebSocket) {
  Loop loop_;
  std::unique_ptr<TlsListener> listener_;
  std::string received_;        // by the server
  std::optional<Error> ended_;  // why the server's socket ended, if not in order
  std::optional<Error> refused_;
  bool closes_ = false;  // the server, once it has received something

  void setup() override {
    auto session = [this](TlsStream& stream) -> Task<void> {
      const HttpUpgrade take = [this, &stream](const http::Request& request,
                                               ByteView ahead) -> std::optional<Task<void>> {
        if (request.target != "/socket") return std::nullopt;
        return echo(stream, request, to_bytes(ahead));
      };
      return serve_http(stream, HttpLimits{}, not_found, no_socket, take);
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

  // Gives back what it takes, each piece as a message.
  Task<void> echo(TlsStream & stream, http::Request request, Bytes ahead) {
    WebSocketLimits limits;
    limits.max_message = kLimit;
    const auto socket =
        co_await WebSocket::accept(stream, std::move(request), std::move(ahead), "MQTT", limits);
    if (!socket) {
      refused_ = socket.error();
      co_return;
    }
    Bytes buffer(16);
    for (;;) {
      const auto count = co_await (*socket)->read_some(buffer, kPatience);
      if (!count) ended_ = count.error();
      if (!count || *count == 0) break;
      const ByteView piece(buffer.data(), *count);
      received_.append(as_text(piece));
      const auto written = co_await (*socket)->write_all(piece, kPatience);
      if (!written || closes_) break;
    }
    if (!ended_) co_await (*socket)->close();
  }
  std::string talk(const std::string& text) {
    auto client = connect_to(loop_.executor(), listener_->port());
    return loop_.run(converse(client, text));
  }
  // The answer to an upgrade and these frames, without the head.
  std::string frames_for(const std::string& frames) {
    const std::string answer = talk(upgrade() + frames);
    return answer.substr(answer.find("\r\n\r\n") + 4);
  }
  void check_closed_with(const std::string& frames, int code) {
    const std::string answer = frames_for(frames);
    const std::string reason{static_cast<char>(code >> 8), static_cast<char>(code)};
    CHECK_TRUE(has(answer, sent(kFinal | kClose, reason)) || has(answer.substr(2), reason));
    CHECK_TRUE(ended_.has_value());
  }
};

TEST(WebSocket, AcceptsAnUpgradeAndNamesTheSubprotocolAsItIsTold) {
  const std::string answer = talk(upgrade("Sec-WebSocket-Protocol: MQTT\r\n") + goodbye());
  CHECK_TRUE(answer.starts_with("HTTP/1.1 101 Switching Protocols\r\n"));
  CHECK_TRUE(has(answer, "Sec-WebSocket-Accept: " + kAccept + "\r\n"));
  CHECK_TRUE(has(answer, "Sec-WebSocket-Protocol: MQTT\r\n"));
}

TEST(WebSocket, AgreesOnNoExtension) {
  const std::string answer =
      talk(upgrade("Sec-WebSocket-Extensions: permessage-deflate\r\n") + goodbye());
  CHECK_TRUE(answer.starts_with("HTTP/1.1 101 "));
  CHECK_FALSE(has(answer, "Extensions"));
}

TEST(WebSocket, RefusesAnUpgradeThatIsNone) {
  for (const char* without :
       {"Upgrade: websocket\r\n", "Connection: Upgrade\r\n", "Sec-WebSocket-Version: 13\r\n"}) {
    std::string request = upgrade();
    request.erase(request.find(without), std::string(without).size());
    CHECK_TRUE_TEXT(has(talk(request), "HTTP/1.1 4"), without);
    CHECK_TRUE(refused_.has_value());
    refused_.reset();
  }
}

TEST(WebSocket, LeavesOtherRequestsToTheHandler) {
  CHECK_TRUE(talk("GET /else HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
                 .starts_with("HTTP/1.1 404 "));
}

TEST(WebSocket, CarriesBytesWhereverTheirMessagesEnd) {
  const std::string answer =
      frames_for(frame(kFinal | kBinary, "one") + frame(kFinal | kBinary, "") +
                 frame(kBinary, "tw") + frame(kFinal, "o") + goodbye());
  STRCMP_EQUAL("onetwo", received_.c_str());
  CHECK_TRUE(answer.starts_with(sent(kFinal | kBinary, "one")));
  CHECK_FALSE(ended_.has_value());
}

TEST(WebSocket, GivesALongMessageInPieces) {
  const std::string message(kLimit, 'x');
  frames_for(frame(kFinal | kBinary, message) + goodbye());
  STRCMP_EQUAL(message.c_str(), received_.c_str());
}

TEST(WebSocket, RefusesAMessageOverTheLimit) {
  check_closed_with(frame(kFinal | kBinary, std::string(kLimit + 1, 'x')), 1009);
}

TEST(WebSocket, RefusesAMessageThatGrowsOverTheLimit) {
  check_closed_with(frame(kBinary, std::string(kLimit, 'x')) + frame(kFinal, "x"), 1009);
}

TEST(WebSocket, RefusesALengthThatLies) {
  std::string lie{static_cast<char>(kFinal | kBinary), static_cast<char>(kMasked | 127U)};
  lie += std::string(1, '\x7F') + std::string(7, '\xFF') + std::string(4, '\0');
  check_closed_with(lie, 1009);
}

TEST(WebSocket, RefusesCompressedFrames) {
  constexpr int kCompressed = 0x40;
  check_closed_with(frame(kFinal | kCompressed | kBinary, "x"), 1002);
}

TEST(WebSocket, RefusesFramesThatAreNotMasked) {
  check_closed_with(sent(kFinal | kBinary, "x"), 1002);
}

TEST(WebSocket, RefusesTextMessages) {
  frames_for(frame(kFinal | kText, "text"));
  CHECK_TRUE(ended_.has_value());
  CHECK_TRUE(ended_->code == Errc::malformed);
  STRCMP_EQUAL("", received_.c_str());
}

TEST(WebSocket, AnswersPings) {
  constexpr int kPong = 0x0A;
  const std::string answer = frames_for(frame(kFinal | kPing, "ping") + goodbye());
  CHECK_TRUE(has(answer, sent(kFinal | kPong, "ping")));
  STRCMP_EQUAL("", received_.c_str());
}

TEST(WebSocket, SaysGoodbyeFirst) {
  closes_ = true;
  const std::string answer = frames_for(frame(kFinal | kBinary, "x") + goodbye());
  CHECK_TRUE(has(answer, sent(kFinal | kClose, {'\x03', '\xE8'})));
}

TEST(WebSocket, EndsWithItsConnection) {
  auto client = connect_to(loop_.executor(), listener_->port());
  CHECK_TRUE(has(loop_.run(ask(client, upgrade(), "\r\n\r\n")), "101"));
  client.close();
  listener_->stop();
  loop_.drain();
  CHECK_TRUE(ended_.has_value());
  CHECK_TRUE(ended_->code == Errc::unavailable);
}
