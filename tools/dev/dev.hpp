// `berth dev`: a whole installation on loopback (a coordinator, a gateway, two hubs), and with that
// a local emulator of DPS.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "shared/base/result.hpp"

namespace berth::dev {

struct DevOptions {
  std::filesystem::path dir;
  // Device listeners at base+443 and so on, everything on 127.0.0.1.
  std::optional<std::uint16_t> port_base;
  // 443 and 8883 on localhost for devices, 127.0.0.2:443 for the service API, as SDKs assume.
  bool standard_ports = false;
  // One more hub: a Mosquitto broker.
  bool with_mosquitto = false;
  // Where berth-coordinator, berth-gateway and berth-hub are.
  std::filesystem::path programs;
};

// Starts it all, prints one line `ready: DIR/dev.json` and serves until SIGTERM or Ctrl-C. An error
// if something could not be started.
[[nodiscard]] Result<void> run_dev(const DevOptions& options);

// Tells the `berth dev` that runs in `dir` to do something: {"restart", "coordinator"},
// {"offline"}, {"online"}. Returns when it is done.
[[nodiscard]] Result<void> control_dev(const std::filesystem::path& dir,
                                       const std::vector<std::string>& command);

}  // namespace berth::dev
