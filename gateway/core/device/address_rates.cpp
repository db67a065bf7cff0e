#include "gateway/core/device/address_rates.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>

namespace berth::gateway {

void AddressRates::refill(Bucket& bucket, MonotonicTime now) const {
  const double seconds = std::chrono::duration<double>(now - bucket.filled).count();
  bucket.tokens = std::min<double>(burst_, bucket.tokens + seconds * per_second_);
  bucket.filled = now;
}

// A full bucket is as good as none.
void AddressRates::forget_idle(MonotonicTime now) {
  for (auto entry = buckets_.begin(); entry != buckets_.end();) {
    refill(entry->second, now);
    entry = entry->second.tokens >= burst_ ? buckets_.erase(entry) : std::next(entry);
  }
}

bool AddressRates::allow(const std::string& address, MonotonicTime now) {
  auto found = buckets_.find(address);
  if (found == buckets_.end()) {
    if (buckets_.size() >= max_addresses_) forget_idle(now);
    if (buckets_.size() >= max_addresses_) return false;
    found = buckets_.emplace(address, Bucket{static_cast<double>(burst_), now}).first;
  }
  Bucket& bucket = found->second;
  refill(bucket, now);
  if (bucket.tokens < 1) return false;
  bucket.tokens -= 1;
  return true;
}

}  // namespace berth::gateway
