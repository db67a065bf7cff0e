#include "gateway/core/registration/failed_attempts.hpp"

#include <algorithm>
#include <utility>

#include "gateway/core/limits.hpp"
#include "shared/base/encoding.hpp"

namespace berth::gateway {
namespace {

// Nothing for the first `free` failures, then kFirstFailureDelay, doubled with every `step` more.
std::chrono::milliseconds delay_of(std::uint32_t failures, std::uint32_t free, std::uint32_t step) {
  if (failures <= free) return std::chrono::milliseconds{0};
  const std::uint32_t doublings = (failures - free - 1) / step;
  std::chrono::milliseconds delay = kFirstFailureDelay;
  for (std::uint32_t i = 0; i < doublings && delay < kMaxFailureDelay; ++i) delay *= 2;
  return std::min(delay, kMaxFailureDelay);
}

// What a device names is bounded before it is kept.
std::string device_key(std::string_view source, std::string_view id_scope,
                       std::string_view registration_id) {
  return std::string(source) + '\n' + to_lower(id_scope.substr(0, kMaxLoggedText)) + '\n' +
         to_lower(registration_id.substr(0, kMaxLoggedText));
}

}  // namespace

std::uint32_t RecentCounts::add(const std::string& key, MonotonicTime now) {
  if (now - begun_ >= window_) {
    // After a second silent window nothing of the one before it counts any more.
    previous_ = now - begun_ >= 2 * window_ ? std::unordered_map<std::string, std::uint32_t>{}
                                            : std::move(current_);
    current_.clear();
    begun_ = now;
  } else if (current_.size() >= max_keys_ && !current_.contains(key)) {
    previous_ = std::exchange(current_, {});
    begun_ = now;
  }
  const std::uint32_t now_counted = ++current_[key];
  const auto before = previous_.find(key);
  return now_counted + (before == previous_.end() ? 0 : before->second);
}

std::uint32_t RecentCounts::count(const std::string& key, MonotonicTime now) const {
  const MonotonicTime age = now - begun_;
  const auto of = [&key](const std::unordered_map<std::string, std::uint32_t>& counts) {
    const auto found = counts.find(key);
    return found == counts.end() ? 0 : found->second;
  };
  if (age >= 2 * window_) return 0;
  return age >= window_ ? of(current_) : of(current_) + of(previous_);
}

FailedAttempts::FailedAttempts()
    : by_device_(kFailureWindow, kMaxCountedFailures),
      by_source_(kFailureWindow, kMaxCountedFailures) {}

std::chrono::milliseconds FailedAttempts::note(std::string_view source, std::string_view id_scope,
                                               std::string_view registration_id,
                                               MonotonicTime now) {
  const std::string address(source);
  const std::string device = device_key(source, id_scope, registration_id);
  const auto for_device = delay_of(by_device_.add(device, now), kFreeFailuresOfDevice, 1);
  const auto for_source =
      delay_of(by_source_.add(address, now), kFreeFailuresOfSource, kFreeFailuresOfSource);
  return std::max(for_device, for_source);
}

bool FailedAttempts::is_suspect(std::string_view source, std::string_view id_scope,
                                std::string_view registration_id, MonotonicTime now) const {
  return by_device_.count(device_key(source, id_scope, registration_id), now) >=
             kFreeFailuresOfDevice ||
         by_source_.count(std::string(source), now) >= kFreeFailuresOfSource;
}

bool HeldReplies::hold(Reply& reply, MonotonicTime until) {
  if (held_.size() >= kMaxHeldReplies) return false;
  held_.emplace(until, std::move(reply));
  return true;
}

std::vector<Reply> HeldReplies::take_due(MonotonicTime now) {
  std::vector<Reply> due;
  while (!held_.empty() && held_.begin()->first <= now) {
    due.push_back(std::move(held_.begin()->second));
    held_.erase(held_.begin());
  }
  return due;
}

std::optional<MonotonicTime> HeldReplies::next_due() const {
  if (held_.empty()) return std::nullopt;
  return held_.begin()->first;
}

}  // namespace berth::gateway
