#include "tools/device/web_socket.hpp"

#include <array>

#include <CppUTest/TestHarness.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/websocket.hpp>

#include "shared/base/encoding.hpp"
#include "shared/runtime/plain_engine.hpp"
#include "tests/support/loop.hpp"

using namespace berth;
using namespace berth::testing;
using runtime::Task;
namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = boost::beast::websocket;
using asio::ip::tcp;

namespace {

constexpr std::chrono::seconds kPatience{30};
constexpr auto kToken = asio::as_tuple(asio::use_awaitable_t<asio::any_io_executor>{});

// Beast's own server end: answers the upgrade with `subprotocol`, then every message with itself.
struct EchoServer {
  std::string subprotocol = "mqtt";
  bool declines = false;
  std::string path;
  std::string offered;
  bool closed_in_order = false;

  Task<void> serve(tcp::socket socket) {
    beast::flat_buffer buffer;
    beast::http::request<beast::http::string_body> request;
    auto [error, count] = co_await beast::http::async_read(socket, buffer, request, kToken);
    if (error) co_return;
    path = std::string(request.target());
    offered = std::string(request[beast::http::field::sec_websocket_protocol]);
    if (declines) {
      beast::http::response<beast::http::string_body> response(beast::http::status::not_found, 11);
      response.prepare_payload();
      co_await beast::http::async_write(socket, response, kToken);
      co_return;
    }
    websocket::stream<tcp::socket> stream(std::move(socket));
    stream.set_option(websocket::stream_base::decorator([this](websocket::response_type& answer) {
      answer.set(beast::http::field::sec_websocket_protocol, subprotocol);
    }));
    auto [refused] = co_await stream.async_accept(request, kToken);
    if (refused) co_return;
    for (;;) {
      beast::flat_buffer message;
      auto [ended, size] = co_await stream.async_read(message, kToken);
      closed_in_order = ended == websocket::error::closed;
      if (ended) co_return;
      stream.binary(stream.got_binary());
      auto [failed, written] = co_await stream.async_write(message.data(), kToken);
      if (failed) co_return;
    }
  }
};

Task<Result<std::string>> read_all(device::ByteStream& stream, std::size_t size) {
  std::string all;
  while (all.size() < size) {
    std::array<std::uint8_t, 1024> chunk{};
    const auto count = co_await stream.read_some(chunk, kPatience);
    if (!count) co_return count.error();
    if (*count == 0) co_return Error{Errc::unavailable, "closed"};
    all.append(as_text(ByteView(chunk.data(), *count)));
  }
  co_return all;
}

}  // namespace

TEST_GROUP(DeviceWebSocket) {
  Loop loop_;
  EchoServer server_;
  std::unique_ptr<device::ByteStream> stream_;

  Result<void> open(const std::string& subprotocol) {
    tcp::acceptor acceptor(loop_.io(), tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    tcp::socket client(loop_.io());
    client.connect(acceptor.local_endpoint());
    asio::co_spawn(loop_.io(), server_.serve(tcp::socket(acceptor.accept())),
                   [](const std::exception_ptr&) {});
    auto tls = std::make_unique<runtime::TlsStream>(tcp::socket(std::move(client)),
                                                    runtime::make_plain_context()->new_engine(""));
    auto opened =
        loop_.run(device::open_web_socket(std::move(tls), "127.0.0.1", subprotocol, kPatience));
    if (!opened) return opened.error();
    stream_ = std::move(*opened);
    return {};
  }

  void teardown() override {
    stream_.reset();
    loop_.drain();
  }
};

TEST(DeviceWebSocket, OffersThePathAndTheSubprotocolOfDevices) {
  CHECK_TRUE(open("mqtt").has_value());
  STRCMP_EQUAL("/$iothub/websocket", server_.path.c_str());
  STRCMP_EQUAL("mqtt", server_.offered.c_str());
}

TEST(DeviceWebSocket, CarriesBytesBothWays) {
  CHECK_TRUE(open("mqtt").has_value());
  const std::string text(100000, 'x');
  CHECK_TRUE(loop_.run(stream_->write_all(as_bytes(text), kPatience)).has_value());
  const auto echoed = loop_.run(read_all(*stream_, text.size()));
  CHECK_TRUE(*echoed == text);
}

TEST(DeviceWebSocket, SaysGoodbye) {
  CHECK_TRUE(open("mqtt").has_value());
  loop_.run(stream_->close());
  loop_.drain();
  CHECK_TRUE(server_.closed_in_order);
}

TEST(DeviceWebSocket, WantsItsSubprotocolBackByteForByte) {
  server_.subprotocol = "MQTT";
  const auto opened = open("mqtt");
  STRCMP_EQUAL("the endpoint does not speak WebSocket subprotocol mqtt",
               opened.error().reason.c_str());
}

TEST(DeviceWebSocket, SaysWhatTheEndpointAnsweredInsteadOfSwitching) {
  server_.declines = true;
  const auto opened = open("mqtt");
  STRCMP_EQUAL("no WebSocket: status 404", opened.error().reason.c_str());
}
