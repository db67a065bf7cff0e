// RSA-OAEP on libcrypto (RFC 8017 section 7.1), for a backend whose own RSA is built without
// assembly. Apart from libcrypto's headers, so that a source which sees wolfSSL's can use it.
#pragma once

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"
#include "shared/ports/crypto.hpp"

namespace berth::crypto::openssl {

// The port's rsa_oaep_encrypt.
[[nodiscard]] Result<Bytes> rsa_oaep_sha256_encrypt(const ports::RsaPublicKey& key, ByteView label,
                                                    ByteView message);

}  // namespace berth::crypto::openssl
