// AES-128-CFB: NIST SP 800-38A, F.3.13 (CFB128-AES128.Encrypt).
#include <string>

#include <CppUTest/TestHarness.h>

#include "shared/base/encoding.hpp"
#include "tests/conformance/crypto/backend.hpp"

namespace berth {
namespace {

Bytes hex(const std::string& text) {
  return from_hex(text).value();
}

const std::string kKey = "2b7e151628aed2a6abf7158809cf4f3c";
const std::string kIv = "000102030405060708090a0b0c0d0e0f";
const std::string kPlaintext =
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
    "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710";
const std::string kCiphertext =
    "3b3fd92eb72dad20333449f8e83cfb4ac8a64537a0b3a93fcde3cdad9f1ce58b"
    "26751f67a3cbb140b1808cf187a4f4dfc04b05357c5d1c0eeac4c66f9ff7f2e6";

TEST_GROUP(AesCfb) {
  std::unique_ptr<ports::Crypto> crypto = testing::make_crypto_under_test();
};

TEST(AesCfb, FourBlocksOfTheVector) {
  STRCMP_EQUAL(kCiphertext.c_str(),
               to_hex(crypto->aes128_cfb_encrypt(hex(kKey), hex(kIv), hex(kPlaintext))).c_str());
}

// CFB is a stream: a shorter text gives a prefix.
TEST(AesCfb, EveryPrefixOfTheVector) {
  const Bytes plaintext = hex(kPlaintext);
  for (std::size_t size = 0; size < plaintext.size(); ++size) {
    const Bytes ciphertext =
        crypto->aes128_cfb_encrypt(hex(kKey), hex(kIv), ByteView(plaintext).first(size));
    STRCMP_EQUAL(kCiphertext.substr(0, 2 * size).c_str(), to_hex(ciphertext).c_str());
  }
}

}  // namespace
}  // namespace berth
