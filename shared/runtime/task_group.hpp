// TaskGroup: the owner of spawned coroutines. They are counted, bounded, cancelled together, and
// their end can be awaited; nothing is ever detached.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>

#include "shared/runtime/task.hpp"

namespace berth::runtime {

// All on one executor.
class TaskGroup {
 public:
  // What a task threw, except the cancellation that this group asked for.
  using OnError = std::function<void(const std::string& what)>;

  TaskGroup(boost::asio::any_io_executor executor, std::size_t max_tasks, OnError on_error);
  // Cancels what still runs. Tasks then end within a turn of the loop; what they refer to must live
  // until then, so await drained() before the owner of that goes.
  ~TaskGroup();
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  // False, and the task never starts, if the group is full or cancelled.
  bool spawn(Task<void> task);
  // Cancels all tasks; later ones are refused.
  void cancel();
  // Ends when no task is left.
  [[nodiscard]] Task<void> drained();
  [[nodiscard]] std::size_t size() const;

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with the tasks' completion handlers
};

}  // namespace berth::runtime
