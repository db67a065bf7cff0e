// The spelling of an endorsement key. A chip answers a challenge whatever its TPM2B_PUBLIC says of
// attributes and policy, so one chip could show its key in many; the TCG's template has one.
#pragma once

#include "shared/base/bytes.hpp"
#include "shared/ports/crypto.hpp"

namespace berth::domain {

// The TPM2B_PUBLIC of the endorsement key with this modulus (TCG EK Credential Profile, annex B,
// template L-1; device API 4.4).
[[nodiscard]] Bytes endorsement_key_by_template(ByteView modulus);

// By what a chip is blocked, however its key is spelled: the SHA-256 of the template's spelling. Of
// what is no key that a chip could attest with, of the bytes as they are.
[[nodiscard]] ports::Sha256Digest chip_digest(ByteView endorsement_key, ports::Crypto& crypto);

}  // namespace berth::domain
