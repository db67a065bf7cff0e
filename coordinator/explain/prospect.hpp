// What a gateway would do with an accepted device: shared/domain/destination, asked with the
// coordinator's records, and what can't be told from here said as such.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "coordinator/explain/supposition.hpp"
#include "coordinator/store/catalog.hpp"
#include "shared/base/result.hpp"
#include "shared/domain/allocation/candidates.hpp"
#include "shared/domain/model/decision_trace.hpp"
#include "shared/domain/model/linked_hub.hpp"
#include "shared/domain/model/registration.hpp"
#include "shared/domain/reprovision.hpp"
#include "shared/ports/crypto.hpp"

namespace berth::coordinator {

// What allocation goes by, but for the device and its enrollment.
struct Ground {
  std::vector<domain::LinkedHub> hubs;
  domain::AllocationPolicy service_default = domain::AllocationPolicy::hashed;
  // As whoever asks gives them; the coordinator measures none.
  domain::HubLatencies latencies;
};

[[nodiscard]] Result<Ground> present_ground(const Catalog& catalog, const domain::IdScope& tenant);

enum class Outcome : std::uint8_t {
  assigned,    // it gets its first hub
  stays,       // where it is
  moves,       // to another hub
  webhook,     // custom allocation: the webhook decides
  unmeasured,  // lowest latency: the gateway decides by what it measures
  refused,     // it is told an error
  undecided,   // which enrollment answers depends on what it shows
};
// "assigned", "stays", …
[[nodiscard]] std::string_view outcome_text(Outcome outcome);

struct Prospect {
  Outcome outcome = Outcome::undecided;
  Error error{};                    // refused
  domain::ProvisioningPlan plan{};  // assigned, stays, moves
  domain::DecisionTrace trace{};
  // The round trips are those that the device's gateway measured when it decided last.
  bool by_kept_latencies = false;
};

// `trace` has what was checked before.
[[nodiscard]] Prospect foresee(const Ground& ground, const domain::RegistrationId& id,
                               const Supposition& accepted,
                               const std::optional<domain::Registration>& registration,
                               ports::Crypto& crypto, domain::DecisionTrace trace = {});

}  // namespace berth::coordinator
