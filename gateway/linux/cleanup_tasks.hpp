// What to do about what must go from a hub (design section 3.7): disable first, delete after a
// grace period, and only what no registration names. What is not there, or was written since, is
// looked for once more after the grace period, and from the start if that was between the two
// looks. What was disabled, or may have been, and turns out to be wanted is enabled again: another
// gateway, out of reach at that time, had registered the device there. What is in a hub that was
// unlinked is out of our hands, and the admin's.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "shared/base/result.hpp"
#include "shared/base/timestamp.hpp"
#include "shared/domain/model/ids.hpp"
#include "shared/domain/model/journal.hpp"
#include "shared/protocol/hub/connector.hpp"
#include "shared/store/record_store.hpp"

namespace berth::gateway {

inline constexpr std::chrono::seconds kCleanupInterval{5};
// Between disabling an identity and deleting it: time to notice a mistake.
inline constexpr std::chrono::hours kCleanupGrace{1};

// A task as the store holds it.
struct HeldCleanup {
  domain::IdScope tenant;
  std::uint64_t version = 0;
  domain::CleanupTask task;
};

[[nodiscard]] std::string cleanup_id(const domain::CleanupTask& task);

// Whether there may be something to do: it is due, or its identity is disabled and may be wanted.
[[nodiscard]] bool is_to_be_looked_at(const domain::CleanupTask& task, WallTime now);

enum class CleanupStep : std::uint8_t {
  wait,             // not now
  ask_coordinator,  // look the registration up; then decide once more
  drop,             // nothing is to be removed
  disable,
  enable,  // and then drop
  remove,
};
// `was_asked`: the coordinator has answered just now.
[[nodiscard]] CleanupStep next_step(const store::Reader& reader, const HeldCleanup& held,
                                    WallTime now, bool was_asked);

// What disable, enable and remove do to the hub. Decides again before it writes: between reading an
// identity and writing it a device may have come back. What comes later changes the identity's
// etag. `reader` outlives it.
[[nodiscard]] std::unique_ptr<hub::HubOperation> cleanup_operation(const store::Reader& reader,
                                                                   const HeldCleanup& held,
                                                                   CleanupStep step,
                                                                   hub::HubConnector& connector);

// The change that notes that the hub has done the step, or, for drop, that there is none. It leaves
// alone what was written in the task's place meanwhile.
[[nodiscard]] store::ChangeSet cleanup_done(const HeldCleanup& held, CleanupStep step,
                                            const hub::HubOutcome& outcome, WallTime now);

}  // namespace berth::gateway
