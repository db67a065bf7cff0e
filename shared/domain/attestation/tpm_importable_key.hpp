// An HMAC key in the form in which a TPM imports it under its storage root key (TPM 2.0 Library,
// Part 1, 23.3; device API 4.6, steps 3 to 5).
#pragma once

#include <cstddef>

#include "shared/base/bytes.hpp"
#include "shared/base/secret_bytes.hpp"
#include "shared/ports/crypto.hpp"

namespace berth::domain {

// A TPM whose hash is SHA-256 imports no longer HMAC key (device API 4.5).
inline constexpr std::size_t kMaxTpmHmacKeySize = 64;

// Each is random, and used for one key only.
struct TpmImportSecrets {
  SecretBytes seed_value;        // 32 bytes that hide the key in its public area
  SecretBytes wrap_key;          // 16 bytes: the inner wrapper, given to the TPM as a credential
  SecretBytes duplication_seed;  // 32 bytes: the outer wrapper, encrypted for the storage root key
};

struct TpmImportableKey {
  Bytes public_area;  // TPM2B_PUBLIC
  Bytes duplicate;    // TPM2B_PRIVATE
};

// `key` has 1 to kMaxTpmHmacKeySize bytes.
[[nodiscard]] TpmImportableKey make_tpm_importable_key(const SecretBytes& key,
                                                       const TpmImportSecrets& secrets,
                                                       ports::Crypto& crypto);

}  // namespace berth::domain
