// Whether a private key and a public key belong together. Apart from libcrypto's headers, so that a
// source which sees wolfSSL's can use it.
#pragma once

#include "shared/base/bytes.hpp"

namespace berth::crypto::openssl {

// `pkcs8` is a private key, `spki` a SubjectPublicKeyInfo. False if either does not parse.
[[nodiscard]] bool is_key_pair(ByteView pkcs8, ByteView spki);

}  // namespace berth::crypto::openssl
