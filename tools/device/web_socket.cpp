#include "tools/device/web_socket.hpp"

#include <exception>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/role.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/websocket.hpp>

#include "tools/device/conversation.hpp"

namespace berth::device {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = boost::beast::websocket;
using boost::system::error_code;

namespace {

constexpr auto kToken = asio::as_tuple(asio::use_awaitable_t<asio::any_io_executor>{});

// A TLS stream in the shape that Beast asks for. Its deadline is set before each operation of the
// WebSocket and holds for all reads and writes below it.
class TlsLayer {
 public:
  using executor_type = asio::any_io_executor;

  explicit TlsLayer(std::unique_ptr<runtime::TlsStream> stream) : stream_(std::move(stream)) {}

  executor_type get_executor() const { return stream_->executor(); }
  runtime::TlsStream& stream() { return *stream_; }
  void set_deadline(Deadline deadline) { deadline_ = deadline; }
  // What went wrong below, for the reason: Beast knows error codes only.
  const std::optional<Error>& failure() const { return failure_; }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return asio::async_initiate<Token, void(error_code, std::size_t)>(
        [this](auto handler, const Buffers& into) { start(read(into), std::move(handler)); }, token,
        buffers);
  }

  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return asio::async_initiate<Token, void(error_code, std::size_t)>(
        [this](auto handler, const Buffers& from) { start(write(from), std::move(handler)); },
        token, buffers);
  }

  // What Beast finds by argument-dependent lookup: how the layer below a WebSocket is torn down,
  // and closed when one of Beast's own timeouts strikes.
  friend void beast_close_socket(TlsLayer& layer) { layer.stream().abort(); }
  friend void teardown(beast::role_type, TlsLayer& layer, error_code& error) {
    layer.stream().abort();
    error = {};
  }
  template <class Handler>
  friend void async_teardown(beast::role_type, TlsLayer& layer, Handler&& handler) {
    asio::co_spawn(layer.get_executor(), layer.stream().close(),
                   [handler = std::forward<Handler>(handler)](const std::exception_ptr&) mutable {
                     handler(error_code{});
                   });
  }

 private:
  template <class Handler>
  void start(runtime::Task<std::size_t> task, Handler handler) {
    const auto executor = asio::get_associated_executor(handler, get_executor());
    asio::co_spawn(get_executor(), std::move(task),
                   asio::bind_executor(
                       executor, [this, handler = std::move(handler)](
                                     const std::exception_ptr& thrown, std::size_t count) mutable {
                         error_code error;
                         if (thrown || count == 0) error = asio::error::eof;
                         handler(error, count);
                       }));
  }

  // Both give 0 at the end and after a failure, which failure() keeps.
  template <class Buffers>
  runtime::Task<std::size_t> read(Buffers buffers) {
    for (auto at = asio::buffer_sequence_begin(buffers); at != asio::buffer_sequence_end(buffers);
         ++at) {
      const asio::mutable_buffer part(*at);
      if (part.size() == 0) continue;
      const std::span<std::uint8_t> into(static_cast<std::uint8_t*>(part.data()), part.size());
      const auto count = co_await stream_->read_some(into, left_until(deadline_));
      if (!count) failure_ = count.error();
      co_return count ? *count : 0;
    }
    co_return std::size_t{0};
  }

  template <class Buffers>
  runtime::Task<std::size_t> write(Buffers buffers) {
    std::size_t count = 0;
    for (auto at = asio::buffer_sequence_begin(buffers); at != asio::buffer_sequence_end(buffers);
         ++at) {
      const asio::const_buffer part(*at);
      const ByteView from(static_cast<const std::uint8_t*>(part.data()), part.size());
      const auto written = co_await stream_->write_all(from, left_until(deadline_));
      if (!written) {
        failure_ = written.error();
        co_return std::size_t{0};
      }
      count += part.size();
    }
    co_return count;
  }

  std::unique_ptr<runtime::TlsStream> stream_;
  Deadline deadline_;
  std::optional<Error> failure_;
};

class WebSocket final : public ByteStream {
 public:
  explicit WebSocket(std::unique_ptr<runtime::TlsStream> stream) : socket_(std::move(stream)) {
    socket_.binary(true);
    // Deadlines are the layer's; Beast's own would need its tcp_stream.
    websocket::stream_base::timeout none{};
    none.handshake_timeout = websocket::stream_base::none();
    none.idle_timeout = websocket::stream_base::none();
    socket_.set_option(none);
  }

  runtime::Task<Result<void>> shake_hands(const std::string& host, const std::string& subprotocol,
                                          std::chrono::milliseconds timeout) {
    socket_.set_option(
        websocket::stream_base::decorator([&subprotocol](websocket::request_type& request) {
          request.set(beast::http::field::sec_websocket_protocol, subprotocol);
          request.set(beast::http::field::user_agent, kUserAgent);
        }));
    begin(timeout);
    websocket::response_type response;
    const auto [error] = co_await socket_.async_handshake(response, host, kWebSocketPath, kToken);
    if (error == websocket::error::upgrade_declined) {
      co_return Error{Errc::unavailable,
                      "no WebSocket: status " + std::to_string(response.result_int())};
    }
    if (error) co_return failed(error);
    const auto echoed = response[beast::http::field::sec_websocket_protocol];
    if (echoed != subprotocol) {
      co_return Error{Errc::unavailable,
                      "the endpoint does not speak WebSocket subprotocol " + subprotocol};
    }
    co_return Result<void>{};
  }

  runtime::Task<Result<std::size_t>> read_some(std::span<std::uint8_t> into,
                                               std::chrono::milliseconds timeout) override {
    begin(timeout);
    for (;;) {
      const auto [error, count] =
          co_await socket_.async_read_some(asio::buffer(into.data(), into.size()), kToken);
      if (error == websocket::error::closed) co_return std::size_t{0};
      if (error) co_return failed(error);
      // A message may be empty, or end with an empty frame; zero bytes would read as the end.
      if (count > 0) co_return count;
    }
  }

  runtime::Task<Result<void>> write_all(ByteView bytes,
                                        std::chrono::milliseconds timeout) override {
    begin(timeout);
    const auto [error, count] =
        co_await socket_.async_write(asio::buffer(bytes.data(), bytes.size()), kToken);
    if (error) co_return failed(error);
    co_return Result<void>{};
  }

  runtime::Task<void> close() override {
    constexpr std::chrono::milliseconds kCloseTimeout{1000};
    begin(kCloseTimeout);
    const auto [error] = co_await socket_.async_close(websocket::close_code::normal, kToken);
    static_cast<void>(error);  // it is over either way
    socket_.next_layer().stream().abort();
  }

 private:
  void begin(std::chrono::milliseconds timeout) {
    socket_.next_layer().set_deadline(std::chrono::steady_clock::now() + timeout);
  }

  Error failed(const error_code& error) {
    const auto& below = socket_.next_layer().failure();
    return below ? *below : Error{Errc::unavailable, "WebSocket: " + error.message()};
  }

  websocket::stream<TlsLayer> socket_;
};

}  // namespace

runtime::Task<Result<std::unique_ptr<ByteStream>>> open_web_socket(
    std::unique_ptr<runtime::TlsStream> stream, std::string host, std::string subprotocol,
    std::chrono::milliseconds timeout) {
  auto socket = std::make_unique<WebSocket>(std::move(stream));
  const auto shaken = co_await socket->shake_hands(host, subprotocol, timeout);
  if (!shaken) co_return shaken.error();
  std::unique_ptr<ByteStream> opened = std::move(socket);
  co_return std::move(opened);
}

}  // namespace berth::device
