// Many devices at once, bounded in number, and what they met: latency percentiles and error counts.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "shared/ports/crypto.hpp"
#include "tools/device/device.hpp"
#include "tools/device/transport.hpp"

namespace berth::device {

// Devices under way at once: each holds a connection, and a process has 20,000 descriptors at most.
inline constexpr std::size_t kMaxConcurrency = 5000;
// Registrations of one run, whose latencies are kept.
inline constexpr std::size_t kMaxRegistrations = 10'000'000;

struct Report {
  std::string registration_id;
  std::chrono::microseconds took{0};
  Result<Outcome> outcome = Error{Errc::internal, "not run"};
};

struct Summary {
  std::size_t registrations = 0;
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
  // A lane's way to the endpoint; called once for each lane.
  std::function<std::unique_ptr<Transport>(const TransportServices& services)> transport;
  std::size_t count = 1;
  std::size_t concurrency = 1;
  // See TransportServices::keep_connection: a load that measures requests instead of handshakes.
  bool keep_connections = false;
  // Not zero: every device registers again and again, until so much time has passed since the
  // start; registrations under way are waited for.
  std::chrono::milliseconds duration{0};
  // Over which the lanes start, evenly.
  std::chrono::milliseconds ramp{0};
  // Registrations that begin in a second, of the whole fleet; 0: as many as the lanes can.
  double per_second = 0;
  // The attempt of device `index`; called on the fleet's thread, just before it starts.
  std::function<Result<Attempt>(std::size_t index)> attempt;
  std::function<void(const Report&)> on_report;
};

// Runs until every device has ended, or the duration has passed.
[[nodiscard]] Summary run_fleet(const Fleet& fleet, ports::Crypto& crypto);

}  // namespace berth::device
