// Which hub each device of a list, or each registered one, would get when it registers the next
// time, and what would move: as things are, or after a change that an admin thinks of. Nothing is
// written. A call looks at one page of devices, so that none of them holds the coordinator up.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "coordinator/explain/allocation_change.hpp"
#include "coordinator/explain/prospect.hpp"
#include "coordinator/store/catalog.hpp"
#include "shared/base/result.hpp"
#include "shared/domain/model/ids.hpp"
#include "shared/domain/model/registration.hpp"
#include "shared/ports/crypto.hpp"

namespace berth::coordinator {

struct DryRunDevice {
  domain::RegistrationId registration_id;
  // Whose device it is taken for, where neither an individual enrollment nor a registration tells.
  std::optional<domain::EnrollmentGroupId> group;
};

struct DryRunRequest {
  domain::IdScope tenant;
  AllocationChange change;
  domain::HubLatencies latencies;
  std::vector<DryRunDevice> devices;               // empty: registered ones, page by page
  std::optional<domain::EnrollmentGroupId> group;  // those of one group only
  std::string continuation;                        // the store's
  std::size_t size = 0;
};

struct DryRunRow {
  domain::RegistrationId registration_id;
  std::optional<domain::EnrollmentRef> enrollment;
  std::string current_hub;  // empty: none
  Prospect prospect;
};

struct DryRunPage {
  std::vector<DryRunRow> rows;
  std::string continuation;
};

// `ground` is the present one, with the latencies given.
[[nodiscard]] Result<DryRunPage> dry_run(const Catalog& catalog, ports::Crypto& crypto,
                                         Ground ground, const DryRunRequest& request);

}  // namespace berth::coordinator
