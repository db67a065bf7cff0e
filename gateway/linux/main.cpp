// berth-gateway: attests and assigns devices at a site, also while the coordinator is away.
#include <cstdio>
#include <string>

#include <CLI/CLI.hpp>

#include "gateway/linux/gateway.hpp"

int main(int argc, char** argv) {
  using namespace berth;
  std::string config_file = "/etc/berth/berth-gateway.toml";
  std::string log_format = "auto";
  bool check_config = false;
  CLI::App app{"Attests devices and gives them their hubs, at the site where they are.",
               "berth-gateway"};
  app.footer(
      "Examples:\n"
      "  berth-gateway --config /etc/berth/berth-gateway.toml\n"
      "  berth-gateway --config gateway.toml --check-config\n\n"
      "Every key of the configuration is explained in berth-gateway.example.toml. SIGTERM stops\n"
      "in order; SIGHUP reads the device certificate again.");
  app.add_option("--config", config_file, "configuration file (TOML)")->capture_default_str();
  app.add_flag("--check-config", check_config, "say whether the configuration is good, and end");
  app.add_option("--log-format", log_format, "auto, text or json")
      ->check(CLI::IsMember({"auto", "text", "json"}))
      ->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  const auto config = gateway::GatewayConfig::load(config_file);
  if (!config) {
    std::fprintf(stderr, "berth-gateway: %s\n", config.error().reason.c_str());
    return 2;
  }
  if (check_config) {
    std::printf("%s is good\n", config_file.c_str());
    return 0;
  }
  const auto format = runtime::parse_log_format(log_format);
  const auto level = runtime::parse_log_level(config->log_level);
  const auto log = runtime::make_log(format.value_or(runtime::LogFormat::automatic),
                                     level.value_or(runtime::LogLevel::info), "berth-gateway");
  auto gateway = gateway::Gateway::open(*config, *log);
  const auto ended = gateway ? (*gateway)->run() : Result<void>(gateway.error());
  if (!ended) {
    log->error("berth-gateway can't go on", {{"reason", ended.error().reason}});
    return 1;
  }
  return 0;
}
