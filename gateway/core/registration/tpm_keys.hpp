// Keys that leave the gateway for one chip (device API 4.2, steps 2 and 7): the challenge's, and
// the identity key by which the hub will know the device.
#pragma once

#include <string>

#include "gateway/core/registration/engine_ports.hpp"
#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"
#include "shared/base/secret_bytes.hpp"
#include "shared/domain/attestation/evidence.hpp"
#include "shared/domain/model/device_credential.hpp"

namespace berth::gateway {

// What the hub is given for a device that attested by TPM: the device gets the primary key, nobody
// has the secondary.
[[nodiscard]] domain::DeviceCredential make_identity_keys(ports::Entropy& entropy);

// The blob of device API 4.3. `uri` says what the key is for.
[[nodiscard]] Result<Bytes> wrap_for_tpm(const domain::TpmEvidence& chip, const SecretBytes& key,
                                         const std::string& uri, const EnginePorts& ports);

}  // namespace berth::gateway
