#include "shared/runtime/task_group.hpp"

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include "shared/runtime/deadline.hpp"

namespace berth::runtime {

struct TaskGroup::State {
  State(boost::asio::any_io_executor executor_, std::size_t max_tasks_, OnError on_error_)
      : executor(std::move(executor_)),
        max_tasks(max_tasks_),
        on_error(std::move(on_error_)),
        empty(executor, boost::asio::steady_timer::time_point::max()) {}

  void ended(std::uint64_t id, const std::exception_ptr& failure) {
    tasks.erase(id);
    if (failure) report(failure);
    if (tasks.empty()) empty.cancel();
  }

  void report(const std::exception_ptr& failure) const {
    try {
      std::rethrow_exception(failure);
    } catch (const boost::system::system_error& error) {
      if (cancelled && error.code() == boost::asio::error::operation_aborted) return;
      on_error(error.what());
    } catch (const std::exception& error) {
      on_error(error.what());
    }
  }

  boost::asio::any_io_executor executor;
  std::size_t max_tasks;
  OnError on_error;
  boost::asio::steady_timer empty;  // never expires; cancelled when the last task ends
  // Two owners: this table, and cancel() while it walks a copy of it.
  std::map<std::uint64_t, std::shared_ptr<boost::asio::cancellation_signal>> tasks;
  std::uint64_t next_id = 0;
  bool cancelled = false;
};

TaskGroup::TaskGroup(boost::asio::any_io_executor executor, std::size_t max_tasks, OnError on_error)
    : state_(std::make_shared<State>(std::move(executor), max_tasks, std::move(on_error))) {}

TaskGroup::~TaskGroup() {
  cancel();
}

bool TaskGroup::spawn(Task<void> task) {
  if (state_->cancelled || state_->tasks.size() >= state_->max_tasks) return false;
  const std::uint64_t id = state_->next_id++;
  auto signal = std::make_shared<boost::asio::cancellation_signal>();
  state_->tasks.emplace(id, signal);
  boost::asio::co_spawn(
      state_->executor, detail::guarded(std::move(task)),
      boost::asio::bind_cancellation_slot(
          signal->slot(), [state = state_, id, signal](const std::exception_ptr& failure) {
            state->ended(id, failure);
          }));
  return true;
}

void TaskGroup::cancel() {
  state_->cancelled = true;
  std::vector<std::shared_ptr<boost::asio::cancellation_signal>> signals;
  for (const auto& [id, signal] : state_->tasks) signals.push_back(signal);
  for (const auto& signal : signals) signal->emit(boost::asio::cancellation_type::terminal);
  // co_spawn hands a cancellation to its executor with a bare pointer into the signal (Boost 1.81,
  // impl/co_spawn.hpp); a task that ends first must not take the signal with it.
  boost::asio::post(state_->executor, [kept = std::move(signals)] {});
}

Task<void> TaskGroup::drained() {
  // A copy keeps the state alive should the group go while this waits.
  const auto state = state_;
  while (!state->tasks.empty()) {
    co_await state->empty.async_wait(
        boost::asio::as_tuple(boost::asio::use_awaitable_t<boost::asio::any_io_executor>{}));
  }
}

std::size_t TaskGroup::size() const {
  return state_->tasks.size();
}

}  // namespace berth::runtime
