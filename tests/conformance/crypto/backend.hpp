// What a crypto backend must provide to be put through the suites; each binary links one backend.
#pragma once

#include <memory>

#include "shared/ports/crypto.hpp"
#include "shared/ports/tls_engine.hpp"

namespace berth::testing {

[[nodiscard]] std::unique_ptr<ports::Crypto> make_crypto_under_test();

// The two ends of the TLS suites, each of any backend.
[[nodiscard]] std::unique_ptr<ports::TlsLibrary> make_tls_for_server();
[[nodiscard]] std::unique_ptr<ports::TlsLibrary> make_tls_for_client();

}  // namespace berth::testing
