// The api-version that a device names (device API 1.5). All versions in use have the same members
// as far as they are offered here, so any version that looks like one is taken.
#pragma once

#include <string_view>

namespace berth::gateway {

// yyyy-MM-dd, with "-preview" or not.
[[nodiscard]] bool is_api_version(std::string_view text);

}  // namespace berth::gateway
