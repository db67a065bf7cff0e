#include "shared/config/server_options.hpp"

#include <cstdio>

#include <CLI/CLI.hpp>

namespace berth::config {

std::optional<int> parse_server_options(const ServerProgram& program, int argc,
                                        const char* const* argv, ServerOptions& options) {
  options = {"/etc/berth/" + program.name + ".toml", false, "auto"};
  CLI::App app{program.about, program.name};
  app.footer("Examples:\n  " + program.name + " --config /etc/berth/" + program.name + ".toml\n  " +
             program.name + " --config " + program.name +
             ".toml --check-config\n\nEvery key of the configuration is explained in " +
             program.name + ".example.toml.\nSIGTERM stops in order. " + program.more);
  app.add_option("--config", options.config_file, "configuration file (TOML)")
      ->capture_default_str();
  app.add_flag("--check-config", options.check_config,
               "say whether the configuration is good, and end");
  app.add_option("--log-format", options.log_format,
                 "auto (text on a terminal, else JSON lines), text or json")
      ->check(CLI::IsMember({"auto", "text", "json"}))
      ->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& ended) {
    return app.exit(ended) == 0 ? kDone : kWrongUsage;
  }
  return std::nullopt;
}

std::optional<int> end_after_config(const ServerProgram& program, const ServerOptions& options,
                                    const Result<void>& loaded) {
  if (!loaded) {
    std::fprintf(stderr, "%s: %s\n", program.name.c_str(), loaded.error().reason.c_str());
    return kWrongUsage;
  }
  if (!options.check_config) return std::nullopt;
  std::printf("%s is good\n", options.config_file.c_str());
  return kDone;
}

}  // namespace berth::config
