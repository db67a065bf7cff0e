// Allocation by lowest latency, as measured by the gateway that the device reached (design 3.5).
#pragma once

#include <chrono>
#include <optional>
#include <span>

#include "shared/domain/allocation/candidates.hpp"
#include "shared/domain/model/ids.hpp"
#include "shared/ports/crypto.hpp"

namespace berth::domain {

struct GeoLatencyRules {
  // Hubs within max(least, percent of the lowest) of the lowest are equal, and hashed.
  std::chrono::microseconds least_tie_band{5000};
  std::uint32_t tie_band_percent = 20;
};

// One hub's smoothed round trip: each sample counts a quarter.
class SmoothedLatency {
 public:
  SmoothedLatency() = default;
  explicit SmoothedLatency(std::chrono::microseconds last) : value_(last) {}

  void add(std::chrono::microseconds sample);
  [[nodiscard]] std::optional<std::chrono::microseconds> value() const { return value_; }

 private:
  std::optional<std::chrono::microseconds> value_;
};

// `current`: the hub of a registered device. It stays within tie band plus hysteresis (the same
// again) of the lowest, and where this gateway never measured it: nobody moves for want of
// knowledge. There must be at least one candidate.
[[nodiscard]] const Candidate& choose_by_latency(const RegistrationId& registration_id,
                                                 std::span<const Candidate> candidates,
                                                 const std::optional<HubId>& current,
                                                 const GeoLatencyRules& rules,
                                                 ports::Crypto& crypto);

}  // namespace berth::domain
