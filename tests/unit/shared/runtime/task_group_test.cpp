#include "shared/runtime/task_group.hpp"

#include <chrono>
#include <optional>
#include <stdexcept>
#include <vector>

#include <CppUTest/TestHarness.h>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "tests/support/loop.hpp"

using namespace berth::runtime;
using boost::asio::steady_timer;

namespace {

constexpr boost::asio::use_awaitable_t<boost::asio::any_io_executor> kToken{};

Task<void> wait_forever() {
  steady_timer timer(co_await boost::asio::this_coro::executor, steady_timer::time_point::max());
  co_await timer.async_wait(kToken);
}

Task<void> end_at_once() {
  co_return;
}

Task<void> throw_up() {
  throw std::runtime_error("inside");
  co_return;
}

Task<void> cancel(TaskGroup& group) {
  group.cancel();
  co_return;
}

}  // namespace

TEST_GROUP(TaskGroup) {
  berth::testing::Loop loop_;
  std::vector<std::string> errors_;
  std::optional<TaskGroup> group_;

  void setup() override {
    group_.emplace(loop_.executor(), 2,
                   [this](const std::string& what) { errors_.push_back(what); });
  }
};

TEST(TaskGroup, TakesAsManyTasksAsItsLimitAndNoMore) {
  CHECK_TRUE(group_->spawn(wait_forever()));
  CHECK_TRUE(group_->spawn(wait_forever()));
  CHECK_FALSE(group_->spawn(wait_forever()));
  LONGS_EQUAL(2, group_->size());
}

TEST(TaskGroup, MakesRoomWhenATaskEnds) {
  CHECK_TRUE(group_->spawn(wait_forever()));
  CHECK_TRUE(group_->spawn(end_at_once()));
  loop_.io().poll();
  LONGS_EQUAL(1, group_->size());
  CHECK_TRUE(group_->spawn(wait_forever()));
}

TEST(TaskGroup, EndsAllTasksWhenCancelledAndTakesNoOther) {
  CHECK_TRUE(group_->spawn(wait_forever()));
  CHECK_TRUE(group_->spawn(wait_forever()));
  loop_.io().poll();
  group_->cancel();
  loop_.run(group_->drained());
  LONGS_EQUAL(0, group_->size());
  CHECK_FALSE(group_->spawn(end_at_once()));
  LONGS_EQUAL(0, errors_.size());
}

TEST(TaskGroup, IsDrainedAtOnceWhenEmpty) {
  loop_.run(group_->drained());
  LONGS_EQUAL(0, group_->size());
}

TEST(TaskGroup, ReportsWhatATaskThrows) {
  CHECK_TRUE(group_->spawn(throw_up()));
  loop_.run(group_->drained());
  LONGS_EQUAL(1, errors_.size());
  STRCMP_EQUAL("inside", errors_[0].c_str());
}

TEST(TaskGroup, CanBeCancelledByOneOfItsTasks) {
  CHECK_TRUE(group_->spawn(wait_forever()));
  CHECK_TRUE(group_->spawn(cancel(*group_)));
  loop_.run(group_->drained());
  LONGS_EQUAL(0, group_->size());
}

TEST(TaskGroup, CanBeCancelledBeforeATaskHasStarted) {
  CHECK_TRUE(group_->spawn(end_at_once()));
  group_->cancel();
  loop_.run(group_->drained());
  LONGS_EQUAL(0, group_->size());
}

TEST(TaskGroup, CancelsItsTasksWhenItGoes) {
  CHECK_TRUE(group_->spawn(wait_forever()));
  loop_.io().poll();
  group_.reset();
  loop_.drain();
  LONGS_EQUAL(0, errors_.size());
}
