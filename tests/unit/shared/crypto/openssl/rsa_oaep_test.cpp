// What the port promises of RSA-OAEP is in tests/conformance/crypto; here, what is libcrypto's own.
#include "shared/crypto/openssl/rsa_oaep.hpp"

#include <CppUTest/TestHarness.h>
#include <openssl/err.h>

namespace berth {
namespace {

TEST_GROUP(RsaOaepOnLibcrypto){};

TEST(RsaOaepOnLibcrypto, ARefusalLeavesNothingInTheErrorQueue) {
  const Result<Bytes> encrypted =
      crypto::openssl::rsa_oaep_sha256_encrypt({Bytes(256, 0xFE), 3}, {}, Bytes(32, 7));
  CHECK_FALSE(encrypted.has_value());
  UNSIGNED_LONGS_EQUAL(0, ERR_peek_error());
}

}  // namespace
}  // namespace berth
