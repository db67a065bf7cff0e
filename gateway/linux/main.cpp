// berth-gateway: attests and assigns devices at a site, also while the coordinator is away.
#include "gateway/linux/gateway.hpp"
#include "shared/config/server_options.hpp"

int main(int argc, char** argv) {
  using namespace berth;
  const config::ServerProgram program{
      "berth-gateway", "Attests devices and gives them their hubs, at the site where they are.",
      "SIGHUP reads the device certificate again."};
  config::ServerOptions options;
  if (const auto ended = config::parse_server_options(program, argc, argv, options)) return *ended;
  const auto loaded = gateway::GatewayConfig::load(options.config_file);
  const auto good = loaded ? Result<void>() : Result<void>(loaded.error());
  if (const auto ended = config::end_after_config(program, options, good)) return *ended;

  const auto log = runtime::make_log(
      runtime::parse_log_format(options.log_format).value_or(runtime::LogFormat::automatic),
      runtime::parse_log_level(loaded->log_level).value_or(runtime::LogLevel::info), program.name);
  const auto gateway = gateway::Gateway::open(*loaded, *log);
  const auto ended = gateway ? (*gateway)->run() : Result<void>(gateway.error());
  if (ended) return config::kDone;
  log->error("berth-gateway can't go on", {{"reason", ended.error().reason}});
  return config::kFailed;
}
