#include "gateway/linux/config.hpp"

#include <fstream>
#include <iterator>

#include "shared/config/config_file.hpp"

namespace berth::gateway {

Result<GatewayConfig> GatewayConfig::load(const std::string& path) {
  const auto file = config::ConfigFile::load(path);
  if (!file) return file.error();
  const config::Section root = file->root();
  GatewayConfig config;
  config.data_dir = root.text("data_dir", "/var/lib/berth-gateway");

  const config::Section coordinator = root.section("coordinator");
  config.join_token = coordinator.text("join_token", "");
  const std::string token_file = coordinator.text("join_token_file", "");
  config.coordinator_host = coordinator.text("host", "");
  config.coordinator_port = coordinator.port("port", 0);
  if (!token_file.empty()) {
    std::ifstream stream(token_file);
    config.join_token.assign(std::istreambuf_iterator<char>(stream), {});
    while (!config.join_token.empty() &&
           (config.join_token.back() == '\n' || config.join_token.back() == '\r' ||
            config.join_token.back() == ' ')) {
      config.join_token.pop_back();
    }
  }

  const config::Section devices = root.section("devices");
  config.device_addresses = devices.texts("addresses");
  if (config.device_addresses.empty()) config.device_addresses = {"0.0.0.0", "::"};
  config.https_port = devices.port("https_port", 443);
  config.mqtt_port = devices.port("mqtt_port", 8883);
  config.certificate_file = devices.text("certificate", "");
  config.private_key_file = devices.text("private_key", "");
  config.device_names = devices.texts("names");
  if (config.certificate_file.empty() != config.private_key_file.empty()) {
    devices.refuse("certificate", "certificate and private_key go together");
  }
  if (config.certificate_file.empty() && config.device_names.empty()) {
    devices.refuse("names",
                   "name the host names and addresses that devices use, or give a "
                   "certificate");
  }
  config.max_connections =
      static_cast<std::size_t>(devices.integer("max_connections", 2000, 1, 20000));

  config.shards = static_cast<std::size_t>(root.integer("threads", 0, 0, 64));
  config.probe_interval =
      std::chrono::seconds{root.section("probes").integer("interval_seconds", 30, 1, 3600)};
  config.look_back_deadline = std::chrono::milliseconds{
      root.section("coordinator").integer("look_back_deadline_ms", 2000, 0, 60000)};

  const config::Section management = root.section("management");
  config.management_address = management.text("address", "127.0.0.1");
  config.management_port = management.port("port", 9443);
  config.log_level = root.section("log").text("level", "info");

  const auto checked = file->check();
  if (!checked) return checked.error();
  return config;
}

}  // namespace berth::gateway
