// The tries to write a device to hubs, as an intent keeps them: which error ends a try how, and
// what a try may have left behind (design section 3.6 and 3.7).
#pragma once

#include <string>
#include <vector>

#include "shared/base/result.hpp"
#include "shared/base/timestamp.hpp"
#include "shared/domain/model/ids.hpp"
#include "shared/domain/model/journal.hpp"

namespace berth::gateway {

// The hub may take it another time: the device stays `assigning`.
[[nodiscard]] bool is_passing(Errc code);
// A definite no, before anything was written: a new, hashed device may go to the next hub.
[[nodiscard]] bool is_definite_refusal(Errc code);

// The intent now goes for that hub.
void begin_attempt(domain::Intent& intent, const domain::HubId& hub, const std::string& host_name,
                   WallTime now);

// The gateway stopped meanwhile: how the last attempt ended, if it was made, is not known.
void note_interruption(domain::Intent& intent);

// The last attempt ended so. One of which something may stand in the hub stays so, whatever comes
// later; a definite no that follows is noted as one more attempt.
void note_failure(domain::Intent& intent, const Error& error, WallTime now);

[[nodiscard]] std::vector<domain::HubId> hubs_that_refused(const domain::Intent& intent);

// What to remove once the registration has ended: `home` is the hub that it ended in, null if it
// failed. Clean-up itself spares what a registration names.
[[nodiscard]] std::vector<domain::CleanupTask> cleanup_after(const domain::Intent& intent,
                                                             const domain::HubId* home,
                                                             WallTime now);

}  // namespace berth::gateway
