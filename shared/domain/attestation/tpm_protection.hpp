// The outer wrapper around what goes into a TPM under a seed that only it can learn: encrypted, and
// bound to the name of an object (TPM 2.0 Library, Part 1, 22 to 24). Credentials and keys to be
// imported are wrapped alike.
#pragma once

#include <string_view>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"
#include "shared/base/secret_bytes.hpp"
#include "shared/domain/attestation/tpm_storage_key.hpp"
#include "shared/ports/crypto.hpp"

namespace berth::domain {

// Encrypt, then MAC: TPM2B digest, then the ciphertext.
[[nodiscard]] Bytes tpm_protect(const SecretBytes& seed, ByteView name, const SecretBytes& content,
                                ports::Crypto& crypto);

// TPM2B_ENCRYPTED_SECRET: the seed for the owner of `key`. The label is given without the zero byte
// that ends it (Part 1, B.10.3).
[[nodiscard]] Result<Bytes> tpm_encrypt_seed(const TpmStorageKey& key, std::string_view label,
                                             const SecretBytes& seed, ports::Crypto& crypto);

}  // namespace berth::domain
