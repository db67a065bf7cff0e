#include "shared/runtime/deadline.hpp"

#include <stdexcept>

#include <CppUTest/TestHarness.h>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/system_error.hpp>

#include "shared/runtime/task_group.hpp"
#include "tests/support/loop.hpp"

using namespace std::chrono_literals;
using namespace berth;
using namespace berth::runtime;
using boost::asio::steady_timer;

namespace {

constexpr auto kToken =
    boost::asio::as_tuple(boost::asio::use_awaitable_t<boost::asio::any_io_executor>{});

Task<Result<int>> answer(int value) {
  co_return value;
}

Task<Result<int>> refuse() {
  co_return Error{Errc::throttled, "slower"};
}

Task<Result<int>> throw_up() {
  throw std::runtime_error("inside");
  co_return 1;
}

// Notes whether its locals were destroyed by the time within() has returned.
struct Witness {
  bool& gone;
  ~Witness() { gone = true; }
};

Task<Result<int>> wait_forever(bool& gone) {
  const Witness witness{gone};
  steady_timer timer(co_await boost::asio::this_coro::executor, steady_timer::time_point::max());
  co_await timer.async_wait(boost::asio::use_awaitable_t<boost::asio::any_io_executor>{});
  co_return 1;
}

// Swallows the first cancellation and reports it as a result of its own.
Task<Result<int>> wait_and_report() {
  steady_timer timer(co_await boost::asio::this_coro::executor, steady_timer::time_point::max());
  const auto [error] = co_await timer.async_wait(kToken);
  if (error) co_return Error{Errc::unavailable, "cancelled"};
  co_return 1;
}

Task<void> wait_within(std::chrono::milliseconds timeout, bool& gone, bool& ended) {
  auto waiting = wait_forever(gone);
  const Witness witness{ended};
  co_await within(std::move(waiting), timeout);
}

}  // namespace

TEST_GROUP(Deadline) {
  berth::testing::Loop loop_;
};

TEST(Deadline, PassesOnAResultInTime) {
  const auto result = loop_.run(within(answer(7), 10s));
  LONGS_EQUAL(7, result.value());
}

TEST(Deadline, PassesOnARefusalInTime) {
  const auto result = loop_.run(within(refuse(), 10s));
  CHECK_TRUE(result.error().code == Errc::throttled);
}

TEST(Deadline, PassesOnWhatTheTaskThrew) {
  bool caught = false;
  try {
    (void)loop_.run(within(throw_up(), 10s));
  } catch (const std::runtime_error&) {
    caught = true;
  }
  CHECK_TRUE(caught);
}

TEST(Deadline, EndsATaskThatTakesTooLongBeforeItAnswers) {
  bool gone = false;
  const auto result = loop_.run(within(wait_forever(gone), 1ms));
  CHECK_TRUE(result.error().code == Errc::timed_out);
  CHECK_TRUE(gone);
}

TEST(Deadline, NamesTheDeadlineWhateverTheCancelledTaskSays) {
  const auto result = loop_.run(within(wait_and_report(), 1ms));
  CHECK_TRUE(result.error().code == Errc::timed_out);
}

TEST(Deadline, PassesOnTheCancellationOfItsCaller) {
  bool gone = false;
  bool ended = false;
  TaskGroup group(loop_.executor(), 1, [](const std::string&) {});
  CHECK_TRUE(group.spawn(wait_within(1h, gone, ended)));
  loop_.io().poll();
  CHECK_FALSE(gone);
  group.cancel();
  loop_.run(group.drained());
  CHECK_TRUE(gone);
  CHECK_TRUE(ended);
}
