// The blob that gives a key to one TPM and to nobody else (device API 4.3 and 4.6): an HMAC key to
// be imported under the storage root key, whose wrapper only the chip with the endorsement key can
// open, and only while that storage root key is loaded in it. It is computed in plain software;
// there is no TPM on this side.
#pragma once

#include <cstddef>
#include <string_view>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"
#include "shared/base/secret_bytes.hpp"
#include "shared/domain/attestation/tpm_importable_key.hpp"
#include "shared/domain/attestation/tpm_storage_key.hpp"
#include "shared/ports/crypto.hpp"
#include "shared/ports/entropy.hpp"

namespace berth::domain {

// Largest blob that we make: what two segments of the SASL mechanism carry (device API 3.4).
inline constexpr std::size_t kMaxTpmBlobMade = 940;
// Largest one that is read; others may make keys and texts longer than ours.
inline constexpr std::size_t kMaxTpmBlobRead = 2048;
// Longest text that fits in beside the rest: "{scope}/registrations/{rid}" has up to 154 bytes.
inline constexpr std::size_t kMaxTpmKeyUri = 174;
// Keys that we make; a TPM takes up to kMaxTpmHmacKeySize.
inline constexpr std::size_t kTpmKeySize = 32;

// Parts 1 to 6, each with its size in front.
struct TpmAuthenticationKey {
  Bytes credential_blob;   // TPM2B_ID_OBJECT
  Bytes credential_seed;   // TPM2B_ENCRYPTED_SECRET, for the endorsement key
  Bytes duplicate;         // TPM2B_PRIVATE
  Bytes duplication_seed;  // TPM2B_ENCRYPTED_SECRET, for the storage root key
  Bytes public_area;       // TPM2B_PUBLIC of the key
  Bytes wrap_data;         // TPM2B_DATA: what the key is for, encrypted with the wrap key
};

// Random, for one blob.
struct TpmBlobSecrets {
  TpmImportSecrets import;
  SecretBytes credential_seed;
};
[[nodiscard]] TpmBlobSecrets draw_tpm_blob_secrets(ports::Entropy& entropy);

// `uri` says what the key is for, in at most kMaxTpmKeyUri bytes; a longer one is left out, as
// clients do not need it.
[[nodiscard]] Result<TpmAuthenticationKey> make_tpm_authentication_key(
    const TpmStorageKey& endorsement_key, const TpmStorageKey& storage_root_key,
    const SecretBytes& key, std::string_view uri, const TpmBlobSecrets& secrets,
    ports::Crypto& crypto);

[[nodiscard]] Bytes tpm_blob_of(const TpmAuthenticationKey& parts);
// Errc::malformed unless it is the six parts and nothing else.
[[nodiscard]] Result<TpmAuthenticationKey> parse_tpm_blob(ByteView blob);

}  // namespace berth::domain
