// RefusalLog: what a gateway's audit log says of refused devices. Anybody can make a gateway refuse
// him, as often as he likes: one by one they are told up to a rate; past it they are counted, and
// the counts are told from time to time. So none is left out, and none fills the disk (design 7).
//
// One owner, on one thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "gateway/core/limits.hpp"
#include "gateway/core/registration/action.hpp"
#include "shared/base/timestamp.hpp"
#include "shared/domain/audit/note.hpp"

namespace berth::gateway {

class RefusalLog {
 public:
  explicit RefusalLog(MonotonicTime now) : refilled_(now), summarised_(now) {}

  // The note to append now; none if it was only counted.
  [[nodiscard]] std::optional<domain::AuditNote> add(const Refused& refused, MonotonicTime now);
  // A note that could not be appended is counted after all.
  void count(const Refused& refused);
  // The counts, when it is time to tell them.
  [[nodiscard]] std::vector<domain::AuditNote> due(MonotonicTime now);
  [[nodiscard]] bool has_counts() const { return !counts_.empty(); }

 private:
  using Kind = std::pair<domain::IdScope, std::string>;  // the name of the Errc

  std::size_t tokens_ = kRefusalBurst;
  MonotonicTime refilled_;
  MonotonicTime summarised_;
  std::map<Kind, std::uint64_t> counts_;
};

}  // namespace berth::gateway
