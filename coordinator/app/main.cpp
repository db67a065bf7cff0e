// berth-coordinator: the authority: enrollments, hubs, gateways and registrations of a fleet.
#include <cstdio>
#include <string>

#include <CLI/CLI.hpp>

#include "coordinator/app/coordinator.hpp"

int main(int argc, char** argv) {
  using namespace berth;
  std::string config_file = "/etc/berth/berth-coordinator.toml";
  std::string log_format = "auto";
  bool check_config = false;
  CLI::App app{"Keeps the fleet: enrollments, hubs, gateways and registrations.",
               "berth-coordinator"};
  app.footer(
      "Examples:\n"
      "  berth-coordinator --config /etc/berth/berth-coordinator.toml\n"
      "  berth-coordinator --config coordinator.toml --check-config\n\n"
      "Every key of the configuration is explained in berth-coordinator.example.toml. SIGTERM "
      "stops\n"
      "in order; SIGHUP reads the service certificate again.");
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
  const auto config = coordinator::CoordinatorConfig::load(config_file);
  if (!config) {
    std::fprintf(stderr, "berth-coordinator: %s\n", config.error().reason.c_str());
    return 2;
  }
  if (check_config) {
    std::printf("%s is good\n", config_file.c_str());
    return 0;
  }
  const auto format = runtime::parse_log_format(log_format);
  const auto level = runtime::parse_log_level(config->log_level);
  const auto log = runtime::make_log(format.value_or(runtime::LogFormat::automatic),
                                     level.value_or(runtime::LogLevel::info), "berth-coordinator");
  const auto coordinator = coordinator::Coordinator::open(*config, *log);
  if (!coordinator) {
    log->error("berth-coordinator can't start", {{"reason", coordinator.error().reason}});
    return 1;
  }
  (*coordinator)->run();
  return 0;
}
