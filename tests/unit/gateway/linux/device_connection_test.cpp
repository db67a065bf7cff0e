#include "gateway/linux/device_connection.hpp"

#include <chrono>
#include <functional>
#include <optional>

#include <CppUTest/TestHarness.h>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "gateway/core/limits.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/loop.hpp"
#include "tests/unit/gateway/linux/fake_log.hpp"

using namespace berth;
using namespace berth::gateway;
using namespace berth::testing;

namespace {

constexpr std::size_t kAnswer = 64 * 1024;

// A device that sends so many bytes, one at a time, takes nothing that it is sent, and then waits
// until it is cut off.
class DeafTransport : public DeviceTransport {
 public:
  DeafTransport(const boost::asio::any_io_executor& executor, std::size_t bytes)
      : executor_(executor),
        cut_(executor, boost::asio::steady_timer::time_point::max()),
        left_(bytes) {}

  runtime::Task<Result<std::size_t>> read_some(std::span<std::uint8_t> into,
                                               std::chrono::milliseconds) override {
    if (left_ == 0) {
      if (when_read_all) when_read_all();
      co_await wait();
      co_return Error{Errc::unavailable, "cut off"};
    }
    // Whoever writes gets its turn.
    co_await boost::asio::post(executor(), boost::asio::use_awaitable);
    --left_;
    into.front() = 'x';
    co_return std::size_t{1};
  }
  runtime::Task<Result<void>> write_all(ByteView, std::chrono::milliseconds) override {
    co_await wait();
    co_return Error{Errc::unavailable, "cut off"};
  }
  runtime::Task<void> close() override { co_return; }
  void abort() override {
    is_cut_ = true;
    cut_.cancel();
  }
  void vouch() override {}
  std::string remote_address() const override { return "192.0.2.7"; }
  boost::asio::any_io_executor executor() const override { return executor_; }

  std::size_t left() const { return left_; }
  std::function<void()> when_read_all;

 private:
  runtime::Task<void> wait() {
    boost::system::error_code ignored;
    if (is_cut_) co_return;
    co_await cut_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
  }

  boost::asio::any_io_executor executor_;
  boost::asio::steady_timer cut_;  // never expires
  std::size_t left_;
  bool is_cut_ = false;
};

// Takes so long to take an answer, and then leaves.
class SlowTransport final : public DeafTransport {
 public:
  SlowTransport(const boost::asio::any_io_executor& executor, std::chrono::milliseconds takes)
      : DeafTransport(executor, 1), takes_(takes) {}

  runtime::Task<Result<void>> write_all(ByteView, std::chrono::milliseconds timeout) override {
    if (timeout < takes_) co_return Error{Errc::timed_out, "not taken in time"};
    has_taken_ = true;
    abort();
    co_return Result<void>{};
  }
  bool has_taken() const { return has_taken_; }

 private:
  const std::chrono::milliseconds takes_;
  bool has_taken_ = false;
};

// Answers every byte at length.
class TalkativeSession final : public DeviceSession {
 public:
  SessionOutput on_bytes(ByteView bytes) override {
    SessionOutput output;
    output.send.assign(bytes.size() * kAnswer, 'y');
    return output;
  }
  SessionOutput on_reply(const Reply&) override { return {}; }
  SessionOutput on_time() override { return {}; }
  std::optional<MonotonicTime> next_wake() const override { return std::nullopt; }
  std::size_t max_requests() const override { return 1; }
};

// It makes no request.
runtime::Task<Reply> refuse(DeviceRequest) {
  co_return Reply{0, Refusal{}};
}

}  // namespace

TEST_GROUP(DeviceConnection) {
  FakeClock clock_;
  FakeLog log_;
  Loop loop_;
  TalkativeSession session_;

  void serve(DeafTransport & transport) {
    DeviceConnection connection(transport, session_, "MQTT", refuse, clock_, log_);
    loop_.run(connection.serve());
  }
};

// One answer is on its way, and as many wait as the limit allows.
TEST(DeviceConnection, KeepsAnswersForASlowDevice) {
  DeafTransport transport(loop_.executor(), 1 + kMaxUnsentOutput / kAnswer);
  transport.when_read_all = [&transport] { transport.abort(); };
  serve(transport);
  LONGS_EQUAL(0, transport.left());
  LONGS_EQUAL(0, log_.count("does not take its answers"));
}

TEST(DeviceConnection, EndsADeviceThatTakesNoAnswers) {
  constexpr std::size_t kMore = 3;
  DeafTransport transport(loop_.executor(), 2 + kMaxUnsentOutput / kAnswer + kMore);
  serve(transport);
  LONGS_EQUAL(kMore, transport.left());
  LONGS_EQUAL(1, log_.count("does not take its answers"));
}

TEST(DeviceConnection, GivesADeviceItsTimeToTakeAnAnswer) {
  SlowTransport transport(loop_.executor(), kDeviceWriteDeadline);
  serve(transport);
  CHECK_TRUE(transport.has_taken());
}

TEST(DeviceConnection, EndsADeviceThatTakesLongerForAnAnswer) {
  SlowTransport transport(loop_.executor(), kDeviceWriteDeadline + std::chrono::milliseconds{1});
  serve(transport);
  CHECK_FALSE(transport.has_taken());
}
