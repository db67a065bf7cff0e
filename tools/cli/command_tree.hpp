// The command line of `berth`: every verb, its options and its help. Parsing ends with one command
// chosen, or with an exit code.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "shared/base/result.hpp"
#include "tools/cli/completion.hpp"
#include "tools/cli/options.hpp"

namespace berth::cli {

// Exit codes (a promise to scripts).
inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kWrongUsage = 2;

// What the `berth dev` verbs do. Handed in, since they are another tool's (tools/dev), which itself
// calls the coordinator through this folder.
struct DevCommands {
  std::function<Result<void>(const DevStartOptions&)> start;
  std::function<Result<void>(const std::string& dir, const std::vector<std::string>& command)>
      control;
};

class CommandTree {
 public:
  explicit CommandTree(DevCommands dev);
  ~CommandTree();
  CommandTree(const CommandTree&) = delete;
  CommandTree& operator=(const CommandTree&) = delete;

  // The exit code if there is nothing to run: help was asked for and printed, or the usage is
  // wrong, which was said.
  [[nodiscard]] std::optional<int> parse(int argc, const char* const* argv, std::ostream& out,
                                         std::ostream& err);

  // Runs what was chosen, prints what it has to show or what went wrong, and gives the exit code.
  [[nodiscard]] int run(std::ostream& out, std::ostream& err);

  [[nodiscard]] CommandNode describe() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace berth::cli
