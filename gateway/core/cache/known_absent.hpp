// Registration IDs of which the coordinator said that it has no registration. From then on it tells
// this gateway of every change, so the absence is as good as a record (design section 3.4). Kept in
// memory only: after a restart the coordinator is asked again. Bounded; safe from several threads.
#pragma once

#include <cstddef>
#include <deque>
#include <mutex>
#include <string>
#include <unordered_set>

#include "gateway/core/limits.hpp"
#include "shared/domain/model/ids.hpp"

namespace berth::gateway {

class KnownAbsent {
 public:
  explicit KnownAbsent(std::size_t capacity = kMaxKnownAbsent) : capacity_(capacity) {}

  // The oldest one goes when there is no room.
  void add(const domain::IdScope& tenant, const domain::RegistrationId& id);
  [[nodiscard]] bool contains(const domain::IdScope& tenant,
                              const domain::RegistrationId& id) const;
  // All of them: the coordinator's word may have been lost with a resynchronisation.
  void clear();

 private:
  static std::string key_of(const domain::IdScope& tenant, const domain::RegistrationId& id) {
    return tenant.str() + "/" + id.folded();
  }

  std::size_t capacity_;
  mutable std::mutex mutex_;
  std::unordered_set<std::string> keys_;
  std::deque<std::string> order_;
};

}  // namespace berth::gateway
