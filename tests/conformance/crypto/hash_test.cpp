// SHA-256 (FIPS 180-4, examples of the NIST Cryptographic Standards page) and HMAC (RFC 4231).
#include <string>

#include <CppUTest/TestHarness.h>

#include "shared/base/encoding.hpp"
#include "tests/conformance/crypto/backend.hpp"

namespace berth {
namespace {

Bytes hex(const std::string& text) {
  return from_hex(text).value();
}

TEST_GROUP(Hash) {
  std::unique_ptr<ports::Crypto> crypto = testing::make_crypto_under_test();

  std::string sha256(std::string_view text) {
    return to_hex(crypto->sha256(as_bytes(text)));
  }
  std::string hmac(const Bytes& key, ByteView data) {
    return to_hex(crypto->hmac_sha256(key, data));
  }
};

TEST(Hash, Sha256OfNothing) {
  STRCMP_EQUAL("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
               sha256("").c_str());
}

TEST(Hash, Sha256OfOneBlock) {
  STRCMP_EQUAL("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
               sha256("abc").c_str());
}

TEST(Hash, Sha256OfTwoBlocks) {
  STRCMP_EQUAL("248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
               sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq").c_str());
}

TEST(Hash, Sha256OfAMillionLetters) {
  STRCMP_EQUAL("cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
               sha256(std::string(1'000'000, 'a')).c_str());
}

TEST(Hash, HmacOfRfc4231Case1) {
  STRCMP_EQUAL("b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
               hmac(Bytes(20, 0x0b), as_bytes("Hi There")).c_str());
}

TEST(Hash, HmacOfRfc4231Case2HasAShortKey) {
  STRCMP_EQUAL(
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
      hmac(to_bytes(std::string_view("Jefe")), as_bytes("what do ya want for nothing?")).c_str());
}

TEST(Hash, HmacOfRfc4231Case3) {
  STRCMP_EQUAL("773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
               hmac(Bytes(20, 0xaa), Bytes(50, 0xdd)).c_str());
}

TEST(Hash, HmacOfRfc4231Case4) {
  STRCMP_EQUAL(
      "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
      hmac(hex("0102030405060708090a0b0c0d0e0f10111213141516171819"), Bytes(50, 0xcd)).c_str());
}

TEST(Hash, HmacOfRfc4231Case6HasAKeyLongerThanABlock) {
  STRCMP_EQUAL(
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
      hmac(Bytes(131, 0xaa), as_bytes("Test Using Larger Than Block-Size Key - Hash Key First"))
          .c_str());
}

TEST(Hash, HmacOfRfc4231Case7HasLongKeyAndData) {
  STRCMP_EQUAL("9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
               hmac(Bytes(131, 0xaa),
                    as_bytes("This is a test using a larger than block-size key and a larger than "
                             "block-size data. The key needs to be hashed before being used by the "
                             "HMAC algorithm."))
                   .c_str());
}

// RFC 2104 pads a key with zeros, so these two are the same key.
TEST(Hash, HmacTakesAnEmptyKey) {
  const std::string expected = hmac(Bytes(64, 0), as_bytes("data"));
  STRCMP_EQUAL(expected.c_str(), hmac({}, as_bytes("data")).c_str());
}

TEST(Hash, HmacTakesNoData) {
  STRCMP_EQUAL("b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad",
               hmac({}, {}).c_str());
}

}  // namespace
}  // namespace berth
