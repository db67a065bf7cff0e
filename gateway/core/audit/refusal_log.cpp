#include "gateway/core/audit/refusal_log.hpp"

#include <algorithm>
#include <string>

#include "gateway/core/audit/decision_notes.hpp"
#include "gateway/core/limits.hpp"

namespace berth::gateway {

std::optional<domain::AuditNote> RefusalLog::add(const Refused& refused, MonotonicTime now) {
  const auto passed = (now - refilled_) / kRefusalInterval;
  if (passed > 0) {
    tokens_ = std::min(kRefusalBurst, tokens_ + static_cast<std::size_t>(passed));
    refilled_ += passed * kRefusalInterval;
  }
  if (tokens_ == 0) {
    count(refused);
    return std::nullopt;
  }
  --tokens_;
  return note_of(refused);
}

void RefusalLog::count(const Refused& refused) {
  Kind kind{refused.tenant, std::string(name_of(refused.error.code))};
  if (!counts_.contains(kind) && counts_.size() >= kMaxRefusalKinds) kind = {{}, "other"};
  ++counts_[kind];
}

std::vector<domain::AuditNote> RefusalLog::due(MonotonicTime now) {
  std::vector<domain::AuditNote> notes;
  if (counts_.empty() || now - summarised_ < kRefusalSummaryInterval) return notes;
  summarised_ = now;
  for (const auto& [kind, count] : counts_) {
    domain::AuditNote note;
    note.tenant = kind.first;
    note.kind = "refused";
    note.add("reasonCode", kind.second).add("count", std::to_string(count));
    notes.push_back(std::move(note));
  }
  counts_.clear();
  return notes;
}

}  // namespace berth::gateway
