// What the port promises is in tests/conformance/crypto.
#include <CppUTest/TestHarness.h>

#include "shared/crypto/wolfssl/wolfssl.hpp"

namespace berth {
namespace {

TEST_GROUP(WolfsslCrypto){};

TEST(WolfsslCrypto, TellsItsNameAndVersion) {
  STRCMP_CONTAINS("wolfSSL 5.", crypto::make_wolfssl_crypto()->name().c_str());
}

}  // namespace
}  // namespace berth
