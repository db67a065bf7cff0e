#include "gateway/linux/device_connection.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "gateway/core/limits.hpp"

namespace berth::gateway {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kReadSize = 8 * 1024;
// A session's own deadlines are shorter; this only gives every wait an end.
constexpr std::chrono::milliseconds kLongestWait{3600000};

}  // namespace

DeviceConnection::DeviceConnection(DeviceTransport& transport, DeviceSession& session,
                                   std::string protocol, Ask ask, ports::Clock& clock,
                                   runtime::Log& log)
    : transport_(transport),
      session_(session),
      protocol_(std::move(protocol)),
      ask_(std::move(ask)),
      clock_(clock),
      log_(log),
      source_(transport.remote_address()),
      // The session bounds what is open; a task whose reply was just given still counts for a turn.
      requests_(
          transport.executor(), 2 * session.max_requests(),
          [this](const std::string& what) {
            log_.error(protocol_ + ": a request failed", {{"source", source_}, {"what", what}});
          }),
      wake_(transport.executor()),
      output_(transport.executor()) {}

// Cancelled or not, it waits for its requests: they refer to this object. Nothing here is thrown at
// by a cancellation; it ends the awaits, read() first.
runtime::Task<void> DeviceConnection::serve() {
  co_await asio::this_coro::throw_if_cancelled(false);
  {
    using namespace asio::experimental::awaitable_operators;  // NOLINT: the operator is all it has
    auto parts = read() && write() && keep_time();
    co_await std::move(parts);
  }
  requests_.cancel();
  co_await requests_.drained();
}

void DeviceConnection::take(SessionOutput output) {
  append(pending_, output.send);
  if (!output.reason.empty()) {
    log_.warning(protocol_ + ": " + output.reason, {{"source", source_}});
  }
  for (DeviceRequest& request : output.requests) {
    requests_.spawn(answer(std::move(request)));
  }
  if (output.close) ending_ = true;
  if (pending_.size() > kMaxUnsentOutput) {
    log_.warning(protocol_ + ": the device does not take its answers", {{"source", source_}});
    end();
  }
  output_.cancel();
  wake_.cancel();
}

void DeviceConnection::end() {
  if (ended_) return;
  ended_ = true;
  transport_.abort();
  output_.cancel();
  wake_.cancel();
}

runtime::Task<void> DeviceConnection::read() {
  co_await asio::this_coro::throw_if_cancelled(false);
  Bytes buffer(kReadSize);
  while (!ending_ && !ended_) {
    const auto count = co_await transport_.read_some(buffer, kLongestWait);
    if (!count || *count == 0) {
      end();
      break;
    }
    take(session_.on_bytes(ByteView(buffer.data(), *count)));
  }
}

runtime::Task<void> DeviceConnection::write() {
  co_await asio::this_coro::throw_if_cancelled(false);
  while (!ended_) {
    if (!pending_.empty()) {
      const Bytes sending = std::exchange(pending_, {});
      const auto written = co_await transport_.write_all(sending, kDeviceWriteDeadline);
      if (!written) end();
      continue;
    }
    if (ending_) {
      co_await transport_.close();
      end();
      break;
    }
    output_.expires_after(kLongestWait);
    boost::system::error_code ignored;
    co_await output_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
}

runtime::Task<void> DeviceConnection::keep_time() {
  co_await asio::this_coro::throw_if_cancelled(false);
  while (!ended_ && !ending_) {
    const auto wake = session_.next_wake();
    wake_.expires_after(wake ? std::max(MonotonicTime{0}, *wake - clock_.monotonic())
                             : MonotonicTime{kLongestWait});
    boost::system::error_code cancelled;
    co_await wake_.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
    // Cancelled: the session has moved on, and with it its time.
    if (!cancelled && !ended_) take(session_.on_time());
  }
}

runtime::Task<void> DeviceConnection::answer(DeviceRequest request) {
  co_await asio::this_coro::throw_if_cancelled(false);
  const Reply reply = co_await ask_(std::move(request));
  if (ended_) co_return;
  if (is_to_attested(reply)) transport_.vouch();
  take(session_.on_reply(reply));
}

}  // namespace berth::gateway
