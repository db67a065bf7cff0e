// What berth-hub is told by its configuration file; berth-hub.example.toml documents every key.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "shared/base/result.hpp"
#include "shared/runtime/log.hpp"
#include "tools/hub/access.hpp"

namespace berth::hub_server {

struct HubConfig {
  std::string host_name;
  std::string address;
  std::uint16_t port = 0;
  std::string certificate_file;
  std::string private_key_file;
  std::size_t max_devices = 0;
  std::vector<Policy> policies;
};

struct Config {
  std::string database;
  runtime::LogLevel log_level = runtime::LogLevel::info;
  std::string management_address;
  std::uint16_t management_port = 0;
  std::vector<HubConfig> hubs;
};

// All that is wrong with the file is in the error's reason, a line for each problem.
[[nodiscard]] Result<Config> load_config(const std::string& path);
[[nodiscard]] Result<Config> parse_config(const std::string& text, const std::string& name);

}  // namespace berth::hub_server
