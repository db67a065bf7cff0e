// ECDSA signatures between their two forms: DER (RFC 3279 2.2.3), as certificates carry them, and
// r || s of fixed size, as PSA computes them.
#pragma once

#include <cstddef>
#include <optional>

#include "shared/base/bytes.hpp"

namespace berth::crypto::asn1 {

// Nothing if it is not DER, or a number is negative or longer than `size` bytes.
[[nodiscard]] std::optional<Bytes> ecdsa_signature_from_der(ByteView der, std::size_t size);
[[nodiscard]] Bytes ecdsa_signature_to_der(ByteView r_and_s);

}  // namespace berth::crypto::asn1
