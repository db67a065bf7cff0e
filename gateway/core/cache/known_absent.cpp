#include "gateway/core/cache/known_absent.hpp"

namespace berth::gateway {

void KnownAbsent::add(const domain::IdScope& tenant, const domain::RegistrationId& id) {
  const std::lock_guard lock(mutex_);
  if (capacity_ == 0 || !keys_.insert(key_of(tenant, id)).second) return;
  order_.push_back(key_of(tenant, id));
  if (order_.size() > capacity_) {
    keys_.erase(order_.front());
    order_.pop_front();
  }
}

bool KnownAbsent::contains(const domain::IdScope& tenant, const domain::RegistrationId& id) const {
  const std::lock_guard lock(mutex_);
  return keys_.contains(key_of(tenant, id));
}

void KnownAbsent::clear() {
  const std::lock_guard lock(mutex_);
  keys_.clear();
  order_.clear();
}

}  // namespace berth::gateway
