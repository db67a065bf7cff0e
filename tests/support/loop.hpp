// Runs coroutines to their end on a loop of the test's own. A coroutine that has not ended after
// kLoopPatience fails the test by a dead program, never by a wrong answer.
#pragma once

#include <chrono>
#include <exception>
#include <optional>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "shared/base/assert.hpp"
#include "shared/runtime/task.hpp"

namespace berth::testing {

inline constexpr std::chrono::seconds kLoopPatience{60};

class Loop {
 public:
  [[nodiscard]] boost::asio::any_io_executor executor() { return io_.get_executor(); }
  [[nodiscard]] boost::asio::io_context& io() { return io_; }

  template <class T>
  T run(runtime::Task<T> task) {
    std::optional<T> result;
    start(keep(std::move(task), result));
    finish();
    return std::move(*result);
  }

  void run(runtime::Task<void> task) {
    start(std::move(task));
    finish();
  }

  // Runs until nothing is left to do: every coroutine has ended, every socket is closed.
  void drain() {
    io_.restart();
    io_.run_for(kLoopPatience);
    BERTH_ASSERT(io_.stopped());
  }

 private:
  template <class T>
  static runtime::Task<void> keep(runtime::Task<T> task, std::optional<T>& result) {
    result.emplace(co_await std::move(task));
  }

  void start(runtime::Task<void> task) {
    ended_ = false;
    failure_ = nullptr;
    boost::asio::co_spawn(io_, std::move(task), [this](const std::exception_ptr& failure) {
      ended_ = true;
      failure_ = failure;
    });
  }

  void finish() {
    io_.restart();
    const auto end = std::chrono::steady_clock::now() + kLoopPatience;
    while (!ended_ && std::chrono::steady_clock::now() < end) {
      if (io_.run_one_until(end) == 0) break;
    }
    BERTH_ASSERT(ended_);
    if (failure_) std::rethrow_exception(failure_);
  }

  boost::asio::io_context io_{1};
  bool ended_ = false;
  std::exception_ptr failure_;
};

}  // namespace berth::testing
