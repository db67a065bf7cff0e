// Many devices at once, bounded in number, and what they met: latency percentiles and error counts.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "shared/ports/crypto.hpp"
#include "tools/device/device.hpp"

namespace berth::device {

// Devices under way at once: each holds a connection, and a process has 20,000 descriptors at most.
inline constexpr std::size_t kMaxConcurrency = 5000;

struct Report {
  std::string registration_id;
  std::chrono::microseconds took{0};
  Result<Outcome> outcome = Error{Errc::internal, "not run"};
};

struct Summary {
  std::size_t assigned = 0;
  std::map<std::string, std::size_t> hubs;           // assigned devices by hub
  std::map<std::string, std::size_t> errors;         // by code and text
  std::vector<std::chrono::microseconds> latencies;  // of the assigned, sorted by finish()

  void add(const Report& report);
  void finish();
  // Of the assigned devices; `percent` from 0 to 100. Zero if there is none.
  [[nodiscard]] std::chrono::microseconds percentile(double percent) const;
};

struct Fleet {
  Protocol protocol = Protocol::https;
  std::size_t count = 1;
  std::size_t concurrency = 1;
  // HTTPS devices take over the connection of the one before, as a load that measures requests
  // instead of handshakes. All must share one TLS context.
  bool keep_alive = false;
  // The attempt of device `index`; called on the fleet's thread, just before it starts.
  std::function<Result<Attempt>(std::size_t index)> attempt;
  std::function<void(const Report&)> on_report;
};

// Runs until every device has ended.
[[nodiscard]] Summary run_fleet(const Fleet& fleet, ports::Crypto& crypto);

}  // namespace berth::device
