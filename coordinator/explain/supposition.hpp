// Which enrollment answers for a device that proves itself, as far as that can be told without its
// proof (design 3.2): an individual enrollment of its ID always; else the group that its
// registration is bound to, or that whoever asks names. Other devices may be taken by any group,
// depending on what they show.
#pragma once

#include <optional>

#include "shared/base/result.hpp"
#include "shared/domain/attestation/match.hpp"
#include "shared/domain/model/enrollment.hpp"
#include "shared/domain/model/registration.hpp"

namespace berth::coordinator {

struct Supposition {
  domain::EnrollmentRef enrollment;
  domain::Provisioning provisioning;
  domain::DeviceId device_id;  // for a device without an assignment
};

// None if it cannot be told. Errc::disabled, Errc::unauthorized and Errc::forbidden if the device
// would be refused whatever it shows; Errc::group_not_found if the group named is not there.
[[nodiscard]] Result<std::optional<Supposition>> suppose_enrollment(
    domain::EnrollmentLookup& enrollments, const domain::RegistrationId& id,
    const std::optional<domain::EnrollmentGroupId>& named,
    const std::optional<domain::Registration>& registration);

// What the record gives to the device that it answers for; the rest of a match.
[[nodiscard]] Result<Supposition> suppose(domain::EnrollmentLookup& enrollments,
                                          const domain::RegistrationId& id,
                                          const domain::EnrollmentRef& enrollment);

}  // namespace berth::coordinator
