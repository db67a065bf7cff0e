#include "coordinator/api/operation_rate.hpp"

namespace berth::coordinator {

bool OperationRate::admit(const domain::IdScope& tenant) {
  if (per_minute_ == 0) return true;
  if (const auto now = minute(); now != counted_) {
    counted_ = now;
    calls_.clear();
  }
  std::uint32_t& calls = calls_[tenant];
  if (calls == per_minute_) return false;
  ++calls;
  return true;
}

std::chrono::seconds OperationRate::retry_after() const {
  const std::chrono::seconds end = minute() + std::chrono::minutes{1};
  return end - std::chrono::floor<std::chrono::seconds>(clock_.monotonic());
}

std::chrono::minutes OperationRate::minute() const {
  return std::chrono::floor<std::chrono::minutes>(clock_.monotonic());
}

}  // namespace berth::coordinator
