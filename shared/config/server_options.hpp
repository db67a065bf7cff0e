// The command line that our servers share: --config, --check-config, --log-format, --help. CLI11 is
// seen only in server_options.cpp.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "shared/base/result.hpp"

namespace berth::config {

// What a program exits with.
inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kWrongUsage = 2;

struct ServerProgram {
  std::string name;   // "berth-gateway"
  std::string about;  // one sentence
  std::string more;   // what --help says below the examples
};

struct ServerOptions {
  std::string config_file;
  bool check_config = false;
  std::string log_format;  // auto, text or json
};

// The exit code instead, if there is nothing to serve: help was asked for, or the usage is wrong.
[[nodiscard]] std::optional<int> parse_server_options(const ServerProgram& program, int argc,
                                                      const char* const* argv,
                                                      ServerOptions& options);

// Says on stderr what is wrong with the configuration, or with --check-config that nothing is. The
// exit code, if that is all there is to do.
[[nodiscard]] std::optional<int> end_after_config(const ServerProgram& program,
                                                  const ServerOptions& options,
                                                  const Result<void>& loaded);

}  // namespace berth::config
