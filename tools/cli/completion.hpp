// Shell completion, made from the command tree.
#pragma once

#include <string>
#include <vector>

namespace berth::cli {

struct CommandOption {
  std::vector<std::string> names;    // "--output", "-o"
  std::vector<std::string> choices;  // what it takes, if that is a closed set
};

struct CommandNode {
  std::string name;
  std::vector<CommandOption> options;
  std::vector<CommandNode> commands;
};

// A script for bash to source.
[[nodiscard]] std::string bash_completion(const CommandNode& root);

}  // namespace berth::cli
