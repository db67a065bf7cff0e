// Latency of the hubs as this gateway measures it (design section 3.5).
#pragma once

#include <chrono>
#include <optional>

#include "shared/domain/model/ids.hpp"

namespace berth::gateway {

class Probe {
 public:
  virtual ~Probe() = default;
  // The smoothed round trip to the hub; the last one known if the hub can't be reached now, none if
  // it was never reached.
  [[nodiscard]] virtual std::optional<std::chrono::microseconds> latency(
      const domain::HubId& hub) const = 0;
};

}  // namespace berth::gateway
