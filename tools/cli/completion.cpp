#include "tools/cli/completion.hpp"

#include <set>

namespace berth::cli {
namespace {

// `everywhere`: options of the root, which every command takes.
void append_words(std::string& to, const CommandNode& node, const std::string& path,
                  const std::vector<CommandOption>& everywhere) {
  to += "    '" + path + "') words='";
  std::set<std::string> seen;
  const auto add = [&](const std::string& word) {
    if (!seen.insert(word).second) return;
    if (seen.size() > 1) to += ' ';
    to += word;
  };
  const auto add_options = [&](const std::vector<CommandOption>& options) {
    for (const CommandOption& option : options) {
      for (const std::string& name : option.names) add(name);
    }
  };
  for (const CommandNode& command : node.commands) add(command.name);
  add_options(node.options);
  add_options(everywhere);
  to += "' ;;\n";
  for (const CommandNode& command : node.commands) {
    append_words(to, command, path + " " + command.name, everywhere);
  }
}

void append_paths(std::string& to, const CommandNode& node, const std::string& path) {
  for (const CommandNode& command : node.commands) {
    const std::string below = path + " " + command.name;
    if (!to.empty()) to += '|';
    to += "'" + below + "'";
    append_paths(to, command, below);
  }
}

// The same option takes the same everywhere, so that its name is enough.
void append_choices(std::string& to, const CommandNode& node, std::set<std::string>& seen) {
  for (const CommandOption& option : node.options) {
    if (option.choices.empty() || !seen.insert(option.names.front()).second) continue;
    std::string names;
    for (const std::string& name : option.names) names += (names.empty() ? "" : "|") + name;
    std::string choices;
    for (const std::string& choice : option.choices) {
      choices += (choices.empty() ? "" : " ") + choice;
    }
    to += "    " + names + ") COMPREPLY=($(compgen -W '" + choices +
          "' -- \"$current\")); return ;;\n";
  }
  for (const CommandNode& command : node.commands) append_choices(to, command, seen);
}

}  // namespace

std::string bash_completion(const CommandNode& root) {
  std::string paths;
  append_paths(paths, root, root.name);
  std::string choices;
  std::set<std::string> seen;
  append_choices(choices, root, seen);
  std::string words;
  append_words(words, root, root.name, root.options);

  const std::string function = "_" + root.name;
  std::string script = "# bash completion of " + root.name + ": source it, or put it into\n";
  script += "# /usr/share/bash-completion/completions/" + root.name + "\n";
  script += function + "() {\n";
  script += "  local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n";
  script += "  local path='" + root.name + "' words='' i\n";
  script += "  for ((i = 1; i < COMP_CWORD; i++)); do\n";
  script += "    case \"$path ${COMP_WORDS[i]}\" in\n";
  script += "    " + paths + ") path=\"$path ${COMP_WORDS[i]}\" ;;\n";
  script += "    esac\n";
  script += "  done\n";
  script += "  case \"$before\" in\n" + choices + "  esac\n";
  script += "  case \"$path\" in\n" + words + "  esac\n";
  script += "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n";
  script += "}\n";
  script += "complete -o default -F " + function + " " + root.name + "\n";
  return script;
}

}  // namespace berth::cli
