// What the port promises is in tests/conformance/crypto.
#include <CppUTest/TestHarness.h>

#include "shared/crypto/mbedtls/mbedtls.hpp"

namespace berth {
namespace {

TEST_GROUP(MbedtlsCrypto){};

TEST(MbedtlsCrypto, TellsItsNameAndVersion) {
  STRCMP_CONTAINS("mbed TLS 2.", crypto::make_mbedtls_crypto()->name().c_str());
}

}  // namespace
}  // namespace berth
