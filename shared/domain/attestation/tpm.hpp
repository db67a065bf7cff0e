// Attestation by TPM (device API 4): the device shows the keys of its chip, is given a key that
// only that chip can unwrap, and proves with a SAS token signed with it that it did. The storage
// root key is not enrolled, since it changes when a chip is cleared; what is wrapped is bound to
// the one shown, which the chip checks.
#pragma once

#include <span>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"
#include "shared/base/secret_bytes.hpp"
#include "shared/domain/attestation/evidence.hpp"
#include "shared/domain/model/enrollment.hpp"
#include "shared/ports/crypto.hpp"

namespace berth::domain {

// What a chip with these keys was given, or may have been.
struct TpmChallenge {
  TpmEvidence keys;
  SecretBytes key;  // what it signs with once it has unwrapped it
};

// An endorsement key as an enrollment may hold it. Errc::malformed or Errc::unsupported otherwise,
// with what is wrong.
[[nodiscard]] Result<void> check_endorsement_key(ByteView tpm2b_public);

// Whether the device shows the chip that is enrolled, and a storage root key that something can be
// wrapped for: then it may be challenged. The keys are as fit for that as they will ever be.
[[nodiscard]] Result<void> check_shown_tpm(const TpmEvidence& shown,
                                           const TpmAttestation& enrolled);

// The challenge that the token answers. Errc::unauthorized if it answers none: it is
// old, made by another chip, or the keys shown beside it are not those that were challenged.
[[nodiscard]] Result<TpmChallenge> check_tpm_answer(const Evidence& evidence,
                                                    const TpmAttestation& enrolled,
                                                    std::span<const TpmChallenge> challenges,
                                                    ports::Crypto& crypto);

}  // namespace berth::domain
