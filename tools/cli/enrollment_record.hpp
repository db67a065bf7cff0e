// The record that an enrollment's options describe (service API 2.1 to 2.4, 4.5).
#pragma once

#include <cstdint>

#include <boost/json/object.hpp>

#include "shared/base/result.hpp"
#include "tools/cli/options.hpp"

namespace berth::cli {

enum class EnrollmentKind : std::uint8_t { individual, group };

// "registrationId" or "enrollmentGroupId".
[[nodiscard]] const char* id_member_of(EnrollmentKind kind);

// Changes what the options say and leaves the rest; `record` is empty for a new one. Errc::invalid
// for options that do not go together, Errc::io for files that cannot be read.
[[nodiscard]] Result<void> apply_options(const EnrollmentOptions& o, EnrollmentKind kind,
                                         boost::json::object& record);

}  // namespace berth::cli
