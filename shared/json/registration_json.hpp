// The words of registrations (device API 1.3, service API 2.6).
#pragma once

#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "shared/domain/model/registration.hpp"

namespace berth::json {

[[nodiscard]] std::string_view status_text(domain::RegistrationStatus status);
// Empty for none.
[[nodiscard]] std::string_view substatus_text(domain::RegistrationSubstatus substatus);

// The members that the device's DeviceRegistrationResult and the service's DeviceRegistrationState
// share. `etag` is the record's, without its outer quotes.
[[nodiscard]] boost::json::object registration_members(const domain::Registration& registration,
                                                       std::string_view etag);

// DeviceRegistrationState: as above, and the error of a registration that failed.
[[nodiscard]] boost::json::object registration_state(const domain::Registration& registration,
                                                     std::string_view etag);

}  // namespace berth::json
