// Static allocation: exactly the one hub that the enrollment names (service API 2.8).
#pragma once

#include <string>

#include "shared/base/result.hpp"
#include "shared/domain/model/enrollment.hpp"

namespace berth::domain {

// The host name that a static enrollment means: its one entry in iotHubs, or the legacy
// iotHubHostName. Errc::no_hub if it names none or several.
[[nodiscard]] Result<std::string> static_hub_name(const Provisioning& provisioning);

}  // namespace berth::domain
