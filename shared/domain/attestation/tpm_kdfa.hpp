// KDFa: how a TPM makes keys of a seed (TPM 2.0 Library, Part 1, 11.4.10.2; NIST SP 800-108 in
// counter mode), with HMAC-SHA256.
#pragma once

#include <cstddef>
#include <string_view>

#include "shared/base/bytes.hpp"
#include "shared/base/secret_bytes.hpp"
#include "shared/ports/crypto.hpp"

namespace berth::domain {

// The label is given without the zero byte that ends it. `bits` is a multiple of 8.
[[nodiscard]] SecretBytes tpm_kdfa(const SecretBytes& key, std::string_view label, ByteView u,
                                   ByteView v, std::size_t bits, ports::Crypto& crypto);

}  // namespace berth::domain
