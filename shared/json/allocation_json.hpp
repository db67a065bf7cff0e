// The bodies of custom allocation's webhook (service API section 3).
#pragma once

#include <string>
#include <string_view>

#include "shared/base/result.hpp"
#include "shared/domain/allocation/custom.hpp"
#include "shared/json/enrollment_json.hpp"

namespace berth::json {

// Errc::too_large past kMaxAllocationRequest.
[[nodiscard]] Result<std::string> write_allocation_request(
    const EnrollmentJson& enrollments, const domain::CustomAllocationRequest& request);

// Names in any letter case. Errc::allocation_failed for anything but such an object within
// kMaxAllocationAnswer.
[[nodiscard]] Result<domain::CustomAllocationAnswer> read_allocation_answer(std::string_view text);

}  // namespace berth::json
