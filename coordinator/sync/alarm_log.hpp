// AlarmLog: how many of a gateway's alarms are told. A gateway whose key somebody has can raise one
// with every frame that it sends: they are told one by one up to a rate; past it they are counted,
// and the counts are told from time to time (those that were not told yet are gone when the program
// stops). So none fills the disk, where the audit log keeps alarms for good (design 7). One
// gateway's alarms hide no other's.
//
// One owner, on one thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "shared/base/timestamp.hpp"
#include "shared/domain/model/ids.hpp"

namespace berth::coordinator {

// Alarms of one gateway that are told one by one at a time, and how long until one more may be.
inline constexpr std::size_t kAlarmBurst = 20;
inline constexpr std::chrono::seconds kAlarmInterval{60};
inline constexpr std::chrono::seconds kAlarmSummaryInterval{60};

class AlarmLog {
 public:
  explicit AlarmLog(MonotonicTime now) : summarised_(now) {}

  // Whether an alarm of the gateway is told; otherwise it was counted.
  [[nodiscard]] bool may_tell(const domain::GatewayId& gateway, MonotonicTime now);

  struct Counted {
    domain::GatewayId gateway;
    std::uint64_t alarms = 0;
  };
  // The counts, when it is time to tell them.
  [[nodiscard]] std::vector<Counted> due(MonotonicTime now);
  // Gateways that are remembered: those that raised alarms of late.
  [[nodiscard]] std::size_t remembered() const { return rates_.size(); }

 private:
  struct Rate {
    std::size_t tokens = kAlarmBurst;
    MonotonicTime refilled{};
    std::uint64_t counted = 0;
  };
  static void refill(Rate& rate, MonotonicTime now);

  MonotonicTime summarised_;
  std::map<domain::GatewayId, Rate> rates_;
};

}  // namespace berth::coordinator
