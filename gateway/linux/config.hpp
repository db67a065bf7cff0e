// The gateway's configuration: berth-gateway.example.toml, read and checked.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "gateway/core/limits.hpp"
#include "shared/base/result.hpp"
#include "shared/config/reach_settings.hpp"

namespace berth::gateway {

inline constexpr std::chrono::seconds kDefaultCertificateSkew{300};
inline constexpr std::chrono::seconds kLargestCertificateSkew = std::chrono::hours{24};

struct GatewayConfig {
  std::string data_dir;
  // Where the root key is: in a file of data_dir, or sealed to this machine's TPM.
  bool root_key_in_tpm = false;
  std::string tpm;  // the way to the TPM, as libtss2 names it

  // The one-time token from `berth gateway create`; needed once, ignored afterwards.
  std::string join_token;
  // Where the coordinator is reached from here, if not where the token says.
  std::string coordinator_host;
  std::uint16_t coordinator_port = 0;

  std::vector<std::string> device_addresses;
  std::uint16_t https_port = 443;
  std::uint16_t mqtt_port = 8883;
  std::uint16_t amqp_port = 5671;
  std::uint16_t coap_port = 5683;
  std::uint16_t coaps_port = 5684;
  // PEM files; both empty: the coordinator's CA issues the certificate for `device_names`.
  std::string certificate_file;
  std::string private_key_file;
  std::vector<std::string> device_names;
  std::size_t max_connections = kDefaultConnections;
  // How far the clocks of devices' CAs and ours may be apart when a validity is judged.
  std::chrono::seconds certificate_skew = kDefaultCertificateSkew;

  std::size_t shards = 0;  // threads that serve devices; 0: one per core
  std::chrono::seconds probe_interval{30};
  std::chrono::milliseconds look_back_deadline{2000};

  std::string management_address;
  std::uint16_t management_port = 0;

  // Where hubs, probes and webhooks may lead.
  config::ReachSettings reach;
  std::string webhook_ca_file;  // PEM; trusted for webhooks beside the machine's CAs

  std::string log_level;

  // Errc::invalid or Errc::io, with one line per problem.
  static Result<GatewayConfig> load(const std::string& path);
};

}  // namespace berth::gateway
