// The wolfSSL backend: the crypto port, and the TLS port for TLS 1.2 and 1.3. P-256 and AES-GCM run
// on libcrypto (shared/crypto/openssl), which is several times faster than Debian's wolfSSL there.
#pragma once

#include <memory>

#include "shared/ports/crypto.hpp"
#include "shared/ports/tls_engine.hpp"

namespace berth::crypto {

[[nodiscard]] std::unique_ptr<ports::Crypto> make_wolfssl_crypto();
[[nodiscard]] std::unique_ptr<ports::TlsLibrary> make_wolfssl_tls();

}  // namespace berth::crypto
