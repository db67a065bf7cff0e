#include "shared/crypto/wolfssl/wolfssl.hpp"
#include "tests/conformance/crypto/backend.hpp"

namespace berth::testing {

std::unique_ptr<ports::Crypto> make_crypto_under_test() {
  return crypto::make_wolfssl_crypto();
}

}  // namespace berth::testing
