// What an AMQP connection and its links say of who a device is, before there is a message: whether
// it all names the same device (device API 3.3: the real service refuses here as well).
#pragma once

#include <optional>

#include "gateway/core/device/amqp_address.hpp"
#include "gateway/core/device/amqp_sasl.hpp"
#include "gateway/core/device/http.hpp"
#include "gateway/core/device/session.hpp"
#include "shared/base/result.hpp"

namespace berth::gateway {

// `device`: what the link's address names. What credentials are worth is judged with the first
// message; here, that there are any.
[[nodiscard]] Result<void> judge_amqp_link(const SessionPorts& ports, const DevicePeer& peer,
                                           const AmqpSasl& sasl,
                                           const std::optional<AmqpAddress>& device);

}  // namespace berth::gateway
