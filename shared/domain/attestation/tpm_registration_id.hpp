// The registration ID that a TPM's device has unless somebody chose another (device API 4.7).
#pragma once

#include <string>

#include "shared/base/bytes.hpp"
#include "shared/ports/crypto.hpp"

namespace berth::domain {

// 52 characters, of the whole TPM2B_PUBLIC with its size bytes.
[[nodiscard]] std::string tpm_registration_id(ByteView endorsement_key, ports::Crypto& crypto);

}  // namespace berth::domain
