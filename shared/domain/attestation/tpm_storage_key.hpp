// The two keys that a TPM shows of itself: its endorsement key and its storage root key, as
// TPM2B_PUBLIC (TPM 2.0 Library, Part 2, 12.2.5). Both are RSA 2048 with AES-128-CFB and SHA-256
// (device API 4.4); everything else is refused here, before anything is computed with it.
#pragma once

#include <cstddef>
#include <string_view>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"
#include "shared/ports/crypto.hpp"

namespace berth::domain {

// Largest TPM2B_PUBLIC that is looked at; an endorsement key has 316 bytes.
inline constexpr std::size_t kMaxTpmPublicSize = 512;

// A key in a TPM that wraps others: made there, never leaves it, and decrypts nothing but TPM
// structures.
struct TpmStorageKey {
  Bytes name;  // by which a TPM knows it: 0x000B, then the SHA-256 of its public area
  ports::RsaPublicKey rsa;
};

// `what` names the key in a reason ("endorsement key"). Errc::malformed for what is no TPM2B_PUBLIC
// or no key that could guard anything, Errc::unsupported for other algorithms and sizes.
[[nodiscard]] Result<ports::RsaPublicKey> check_tpm_storage_key(ByteView tpm2b_public,
                                                                std::string_view what);
// The same, with the key's name.
[[nodiscard]] Result<TpmStorageKey> parse_tpm_storage_key(ByteView tpm2b_public,
                                                          std::string_view what,
                                                          ports::Crypto& crypto);

// The name of any object whose nameAlg is SHA-256, by its public area without the size (Part 1,
// 16).
[[nodiscard]] Bytes tpm_name_of(ByteView public_area, ports::Crypto& crypto);

}  // namespace berth::domain
