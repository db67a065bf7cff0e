// What the registration engine asks of custom allocation's webhook (service API 3). Answered once
// through RegistrationEngine::on_allocation. Deadlines are the caller's; the engine repeats.
#pragma once

#include "gateway/core/ports/journal.hpp"
#include "shared/domain/allocation/custom.hpp"

namespace berth::gateway {

// Errc::unavailable or Errc::timed_out if nobody could call it, or it asks to be called again;
// otherwise as domain::judge_allocation_status.
struct AskAllocation {
  OperationRef operation;
  domain::CustomAllocationRequest request;
};

}  // namespace berth::gateway
