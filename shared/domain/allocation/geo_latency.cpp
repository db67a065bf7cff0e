#include "shared/domain/allocation/geo_latency.hpp"

#include <algorithm>
#include <vector>

#include "shared/base/assert.hpp"
#include "shared/domain/allocation/hashed.hpp"

namespace berth::domain {

void SmoothedLatency::add(std::chrono::microseconds sample) {
  if (!value_) {
    value_ = sample;
  } else {
    *value_ += (sample - *value_) / 4;
  }
}

const Candidate& choose_by_latency(const RegistrationId& registration_id,
                                   std::span<const Candidate> candidates,
                                   const std::optional<HubId>& current,
                                   const GeoLatencyRules& rules, ports::Crypto& crypto) {
  BERTH_ASSERT(!candidates.empty());
  std::optional<std::chrono::microseconds> lowest;
  for (const Candidate& candidate : candidates) {
    if (candidate.latency && (!lowest || *candidate.latency < *lowest)) lowest = candidate.latency;
  }
  const Candidate* stays = nullptr;
  if (current) {
    const auto found = std::ranges::find(candidates, *current, &Candidate::hub_id);
    if (found != candidates.end()) stays = &*found;
  }
  if (stays != nullptr && !stays->latency) return *stays;
  if (!lowest) return choose_hashed(registration_id, candidates, crypto);

  const auto band = std::max(rules.least_tie_band, *lowest * rules.tie_band_percent / 100);
  if (stays != nullptr && *stays->latency <= *lowest + 2 * band) return *stays;
  std::vector<Candidate> nearest;
  for (const Candidate& candidate : candidates) {
    if (candidate.latency && *candidate.latency <= *lowest + band) nearest.push_back(candidate);
  }
  const HubId chosen = choose_hashed(registration_id, nearest, crypto).hub_id;
  return *std::ranges::find(candidates, chosen, &Candidate::hub_id);
}

}  // namespace berth::domain
