// What the registration engine asks of the link to the coordinator. The two questions are actions,
// answered later by RegistrationEngine::on_fence and on_look_back; the engine keeps their deadlines
// and goes on without an answer.
#pragma once

#include <cstdint>

#include "shared/domain/model/ids.hpp"

namespace berth::gateway {

class CoordinatorLink {
 public:
  virtual ~CoordinatorLink() = default;
  // The session for this tenant is up and its snapshot, if one was needed, is applied.
  [[nodiscard]] virtual bool linked(const domain::IdScope& tenant) const = 0;
};

// Ask for the head of the tenant's change log, and answer on_fence once the cache has reached it
// (design section 3.3). An engine has at most one of these open per tenant.
struct RequestFence {
  domain::IdScope tenant;
  std::uint64_t ticket = 0;
};

// Ask what became of a registration ID. The answer, also "nothing", MUST be in the cache and
// current before on_look_back is called (design section 3.4).
struct LookBack {
  domain::IdScope tenant;
  domain::RegistrationId registration_id;
};

}  // namespace berth::gateway
