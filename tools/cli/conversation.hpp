// Many requests to a coordinator, some at a time, each chosen by what the answers before it said.
// The logic is the implementation's; ServiceClient::converse() moves the bytes and tells the time.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/json/value.hpp>

#include "shared/base/result.hpp"
#include "shared/base/timestamp.hpp"

namespace berth::cli {

struct Request {
  std::uint64_t ticket = 0;  // comes back with the answer
  std::string method;
  std::string path;  // as for ServiceClient::call()
  boost::json::value body;
};

// Whatever the status is.
struct Answer {
  int status = 0;
  boost::json::value body;           // null if there was none
  std::chrono::seconds retry_after;  // 0: not said
};

class Conversation {
 public:
  virtual ~Conversation() = default;

  // What to send now. Nothing: not before an answer came, or wake() is reached.
  [[nodiscard]] virtual std::optional<Request> next(MonotonicTime now) = 0;
  // An error says that there was no answer; the request may have been carried out all the same.
  virtual void answered(std::uint64_t ticket, Result<Answer> answer, MonotonicTime now) = 0;
  [[nodiscard]] virtual std::optional<MonotonicTime> wake() const = 0;
  // Once true, every answer is in and nothing more will be sent.
  [[nodiscard]] virtual bool is_over() const = 0;
  // Somebody pressed Ctrl-C: begin nothing new.
  virtual void interrupt() = 0;
  // About once a second, to show how far it is.
  virtual void tick(MonotonicTime now) = 0;
};

}  // namespace berth::cli
