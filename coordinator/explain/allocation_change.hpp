// A change that an admin thinks of: another policy, other weights, hubs more or fewer. Applied to
// what allocation goes by, never to a record.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "coordinator/explain/prospect.hpp"
#include "shared/base/result.hpp"
#include "shared/domain/model/decision_trace.hpp"
#include "shared/domain/model/enrollment.hpp"
#include "shared/domain/model/ids.hpp"
#include "shared/domain/model/linked_hub.hpp"
#include "shared/domain/model/registration.hpp"

namespace berth::coordinator {

// Most hubs that one change adds, and most hubs or enrollments that it changes.
inline constexpr std::size_t kMaxAddedHubs = 50;
inline constexpr std::size_t kMaxChangedItems = 100;

struct AllocationChange {
  struct Hub {
    std::string host_name;  // of a linked hub
    std::optional<std::uint32_t> weight;
    std::optional<bool> takes_part;  // applyAllocationPolicy
    bool is_removed = false;
  };
  // What one enrollment, or all, would say.
  struct Enrollment {
    std::optional<domain::AllocationPolicy> policy;
    std::optional<std::vector<std::string>> hubs;
    std::optional<domain::ReprovisionPolicy> reprovisioning;
  };

  std::optional<domain::AllocationPolicy> service_default;
  std::vector<Hub> hubs;
  std::vector<domain::LinkedHub> added;  // each with the ID that it would be linked with
  std::map<domain::EnrollmentGroupId, Enrollment> groups;
  std::map<domain::RegistrationId, Enrollment> individuals;
};

// Errc::invalid names a hub that is not linked, or that is linked already.
[[nodiscard]] Result<void> apply_change(const AllocationChange& change, Ground& ground);
// To the enrollment that answers for a device.
void apply_change(const AllocationChange& change, Supposition& supposed);

}  // namespace berth::coordinator
