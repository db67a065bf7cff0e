// RSAPublicKey (RFC 8017 A.1.1) from plain numbers, for backends that take keys in DER only.
#pragma once

#include "shared/base/bytes.hpp"
#include "shared/ports/crypto.hpp"

namespace berth::crypto::asn1 {

// The modulus has at most kMaxRsaBits; otherwise nothing of it is judged.
[[nodiscard]] Bytes rsa_public_key_to_der(const ports::RsaPublicKey& key);

}  // namespace berth::crypto::asn1
