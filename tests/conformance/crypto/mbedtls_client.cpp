#include "shared/crypto/mbedtls/mbedtls.hpp"
#include "tests/conformance/crypto/backend.hpp"

namespace berth::testing {

std::unique_ptr<ports::TlsLibrary> make_tls_for_client() {
  return crypto::make_mbedtls_tls();
}

}  // namespace berth::testing
