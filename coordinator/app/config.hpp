// The coordinator's configuration: berth-coordinator.example.toml, read and checked.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "coordinator/store/quotas.hpp"
#include "shared/base/result.hpp"
#include "shared/config/reach_settings.hpp"

namespace berth::coordinator {

struct CoordinatorConfig {
  std::string data_dir;
  // Where the root key is: in a file of data_dir, or sealed to this machine's TPM.
  bool root_key_in_tpm = false;
  std::string tpm;  // the way to the TPM, as libtss2 names it

  std::vector<std::string> addresses;  // of the service endpoint
  std::uint16_t port = 443;
  // The names and addresses that admins and gateways call it by. The first one goes into join
  // tokens, with public_port.
  std::vector<std::string> names;
  std::uint16_t public_port = 443;
  // PEM files; both empty: the coordinator's own CA issues the certificate for `names`.
  std::string certificate_file;
  std::string private_key_file;
  std::size_t max_connections = 2000;

  // PEM files of a CA to take over at first start; both empty: one is made.
  std::string ca_certificate_file;
  std::string ca_private_key_file;
  // Of the certificates that gateways get.
  std::chrono::seconds gateway_certificate_lifetime{0};

  // Where URLs that admins enter may lead: judged when they are written (loopback), and again when
  // they are called.
  config::ReachSettings reach;
  std::string webhook_ca_file;  // PEM; trusted for webhooks beside the machine's CAs

  Quotas quotas;
  std::uint32_t operations_per_minute = 0;  // of one tenant; 0: no bound

  std::string management_address;
  std::uint16_t management_port = 0;

  std::string log_level;

  // Errc::invalid or Errc::io, with one line per problem.
  static Result<CoordinatorConfig> load(const std::string& path);
};

}  // namespace berth::coordinator
