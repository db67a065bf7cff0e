// The registration as every protocol goes through it (device API 1.8): register, and ask what
// became of it until it has ended. A protocol only carries the questions and the answers.
#pragma once

#include <chrono>
#include <string>

#include "shared/base/result.hpp"
#include "shared/runtime/task.hpp"
#include "tools/device/device.hpp"

namespace berth::device {

using Deadline = std::chrono::steady_clock::time_point;

// What is left until then, at least a millisecond.
[[nodiscard]] std::chrono::milliseconds left_until(Deadline deadline);

struct Reply {
  int status = 0;
  std::string retry_after;  // as the endpoint wrote it; empty: nothing
  std::string body;
};

class Conversation {
 public:
  virtual ~Conversation() = default;
  // Registers; with an operation ID, asks what became of that operation.
  [[nodiscard]] virtual runtime::Task<Result<Reply>> ask(std::string operation_id,
                                                         Deadline deadline) = 0;
};

[[nodiscard]] runtime::Task<Result<Outcome>> converse(Conversation& conversation,
                                                      Deadline deadline);

}  // namespace berth::device
