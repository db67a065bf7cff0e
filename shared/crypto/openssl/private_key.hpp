// Private keys between DER and libcrypto. PKCS#8 (RFC 5208) is the form in which keys cross every
// interface of ours.
#pragma once

#include <openssl/evp.h>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"
#include "shared/base/secret_bytes.hpp"
#include "shared/crypto/openssl/handle.hpp"

namespace berth::crypto::openssl {

using Key = Handle<EVP_PKEY, EVP_PKEY_free>;

// A bound far above any real key, so that a hostile file is refused before it is parsed.
inline constexpr std::size_t kMaxKeyDer = 16 * 1024;

// PKCS#8 with nothing after it. Errc::malformed otherwise.
[[nodiscard]] Result<Key> read_pkcs8(ByteView der);
// PKCS#8, or the older forms of EC (RFC 5915) and RSA (RFC 8017) keys.
[[nodiscard]] Result<Key> read_private_key(ByteView der);
// PKCS#8 of an ECDSA P-256 key whose number is in range. Errc::malformed otherwise.
[[nodiscard]] Result<Key> read_p256_pkcs8(ByteView der);
[[nodiscard]] Result<SecretBytes> to_pkcs8(const EVP_PKEY& key);
[[nodiscard]] bool is_p256(const EVP_PKEY& key);

}  // namespace berth::crypto::openssl
