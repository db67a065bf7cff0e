#include "shared/runtime/websocket.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/websocket/stream.hpp>

namespace berth::runtime {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = boost::beast::websocket;
using boost::system::error_code;
using std::chrono::milliseconds;

constexpr auto kToken = asio::as_tuple(asio::use_awaitable_t<asio::any_io_executor>{});
// How long close() waits for the peer's goodbye.
constexpr milliseconds kCloseTimeout{1000};
constexpr unsigned kHttp11 = 11;

// TlsStream as Beast wants it: an AsyncStream. Its operations cannot be cancelled one by one; they
// end by their time-outs, or all together by abort().
class Layer {
 public:
  using executor_type = asio::any_io_executor;

  Layer(TlsStream& stream, Bytes ahead) : stream_(stream), ahead_(std::move(ahead)) {}

  executor_type get_executor() const { return stream_.executor(); }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    asio::mutable_buffer into;
    for (auto at = asio::buffer_sequence_begin(buffers);
         into.size() == 0 && at != asio::buffer_sequence_end(buffers); ++at) {
      into = asio::mutable_buffer(*at);
    }
    return start(read({static_cast<std::uint8_t*>(into.data()), into.size()}),
                 std::forward<Token>(token));
  }

  // A frame's header and payload go out together, as one record of TLS.
  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    Bytes from;
    for (auto at = asio::buffer_sequence_begin(buffers); at != asio::buffer_sequence_end(buffers);
         ++at) {
      const asio::const_buffer part(*at);
      append(from, {static_cast<const std::uint8_t*>(part.data()), part.size()});
    }
    return start(write(std::move(from)), std::forward<Token>(token));
  }

  void abort() { stream_.abort(); }

  milliseconds read_timeout{0};
  milliseconds write_timeout{0};

 private:
  struct Outcome {
    error_code error;
    std::size_t count = 0;
  };

  template <class Token>
  auto start(Task<Outcome> task, Token&& token) {
    return asio::async_initiate<Token, void(error_code, std::size_t)>(
        [executor = get_executor()](auto handler, Task<Outcome> operation) {
          // Owned by the operation of Beast that waits for it, as that is by its awaiter.
          asio::co_spawn(executor, std::move(operation),
                         [executor, done = std::move(handler)](const std::exception_ptr& failure,
                                                               Outcome outcome) mutable {
                           if (failure) outcome.error = asio::error::operation_aborted;
                           const auto to = asio::get_associated_executor(done, executor);
                           asio::dispatch(to, beast::bind_front_handler(
                                                  std::move(done), outcome.error, outcome.count));
                         });
        },
        token, std::move(task));
  }

  static error_code as_code(const Error& error) {
    return error.code == Errc::timed_out ? asio::error::timed_out : asio::error::connection_aborted;
  }

  Task<Outcome> read(std::span<std::uint8_t> into) {
    if (into.empty()) co_return Outcome{};
    if (!ahead_.empty()) {
      const std::size_t count = std::min(into.size(), ahead_.size());
      const auto end = ahead_.begin() + static_cast<std::ptrdiff_t>(count);
      std::copy(ahead_.begin(), end, into.begin());
      ahead_.erase(ahead_.begin(), end);
      co_return Outcome{{}, count};
    }
    const auto count = co_await stream_.read_some(into, read_timeout);
    if (!count) co_return Outcome{as_code(count.error()), 0};
    if (*count == 0) co_return Outcome{asio::error::eof, 0};
    co_return Outcome{{}, *count};
  }

  Task<Outcome> write(Bytes from) {
    const auto written = co_await stream_.write_all(from, write_timeout);
    if (!written) co_return Outcome{as_code(written.error()), 0};
    co_return Outcome{{}, from.size()};
  }

  TlsStream& stream_;
  Bytes ahead_;
};

// Beast ends a WebSocket so; the TLS connection below is its owner's to close.
template <class Handler>
void async_teardown(beast::role_type, Layer& layer, Handler&& handler) {
  asio::post(layer.get_executor(),
             beast::bind_front_handler(std::forward<Handler>(handler), error_code{}));
}

void beast_close_socket(Layer& layer) {
  layer.abort();
}

Error failed(const error_code& error) {
  const Errc code = error == asio::error::timed_out ? Errc::timed_out : Errc::unavailable;
  return Error{code, "WebSocket: " + error.message()};
}

}  // namespace

struct WebSocket::Impl {
  Impl(TlsStream& stream_, Bytes ahead, const WebSocketLimits& limits)
      : stream(stream_), socket(stream_, std::move(ahead)) {
    socket.read_message_max(limits.max_message);
    socket.auto_fragment(false);
    socket.binary(true);
    Layer& layer = socket.next_layer();
    layer.read_timeout = limits.handshake_timeout;
    layer.write_timeout = limits.handshake_timeout;
  }

  Task<void> say_goodbye(asio::steady_timer& timer) {
    const websocket::close_reason reason(websocket::close_code::normal);
    co_await socket.async_close(reason, kToken);
    timer.cancel();
  }
  Task<void> hurry(asio::steady_timer& timer) {
    const auto [cancelled] = co_await timer.async_wait(kToken);
    if (!cancelled) stream.abort();
  }

  TlsStream& stream;
  websocket::stream<Layer, false> socket;  // false: no permessage-deflate
};

WebSocket::WebSocket(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

WebSocket::~WebSocket() = default;

Task<Result<std::unique_ptr<WebSocket>>> WebSocket::accept(TlsStream& stream, http::Request request,
                                                           Bytes ahead, std::string subprotocol,
                                                           WebSocketLimits limits) {
  auto impl = std::make_unique<Impl>(stream, std::move(ahead), limits);
  beast::http::request<beast::http::empty_body> upgrade;
  upgrade.version(kHttp11);
  upgrade.method_string(request.method);
  upgrade.target(request.target);
  for (const auto& [name, value] : request.headers.all()) upgrade.set(name, value);
  impl->socket.set_option(
      websocket::stream_base::decorator([&subprotocol](websocket::response_type& response) {
        response.set(beast::http::field::sec_websocket_protocol, subprotocol);
      }));
  const auto [error] = co_await impl->socket.async_accept(upgrade, kToken);
  if (error) co_return failed(error);
  co_return std::unique_ptr<WebSocket>(new WebSocket(std::move(impl)));
}

Task<Result<std::size_t>> WebSocket::read_some(std::span<std::uint8_t> into, milliseconds timeout) {
  auto& socket = impl_->socket;
  socket.next_layer().read_timeout = timeout;
  for (;;) {
    const auto buffer = asio::buffer(into.data(), into.size());
    const auto [error, count] = co_await socket.async_read_some(buffer, kToken);
    if (error == websocket::error::closed) co_return std::size_t{0};
    if (error) co_return failed(error);
    // Both protocols are binary (MQTT 3.1.1 section 6; AMQP WebSocket binding section 2.4).
    if (socket.got_text()) co_return Error{Errc::malformed, "WebSocket: a text message"};
    if (count > 0) co_return count;  // else an empty frame
  }
}

Task<Result<void>> WebSocket::write_all(ByteView bytes, milliseconds timeout) {
  auto& socket = impl_->socket;
  socket.next_layer().write_timeout = timeout;
  const auto buffer = asio::buffer(bytes.data(), bytes.size());
  const auto [error, count] = co_await socket.async_write(buffer, kToken);
  static_cast<void>(count);
  if (error) co_return failed(error);
  co_return Result<void>{};
}

Task<void> WebSocket::close() {
  using namespace asio::experimental::awaitable_operators;  // NOLINT: the operator is all it has
  Impl& impl = *impl_;
  if (impl.socket.is_open()) {
    impl.socket.next_layer().read_timeout = kCloseTimeout;
    asio::steady_timer timer(executor(), kCloseTimeout);
    auto both = impl.say_goodbye(timer) && impl.hurry(timer);
    co_await std::move(both);
  }
  co_await impl.stream.close();
}

void WebSocket::abort() {
  impl_->stream.abort();
}

void WebSocket::vouch() {
  impl_->stream.vouch();
}

std::string WebSocket::remote_address() const {
  return impl_->stream.remote_address();
}

asio::any_io_executor WebSocket::executor() const {
  return impl_->stream.executor();
}

}  // namespace berth::runtime
