// How `berth dev restart|offline|online` reaches the `berth dev` that runs: a line each way over a
// Unix socket in its folder.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>

#include "shared/base/result.hpp"

namespace berth::dev {

inline constexpr std::size_t kMaxControlLine = 256;

class ControlServer {
 public:
  // The answer is one line; it begins with "ok" or says what is wrong.
  using Answer = std::function<void(std::string line)>;
  // Called on the executor; may answer later, from any thread.
  using Handler = std::function<void(std::string line, Answer answer)>;

  // Errc::conflict if another `berth dev` answers there.
  static Result<std::unique_ptr<ControlServer>> listen(boost::asio::any_io_executor executor,
                                                       const std::filesystem::path& socket,
                                                       Handler handler);
  ~ControlServer();
  void stop();

 private:
  struct Impl;
  explicit ControlServer(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;  // shared with the connections' coroutines
};

// Sends a line and returns the answer. Errc::unavailable if nothing listens.
[[nodiscard]] Result<std::string> control(const std::filesystem::path& socket,
                                          const std::string& line);

}  // namespace berth::dev
