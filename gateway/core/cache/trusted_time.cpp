#include "gateway/core/cache/trusted_time.hpp"

#include <algorithm>

#include "shared/protocol/sync/record_codec.hpp"

namespace berth::gateway {
namespace {

std::int64_t uptime_micros(const ports::Clock& clock) {
  return std::chrono::duration_cast<std::chrono::microseconds>(clock.monotonic()).count();
}

}  // namespace

TrustedTime::TrustedTime(ports::Clock& clock, WallTime high_water)
    : clock_(clock),
      offset_(unix_micros(std::max(clock.wall(), high_water)) - uptime_micros(clock)) {}

Result<WallTime> TrustedTime::restore(const store::Reader& reader) {
  auto record = reader.read(store::kNode, store::Table::node, kTimeMarkId);
  if (!record) return record.error();
  if (!*record) return WallTime{};
  auto mark = sync::decode<domain::TimeMark>((*record)->body);
  if (!mark) return mark.error();
  return mark->high_water;
}

WallTime TrustedTime::now() const {
  return std::max(clock_.wall(), from_unix_micros(offset_.load() + uptime_micros(clock_)));
}

bool TrustedTime::clock_is_behind() const {
  return clock_.wall() + kClockTolerance < from_unix_micros(offset_.load() + uptime_micros(clock_));
}

void TrustedTime::hear(WallTime coordinator_time) {
  offset_.store(unix_micros(coordinator_time) - uptime_micros(clock_));
}

store::ChangeSet TrustedTime::mark() const {
  store::Change change;
  change.table = store::Table::node;
  change.id = kTimeMarkId;
  change.body = sync::encode(domain::TimeMark{now()});
  store::ChangeSet set;
  set.tenant = store::kNode;
  set.changes.push_back(std::move(change));
  return set;
}

}  // namespace berth::gateway
