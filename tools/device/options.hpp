// berth-device's command line.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <variant>

#include "tools/device/attack.hpp"
#include "tools/device/connect.hpp"
#include "tools/device/fleet.hpp"

namespace berth::device {

// A device, or a fleet of them, that registers.
struct RegisterOptions {
  std::string dev_file;
  std::string host;
  std::uint16_t https_port = 443;
  std::uint16_t mqtt_port = 8883;
  std::uint16_t amqp_port = 5671;
  std::uint16_t coaps_port = 5684;
  std::string id_scope;
  std::string ca_file;
  std::string protocol = "https";
  std::string api_version = kApiVersion;
  std::string registration_id;
  std::string key;
  std::string group_key;
  std::string group_id;
  bool is_secondary_key = false;
  std::string certificate_file;
  std::string key_file;
  std::string issuer_file;
  std::string issuer_key_file;
  std::string tcti;
  bool wants_hub_token = false;
  bool shows_certificate = false;
  std::string payload;
  bool force = false;
  std::size_t count = 1;
  std::size_t concurrency = 50;
  int timeout_seconds = 60;
  int duration_seconds = 0;
  int ramp_seconds = 0;
  double per_second = 0;
  bool keep_connections = false;
  bool quiet = false;
};

// What an enrollment needs to know of a TPM.
struct TpmOptions {
  std::string tcti;
};

// The exit code if there is nothing to run: help was asked for, or the usage was wrong.
using Command = std::variant<int, RegisterOptions, ConnectOptions, AttackOptions, TpmOptions>;

[[nodiscard]] Command parse_command_line(int argc, const char* const* argv);

}  // namespace berth::device
