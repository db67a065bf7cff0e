// Deadlines for awaits: Boost 1.81 lacks cancel_after.
//
// Deadline ends the awaits that it is lent to; within() ends a whole task. Both also pass on the
// cancellation of the coroutine that awaits (TaskGroup::cancel), which a token bound to another
// slot would otherwise no longer hear.
#pragma once

#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "shared/base/result.hpp"
#include "shared/runtime/task.hpp"

namespace berth::runtime {

// For awaits of socket and timer operations, one at a time. Ask expired() before each await: an
// expiry between two awaits finds nothing to cancel. Not to be nested in one coroutine; for that
// there is within().
class Deadline {
 public:
  // `state` is what `co_await boost::asio::this_coro::cancellation_state` gives.
  Deadline(boost::asio::any_io_executor executor, std::chrono::milliseconds timeout,
           boost::asio::cancellation_state state);
  ~Deadline();
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  [[nodiscard]] bool expired() const;
  // The token for one await; its result is a tuple that begins with the error code.
  [[nodiscard]] auto token() {
    return boost::asio::bind_cancellation_slot(
        slot(),
        boost::asio::as_tuple(boost::asio::use_awaitable_t<boost::asio::any_io_executor>{}));
  }

 private:
  struct State;
  [[nodiscard]] boost::asio::cancellation_slot slot();

  std::shared_ptr<State> state_;  // shared with the timer's handler, which may outlive the await
  boost::asio::cancellation_slot parent_;
};

namespace detail {

template <class T>
Task<void> keep_result(Task<Result<T>> task, std::optional<Result<T>>& result) {
  result.emplace(co_await std::move(task));
}

// What every spawned task is wrapped in. co_spawn (Boost 1.81) awaits once more after a task that
// never suspended, outside its try: a task cancelled by then would end the program.
Task<void> guarded(Task<void> task);

}  // namespace detail

// Runs `task`, cancels it when `timeout` has passed and answers Errc::timed_out then. Returns after
// the task has ended in either case, so that the task may use what its caller owns.
template <class T>
Task<Result<T>> within(Task<Result<T>> task, std::chrono::milliseconds timeout) {
  const auto executor = co_await boost::asio::this_coro::executor;
  const auto state = co_await boost::asio::this_coro::cancellation_state;
  Deadline deadline(executor, timeout, state);
  std::optional<Result<T>> result;
  auto kept = detail::guarded(detail::keep_result(std::move(task), result));
  const auto [failure] =
      co_await boost::asio::co_spawn(executor, std::move(kept), deadline.token());
  if (!deadline.expired() && failure) std::rethrow_exception(failure);
  if (!result || (deadline.expired() && !result->has_value())) {
    co_return Error{Errc::timed_out, "no end within the deadline"};
  }
  co_return std::move(*result);
}

}  // namespace berth::runtime
