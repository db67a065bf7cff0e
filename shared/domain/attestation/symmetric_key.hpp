// Attestation by symmetric key: a SAS token signed with the device's key (device API 1.7 and 6).
#pragma once

#include <chrono>
#include <string_view>

#include "shared/base/bytes.hpp"
#include "shared/base/secret_bytes.hpp"
#include "shared/base/timestamp.hpp"
#include "shared/domain/attestation/evidence.hpp"
#include "shared/domain/model/enrollment.hpp"
#include "shared/domain/model/ids.hpp"
#include "shared/ports/crypto.hpp"

namespace berth::domain {

// How long past its expiry a token is still taken, since clocks differ (service API 1.10, rule 4).
inline constexpr std::chrono::seconds kSasClockSkew{300};

// Whether the token was signed with `key`. An empty key fits nothing. Says nothing about expiry.
[[nodiscard]] bool signature_fits(const SasToken& token, const SecretBytes& key,
                                  ports::Crypto& crypto);

[[nodiscard]] bool is_expired(const SasToken& token, WallTime now,
                              std::chrono::seconds skew = kSasClockSkew);

// A device's key under a group key: HMAC-SHA256(group key, registration ID), the ID in the spelling
// that the device uses (device API 1.7).
[[nodiscard]] SecretBytes derive_device_key(const SecretBytes& group_key,
                                            std::string_view registration_id,
                                            ports::Crypto& crypto);

// The keys that a device of the group has, under the names of the group's. Absent group keys give
// absent device keys.
[[nodiscard]] SymmetricKeyAttestation derive_device_keys(const SymmetricKeyAttestation& group,
                                                         std::string_view registration_id,
                                                         ports::Crypto& crypto);

// Whether either key signed the token. Both are always tried, so that the time taken does not tell
// which one fitted.
[[nodiscard]] bool either_key_fits(const SasToken& token, const SymmetricKeyAttestation& keys,
                                   ports::Crypto& crypto);

// What holds of a token before any key is tried: it names this scope and registration, carries the
// device policy's name or none, and is not expired. Errc::unauthorized otherwise.
[[nodiscard]] Result<void> check_device_token(const SasToken& token, const IdScope& id_scope,
                                              const RegistrationId& registration_id, WallTime now);

}  // namespace berth::domain
