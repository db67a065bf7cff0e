// RSA-OAEP with SHA-256. Its padding is random, so that there is no vector for a whole ciphertext:
// what a backend encrypts, libcrypto decrypts. A TPM does the same in tests/integration.
#include <algorithm>
#include <string_view>

#include <CppUTest/TestHarness.h>

#include "tests/conformance/crypto/backend.hpp"
#include "tests/support/rsa_key.hpp"

namespace berth {
namespace {

// RFC 8017 section 7.1.1: k - 2 hLen - 2, for 2048 bits and SHA-256.
constexpr std::size_t kMaxMessage = 256 - 2 * 32 - 2;

// TPMs end a label with a zero byte (TPM 2.0 Library, Part 1, B.4).
constexpr std::string_view kLabel("IDENTITY\0", 9);

TEST_GROUP(RsaOaep) {
  std::unique_ptr<ports::Crypto> crypto = testing::make_crypto_under_test();

  void check_refused(const Result<Bytes>& encrypted) {
    CHECK_FALSE(encrypted.has_value());
    CHECK(encrypted.error().code == Errc::malformed);
  }
};

TEST(RsaOaep, TheKeysOwnerDecrypts) {
  const testing::RsaKey key;
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{32}, kMaxMessage}) {
    const Bytes message(size, 0x5A);
    const Result<Bytes> encrypted =
        crypto->rsa_oaep_encrypt(key.public_key(), as_bytes(kLabel), message);
    CHECK(encrypted.has_value());
    UNSIGNED_LONGS_EQUAL(256, encrypted->size());
    CHECK(key.oaep_decrypt(as_bytes(kLabel), *encrypted) == message);
  }
}

TEST(RsaOaep, TheLabelCountsToItsZeroByte) {
  const testing::RsaKey key;
  const Bytes message(32, 7);
  const Result<Bytes> encrypted =
      crypto->rsa_oaep_encrypt(key.public_key(), as_bytes(kLabel), message);
  CHECK(encrypted.has_value());
  CHECK_FALSE(key.oaep_decrypt(as_bytes("IDENTITY"), *encrypted).has_value());
  CHECK_FALSE(key.oaep_decrypt({}, *encrypted).has_value());
  const Result<Bytes> unlabelled = crypto->rsa_oaep_encrypt(key.public_key(), {}, message);
  CHECK(unlabelled.has_value());
  CHECK(key.oaep_decrypt({}, *unlabelled) == message);
}

TEST(RsaOaep, TheSameMessageIsNeverEncryptedAlike) {
  const testing::RsaKey key;
  const auto first = crypto->rsa_oaep_encrypt(key.public_key(), {}, Bytes(32, 7));
  const auto second = crypto->rsa_oaep_encrypt(key.public_key(), {}, Bytes(32, 7));
  CHECK(first.has_value() && second.has_value());
  CHECK(*first != *second);
}

TEST(RsaOaep, AnotherKeyDoesNotDecrypt) {
  const testing::RsaKey key;
  const testing::RsaKey other;
  const auto encrypted = crypto->rsa_oaep_encrypt(key.public_key(), {}, Bytes(32, 7));
  CHECK(encrypted.has_value());
  CHECK_FALSE(other.oaep_decrypt({}, *encrypted).has_value());
}

TEST(RsaOaep, AMessageOneByteTooLongIsRefused) {
  const testing::RsaKey key;
  check_refused(crypto->rsa_oaep_encrypt(key.public_key(), {}, Bytes(kMaxMessage + 1, 7)));
}

TEST(RsaOaep, KeysOutOfBoundsAreRefused) {
  const testing::RsaKey weak(1024);
  check_refused(crypto->rsa_oaep_encrypt(weak.public_key(), {}, Bytes(32, 7)));
  ports::RsaPublicKey huge;
  huge.modulus = Bytes(4096 / 8 + 1, 0xFF);
  check_refused(crypto->rsa_oaep_encrypt(huge, {}, Bytes(32, 7)));
  ports::RsaPublicKey nothing;
  check_refused(crypto->rsa_oaep_encrypt(nothing, {}, Bytes(32, 7)));
  ports::RsaPublicKey even;
  even.modulus = Bytes(256, 0xFE);
  check_refused(crypto->rsa_oaep_encrypt(even, {}, Bytes(32, 7)));
}

TEST(RsaOaep, ExponentsThatNoKeyHasAreRefused) {
  const testing::RsaKey key;
  for (const std::uint32_t exponent : {0U, 1U, 2U, 65536U}) {
    ports::RsaPublicKey odd = key.public_key();
    odd.exponent = exponent;
    check_refused(crypto->rsa_oaep_encrypt(odd, {}, Bytes(32, 7)));
  }
}

}  // namespace
}  // namespace berth
