#include "shared/runtime/tls_stream.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include "shared/runtime/deadline.hpp"
#include "shared/runtime/dial.hpp"
#include "shared/runtime/source_network.hpp"

namespace berth::runtime {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

// One TLS record is at most 16 KiB and a little; a chunk of that size takes it in one system call.
constexpr std::size_t kReceiveChunk = 16 * 1024;
// How long close() waits for its close_notify to leave.
constexpr std::chrono::milliseconds kCloseTimeout{1000};
// What linger_and_close() takes of a peer that goes on sending, in chunks, within kCloseTimeout.
constexpr int kMaxLingerChunks = 512;

Error failed(const error_code& error) {
  return Error{Errc::unavailable, error.message()};
}

Error timed_out(const char* what) {
  return Error{Errc::timed_out, std::string("the peer took too long to ") + what};
}

bool closed_by_peer(const error_code& error) {
  return error == boost::asio::error::eof || error == boost::asio::error::connection_reset ||
         error == boost::asio::error::broken_pipe;
}

std::string text_of(const boost::asio::ip::address& address) {
  // Dual-stack sockets show IPv4 peers as ::ffff:192.0.2.7.
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, address.to_v6())
        .to_string();
  }
  return address.to_string();
}

}  // namespace

struct TlsStream::Impl {
  Impl(tcp::socket socket_, std::unique_ptr<ports::TlsEngine> engine_)
      : socket(std::move(socket_)),
        engine(std::move(engine_)),
        sent(socket.get_executor(), boost::asio::steady_timer::time_point::max()) {
    error_code ignored;
    // A peer that is already gone fails the first read; nothing here needs its address.
    remote = socket.remote_endpoint(ignored);
    local = socket.local_endpoint(ignored);
    socket.set_option(tcp::no_delay(true), ignored);
    socket.non_blocking(true, ignored);
  }

  void close_socket() {
    error_code ignored;
    socket.close(ignored);
    sent.cancel();
  }

  // Takes what has arrived. A buffer on the stack of a plain function: an idle connection then
  // holds none, neither in the heap nor in a coroutine's frame.
  error_code receive() {
    std::array<std::uint8_t, kReceiveChunk> chunk;
    error_code error;
    const std::size_t count = socket.read_some(boost::asio::buffer(chunk), error);
    if (!error) engine->feed(ByteView(chunk.data(), count));
    return error;
  }

  error_code discard() {
    std::array<std::uint8_t, kReceiveChunk> chunk;
    error_code error;
    socket.read_some(boost::asio::buffer(chunk), error);
    return error;
  }

  Task<error_code> fill(Deadline& deadline) {
    for (;;) {
      const error_code error = receive();
      if (error != boost::asio::error::would_block) co_return error;
      if (deadline.expired()) co_return boost::asio::error::operation_aborted;
      const auto [failure] = co_await socket.async_wait(tcp::socket::wait_read, deadline.token());
      if (failure) co_return failure;
    }
  }

  // Sends all the engine has. While one operation sends, another one that has to waits for it:
  // the socket takes one writer.
  Task<error_code> flush(Deadline& deadline) {
    while (sending || engine->has_output()) {
      if (deadline.expired()) co_return boost::asio::error::operation_aborted;
      if (!socket.is_open()) co_return boost::asio::error::connection_aborted;
      if (sending) {
        co_await sent.async_wait(deadline.token());
        continue;
      }
      sending = true;
      const Sender sender{*this};
      const Bytes output = engine->take_output();
      const auto [failure, count] =
          co_await boost::asio::async_write(socket, boost::asio::buffer(output), deadline.token());
      if (failure) co_return failure;
    }
    co_return error_code{};
  }

  // Gives the socket back to the next writer, however the sending coroutine ends.
  struct Sender {
    Impl& impl;
    ~Sender() {
      impl.sending = false;
      impl.sent.cancel();
    }
  };

  tcp::socket socket;
  std::unique_ptr<ports::TlsEngine> engine;
  tcp::endpoint remote;
  tcp::endpoint local;
  boost::asio::steady_timer sent;  // never expires; cancelled when a sender is through
  bool sending = false;
  std::function<void()> heard_vouched;
};

TlsStream::TlsStream(tcp::socket socket, std::unique_ptr<ports::TlsEngine> engine)
    : impl_(std::make_unique<Impl>(std::move(socket), std::move(engine))) {}

TlsStream::~TlsStream() = default;

Task<Result<void>> TlsStream::handshake(std::chrono::milliseconds timeout) {
  Impl& impl = *impl_;
  const auto state = co_await boost::asio::this_coro::cancellation_state;
  Deadline deadline(executor(), timeout, state);
  for (;;) {
    const ports::TlsStatus status = impl.engine->handshake();
    // Also after a failure: the alert tells the peer why.
    error_code error = co_await impl.flush(deadline);
    switch (status) {
      case ports::TlsStatus::done:
        if (!error) co_return Result<void>{};
        break;
      case ports::TlsStatus::want_read:
        if (!error) error = co_await impl.fill(deadline);
        break;
      case ports::TlsStatus::closed:
        impl.close_socket();
        co_return Error{Errc::unavailable, "the peer closed the connection during the handshake"};
      case ports::TlsStatus::failed:
        impl.close_socket();
        co_return Error{Errc::unauthorized, impl.engine->failure()};
    }
    if (error) {
      impl.close_socket();
      if (deadline.expired()) co_return timed_out("shake hands");
      if (closed_by_peer(error)) {
        co_return Error{Errc::unavailable, "the peer closed the connection during the handshake"};
      }
      co_return failed(error);
    }
  }
}

Task<Result<std::size_t>> TlsStream::read_some(std::span<std::uint8_t> into,
                                               std::chrono::milliseconds timeout) {
  Impl& impl = *impl_;
  const auto state = co_await boost::asio::this_coro::cancellation_state;
  Deadline deadline(executor(), timeout, state);
  for (;;) {
    std::size_t count = 0;
    const ports::TlsStatus status = impl.engine->read(into, count);
    // Reading can make the engine answer: a key update, an alert.
    error_code error;
    if (impl.engine->has_output()) error = co_await impl.flush(deadline);
    switch (status) {
      case ports::TlsStatus::done: co_return count;
      case ports::TlsStatus::want_read:
        if (!error) error = co_await impl.fill(deadline);
        break;
      case ports::TlsStatus::closed: co_return std::size_t{0};
      case ports::TlsStatus::failed:
        impl.close_socket();
        co_return Error{Errc::unavailable, impl.engine->failure()};
    }
    if (error) {
      if (deadline.expired()) co_return timed_out("send");
      // Without close_notify the end may be an attacker's; what has arrived is then not complete.
      if (error == boost::asio::error::eof) {
        co_return Error{Errc::unavailable, "the peer closed the connection"};
      }
      co_return failed(error);
    }
  }
}

Task<Result<void>> TlsStream::write_all(ByteView bytes, std::chrono::milliseconds timeout) {
  Impl& impl = *impl_;
  const auto state = co_await boost::asio::this_coro::cancellation_state;
  Deadline deadline(executor(), timeout, state);
  while (!bytes.empty()) {
    std::size_t count = 0;
    const ports::TlsStatus status = impl.engine->write(bytes, count);
    if (status != ports::TlsStatus::done) {
      // want_read would be a renegotiation, which no engine here agrees to.
      impl.close_socket();
      co_return Error{Errc::unavailable, impl.engine->failure()};
    }
    bytes = bytes.subspan(count);
    const error_code error = co_await impl.flush(deadline);
    if (error) {
      impl.close_socket();
      if (deadline.expired()) co_return timed_out("take what was sent");
      co_return failed(error);
    }
  }
  co_return Result<void>{};
}

Task<void> TlsStream::close() {
  Impl& impl = *impl_;
  if (!impl.socket.is_open()) co_return;
  const auto state = co_await boost::asio::this_coro::cancellation_state;
  Deadline deadline(executor(), kCloseTimeout, state);
  impl.engine->close();
  co_await impl.flush(deadline);
  impl.close_socket();
}

Task<void> TlsStream::linger_and_close() {
  Impl& impl = *impl_;
  if (!impl.socket.is_open()) co_return;
  const auto state = co_await boost::asio::this_coro::cancellation_state;
  Deadline deadline(executor(), kCloseTimeout, state);
  impl.engine->close();
  error_code error = co_await impl.flush(deadline);
  if (!error) impl.socket.shutdown(tcp::socket::shutdown_send, error);
  int chunks = 0;
  while (!error && !deadline.expired() && chunks < kMaxLingerChunks) {
    error = impl.discard();
    ++chunks;
    if (error != boost::asio::error::would_block) continue;
    const auto [failure] =
        co_await impl.socket.async_wait(tcp::socket::wait_read, deadline.token());
    error = failure;
  }
  impl.close_socket();
}

void TlsStream::vouch() {
  if (impl_->heard_vouched) impl_->heard_vouched();
}

void TlsStream::on_vouched(std::function<void()> heard) {
  impl_->heard_vouched = std::move(heard);
}

void TlsStream::abort() {
  impl_->close_socket();
}

const ports::TlsPeer& TlsStream::peer() const {
  return impl_->engine->peer();
}

std::string TlsStream::remote_address() const {
  return text_of(impl_->remote.address());
}

std::string TlsStream::remote_network() const {
  return network_of(impl_->remote.address());
}

std::uint16_t TlsStream::remote_port() const {
  return impl_->remote.port();
}

std::string TlsStream::local_address() const {
  return text_of(impl_->local.address());
}

boost::asio::any_io_executor TlsStream::executor() const {
  return impl_->socket.get_executor();
}

namespace {

Task<Result<std::unique_ptr<TlsStream>>> dial_and_shake_hands(
    boost::asio::any_io_executor executor, std::string host, std::uint16_t port,
    std::shared_ptr<ports::TlsContext> context, std::chrono::milliseconds timeout, Reach reach) {
  auto socket = co_await dial(executor, host, port, std::move(reach));
  if (!socket) co_return socket.error();
  auto stream = std::make_unique<TlsStream>(std::move(socket).value(), context->new_engine(host));
  const auto shaken = co_await stream->handshake(timeout);
  if (!shaken) co_return shaken.error();
  co_return std::move(stream);
}

}  // namespace

Task<Result<std::unique_ptr<TlsStream>>> connect_tls(boost::asio::any_io_executor executor,
                                                     std::string host, std::uint16_t port,
                                                     std::shared_ptr<ports::TlsContext> context,
                                                     std::chrono::milliseconds timeout,
                                                     Reach reach) {
  auto dialled =
      dial_and_shake_hands(executor, host, port, std::move(context), timeout, std::move(reach));
  auto stream = co_await within(std::move(dialled), timeout);
  if (!stream && stream.error().code == Errc::timed_out) {
    co_return Error{Errc::timed_out, "no connection to " + host + ":" + std::to_string(port) +
                                         " within " + std::to_string(timeout.count()) + " ms"};
  }
  co_return std::move(stream);
}

}  // namespace berth::runtime
