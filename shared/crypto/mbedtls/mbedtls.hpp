// The mbedTLS backend, as boards run it: the crypto port, and the TLS port for TLS 1.2.
#pragma once

#include <memory>

#include "shared/ports/crypto.hpp"
#include "shared/ports/tls_engine.hpp"

namespace berth::crypto {

[[nodiscard]] std::unique_ptr<ports::Crypto> make_mbedtls_crypto();
// Settings with tls13_only are refused: Errc::unsupported.
[[nodiscard]] std::unique_ptr<ports::TlsLibrary> make_mbedtls_tls();

}  // namespace berth::crypto
