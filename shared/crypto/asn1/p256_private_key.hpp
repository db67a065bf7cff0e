// The 32 bytes of a P-256 private key out of its PKCS#8 form (RFC 5208, RFC 5915), for backends
// that take no other.
#pragma once

#include <optional>

#include "shared/base/bytes.hpp"

namespace berth::crypto::asn1 {

// A view into `pkcs8`. Nothing if it is not a P-256 key in PKCS#8.
[[nodiscard]] std::optional<ByteView> p256_private_key(ByteView pkcs8);

}  // namespace berth::crypto::asn1
