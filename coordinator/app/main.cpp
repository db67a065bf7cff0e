// berth-coordinator: the authority: enrollments, hubs, gateways and registrations of a fleet.
#include "coordinator/app/coordinator.hpp"
#include "shared/config/server_options.hpp"

int main(int argc, char** argv) {
  using namespace berth;
  const config::ServerProgram program{
      "berth-coordinator", "Keeps the fleet: enrollments, hubs, gateways and registrations.",
      "SIGHUP reads the service certificate again."};
  config::ServerOptions options;
  if (const auto ended = config::parse_server_options(program, argc, argv, options)) return *ended;
  const auto loaded = coordinator::CoordinatorConfig::load(options.config_file);
  const auto good = loaded ? Result<void>() : Result<void>(loaded.error());
  if (const auto ended = config::end_after_config(program, options, good)) return *ended;

  const auto log = runtime::make_log(
      runtime::parse_log_format(options.log_format).value_or(runtime::LogFormat::automatic),
      runtime::parse_log_level(loaded->log_level).value_or(runtime::LogLevel::info), program.name);
  const auto coordinator = coordinator::Coordinator::open(*loaded, *log);
  if (!coordinator) {
    log->error("berth-coordinator can't start", {{"reason", coordinator.error().reason}});
    return config::kFailed;
  }
  (*coordinator)->run();
  return config::kDone;
}
