#include "gateway/linux/config.hpp"

#include <arpa/inet.h>
#include <array>
#include <fstream>
#include <iterator>
#include <netinet/in.h>

#include "shared/config/config_file.hpp"
#include "shared/crypto/tss2/tpm_key_sealer.hpp"
#include "shared/runtime/log.hpp"

namespace berth::gateway {
namespace {

// What a listener binds to: an address, with a zone ("fe80::1%eth0") or without.
bool is_address(const std::string& text) {
  std::array<unsigned char, sizeof(in6_addr)> parsed{};
  return ::inet_pton(AF_INET, text.c_str(), parsed.data()) == 1 ||
         ::inet_pton(AF_INET6, text.substr(0, text.find('%')).c_str(), parsed.data()) == 1;
}

}  // namespace

Result<GatewayConfig> GatewayConfig::load(const std::string& path) {
  const auto file = config::ConfigFile::load(path);
  if (!file) return file.error();
  const config::Section root = file->root();
  GatewayConfig config;
  config.data_dir = root.text("data_dir", "/var/lib/berth-gateway");
  const std::string root_key = root.text("root_key", "file");
  config.root_key_in_tpm = root_key == "tpm";
  if (!config.root_key_in_tpm && root_key != "file") {
    root.refuse("root_key", "must be \"file\" or \"tpm\"");
  }
  config.tpm = root.text("tpm", crypto::kDefaultTcti);

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
  for (const std::string& address : config.device_addresses) {
    if (!is_address(address)) devices.refuse("addresses", address + " is no IP address");
  }
  config.https_port = devices.port("https_port", 443);
  config.mqtt_port = devices.port("mqtt_port", 8883);
  config.amqp_port = devices.port("amqp_port", 5671);
  config.coap_port = devices.port("coap_port", 5683);
  config.coaps_port = devices.port("coaps_port", 5684);
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
  config.max_connections = static_cast<std::size_t>(
      devices.integer("max_connections", kDefaultConnections, 1, kMostConnections));

  config.certificate_skew = std::chrono::seconds{devices.integer("certificate_skew_seconds",
                                                                 kDefaultCertificateSkew.count(), 0,
                                                                 kLargestCertificateSkew.count())};

  config.shards = static_cast<std::size_t>(root.integer("threads", 0, 0, 64));
  config.probe_interval =
      std::chrono::seconds{root.section("probes").integer("interval_seconds", 30, 1, 3600)};
  config.look_back_deadline = std::chrono::milliseconds{
      root.section("coordinator").integer("look_back_deadline_ms", 2000, 0, 60000)};

  config::ReachSettings site;
  site.private_networks = true;
  config.reach = config::read_reach(root.section("urls"), site);
  config.webhook_ca_file = root.section("webhooks").text("trusted_ca", "");

  const config::Section management = root.section("management");
  config.management_address = management.text("address", "127.0.0.1");
  config.management_port = management.port("port", 9443);
  if (!is_address(config.management_address)) management.refuse("address", "is no IP address");
  const config::Section log = root.section("log");
  config.log_level = log.text("level", "info");
  if (!runtime::parse_log_level(config.log_level)) {
    log.refuse("level", "must be error, warning, info or debug");
  }

  const auto checked = file->check();
  if (!checked) return checked.error();
  return config;
}

}  // namespace berth::gateway
