// One process that `berth dev` started. It dies with its parent: a killed `berth dev` leaves
// nothing behind.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <sys/types.h>
#include <vector>

#include "shared/base/result.hpp"

namespace berth::dev {

class Child {
 public:
  // Starts `program` with its standard error appended to `log`.
  static Result<Child> start(const std::filesystem::path& program,
                             const std::vector<std::string>& arguments,
                             const std::filesystem::path& log);
  Child(Child&& other) noexcept;
  Child& operator=(Child&& other) noexcept;
  ~Child();

  [[nodiscard]] pid_t pid() const { return pid_; }
  // False once it has ended; reaps it.
  [[nodiscard]] bool running();
  // Waits for it to end by itself; reaps it.
  [[nodiscard]] bool ends_within(std::chrono::milliseconds timeout);
  // SIGTERM, then SIGKILL after `grace`. Returns when it is gone.
  void stop(std::chrono::milliseconds grace);

 private:
  explicit Child(pid_t pid) : pid_(pid) {}
  pid_t pid_ = -1;
};

}  // namespace berth::dev
