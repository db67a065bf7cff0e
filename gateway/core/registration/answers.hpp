// What a device is told of its registration (device API 1.8): by the operation that is under way or
// just ended, else by the registration as it stands.
#pragma once

#include "gateway/core/device/request.hpp"
#include "gateway/core/ports/cache.hpp"
#include "gateway/core/registration/action.hpp"
#include "gateway/core/registration/operations.hpp"
#include "shared/domain/attestation/verdict.hpp"
#include "shared/domain/model/registration.hpp"
#include "shared/domain/model/stamps.hpp"

namespace berth::gateway {

// Gives the reply to whoever asked.
void send(Actions& out, Reply reply);

// 202: ask again.
[[nodiscard]] Reply assigning_reply(RequestToken token, const Operation& operation);

[[nodiscard]] protocol::RegistrationResult result_of(
    const domain::Versioned<domain::Registration>& registration, const domain::Attested& attested);
[[nodiscard]] protocol::RegistrationResult result_of(const Operation& operation,
                                                     const KnownRegistration& known,
                                                     const domain::Attested& attested);

}  // namespace berth::gateway
