// How a device attests by TPM (device API 3.4 and 4.2): it shows two keys, activates what it is
// given, and signs its token with that; at the end it activates the key by which its hub knows it.
#pragma once

#include <memory>
#include <string>

#include "shared/base/result.hpp"
#include "tools/device/device.hpp"
#include "tools/device/sasl.hpp"

namespace berth::device {

// Activates the blob, and gives the token that the key in it signs.
[[nodiscard]] Result<std::string> answer_tpm_challenge(const Attempt& attempt, ByteView blob);

// At the end of a registration by TPM: activates the key for the hub, and signs a token for it if
// one is wanted. Other outcomes stay as they are.
[[nodiscard]] Result<Outcome> take_identity_key(const Attempt& attempt, Outcome outcome);

// The SASL mechanism of AMQP.
[[nodiscard]] std::unique_ptr<SaslMechanism> make_tpm_mechanism(const Attempt& attempt);

}  // namespace berth::device
