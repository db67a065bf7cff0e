// berth: the command line for admins, installers and developers.
#include <exception>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include "tools/cli/command_tree.hpp"
#include "tools/dev/dev.hpp"

namespace {

// The servers are installed beside this program.
std::filesystem::path own_folder() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path();
}

berth::cli::DevCommands dev_commands() {
  return {[](const berth::cli::DevStartOptions& options) {
            return berth::dev::run_dev({options.dir, options.port_base, options.standard_ports,
                                        options.with_mosquitto, own_folder()});
          },
          [](const std::string& dir, const std::vector<std::string>& command) {
            return berth::dev::control_dev(dir, command);
          }};
}

int run(int argc, const char* const* argv) {
  berth::cli::CommandTree tree(dev_commands());
  if (const auto ended = tree.parse(argc, argv, std::cout, std::cerr)) return *ended;
  return tree.run(std::cout, std::cerr);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& failure) {
    std::cerr << "berth: " << failure.what() << std::endl;
    return berth::cli::kFailed;
  }
}
