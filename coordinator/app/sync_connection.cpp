#include "coordinator/app/sync_connection.hpp"

#include <chrono>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace berth::coordinator {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::milliseconds kTick{1000};
constexpr std::size_t kReadSize = 64 * 1024;
// The session's own deadline ends a silent peer before.
constexpr std::chrono::milliseconds kReadTimeout{120000};
constexpr std::chrono::milliseconds kWriteTimeout{30000};

}  // namespace

std::function<void()> SyncConnection::wake() {
  return [this] { output_.cancel(); };
}

runtime::Task<void> SyncConnection::serve(GatewaySession& session) {
  using namespace asio::experimental::awaitable_operators;  // NOLINT: the operator is all it has
  auto parts = read(session) && write(session) && keep_time(session);
  co_await std::move(parts);
}

void SyncConnection::end() {
  if (ended_) return;
  ended_ = true;
  stream_.abort();
  output_.cancel();
}

runtime::Task<void> SyncConnection::read(GatewaySession& session) {
  Bytes buffer(kReadSize);
  while (!ended_ && !session.closed()) {
    const auto count = co_await stream_.read_some(buffer, kReadTimeout);
    if (!count || *count == 0) {
      end();
      break;
    }
    session.receive(ByteView(buffer.data(), *count), clock_.monotonic());
    output_.cancel();
  }
}

runtime::Task<void> SyncConnection::write(GatewaySession& session) {
  while (!ended_) {
    if (session.has_output()) {
      const Bytes output = session.take_output();
      const auto written = co_await stream_.write_all(output, kWriteTimeout);
      if (!written) end();
      continue;
    }
    if (session.closed()) {
      co_await stream_.close();
      end();
      break;
    }
    output_.expires_after(kTick);
    boost::system::error_code ignored;
    co_await output_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
}

runtime::Task<void> SyncConnection::keep_time(GatewaySession& session) {
  asio::steady_timer timer(stream_.executor());
  while (!ended_ && !session.closed()) {
    timer.expires_after(kTick);
    co_await timer.async_wait(asio::use_awaitable);
    session.tick(clock_.monotonic());
    output_.cancel();
  }
}

}  // namespace berth::coordinator
