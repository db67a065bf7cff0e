#include "coordinator/sync/alarm_log.hpp"

#include <algorithm>

namespace berth::coordinator {

void AlarmLog::refill(Rate& rate, MonotonicTime now) {
  const auto passed = (now - rate.refilled) / kAlarmInterval;
  if (passed <= 0) return;
  rate.tokens = std::min(kAlarmBurst, rate.tokens + static_cast<std::size_t>(passed));
  rate.refilled += passed * kAlarmInterval;
}

bool AlarmLog::may_tell(const domain::GatewayId& gateway, MonotonicTime now) {
  const auto [known, is_new] = rates_.try_emplace(gateway);
  Rate& rate = known->second;
  if (is_new) rate.refilled = now;
  refill(rate, now);
  if (rate.tokens == 0) {
    ++rate.counted;
    return false;
  }
  --rate.tokens;
  return true;
}

std::vector<AlarmLog::Counted> AlarmLog::due(MonotonicTime now) {
  std::vector<Counted> counted;
  if (now - summarised_ < kAlarmSummaryInterval) return counted;
  summarised_ = now;
  for (auto at = rates_.begin(); at != rates_.end();) {
    Rate& rate = at->second;
    refill(rate, now);
    if (rate.counted > 0) counted.push_back({at->first, rate.counted});
    rate.counted = 0;
    at = rate.tokens == kAlarmBurst ? rates_.erase(at) : std::next(at);
  }
  return counted;
}

}  // namespace berth::coordinator
