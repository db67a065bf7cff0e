// AES-256-GCM: test cases 13 to 16 of McGrew and Viega, "The Galois/Counter Mode of Operation",
// appendix B, as submitted to NIST for SP 800-38D.
#include <string>

#include <CppUTest/TestHarness.h>

#include "shared/base/encoding.hpp"
#include "tests/conformance/crypto/backend.hpp"

namespace berth {
namespace {

Bytes hex(const std::string& text) {
  return from_hex(text).value();
}

const std::string kKey = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308";
const std::string kNonce = "cafebabefacedbaddecaf888";
const std::string kPlaintext =
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
    "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255";
const std::string kCiphertext =
    "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
    "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad";
const std::string kAssociated = "feedfacedeadbeeffeedfacedeadbeefabaddad2";
constexpr std::size_t kCase16Digits = 120;  // test case 16 has 60 bytes of plaintext

TEST_GROUP(AesGcm) {
  std::unique_ptr<ports::Crypto> crypto = testing::make_crypto_under_test();

  // Seals, compares and opens again.
  void check(const std::string& key, const std::string& nonce, const std::string& associated,
             const std::string& plaintext, const std::string& expected) {
    const Bytes sealed =
        crypto->aes256_gcm_seal(hex(key), hex(nonce), hex(associated), hex(plaintext));
    STRCMP_EQUAL(expected.c_str(), to_hex(sealed).c_str());
    const Result<Bytes> opened =
        crypto->aes256_gcm_open(hex(key), hex(nonce), hex(associated), sealed);
    CHECK(opened.has_value());
    STRCMP_EQUAL(plaintext.c_str(), to_hex(*opened).c_str());
  }

  Bytes sealed_case16() {
    return crypto->aes256_gcm_seal(hex(kKey), hex(kNonce), hex(kAssociated),
                                   hex(kPlaintext.substr(0, kCase16Digits)));
  }
  void check_corrupt(const Result<Bytes>& opened) {
    CHECK(!opened.has_value());
    CHECK(opened.error().code == Errc::corrupt);
  }
};

TEST(AesGcm, Case13HasNoPlaintext) {
  check(std::string(64, '0'), std::string(24, '0'), "", "", "530f8afbc74536b9a963b4f1c4cb738b");
}

TEST(AesGcm, Case14HasOneBlock) {
  check(std::string(64, '0'), std::string(24, '0'), "", std::string(32, '0'),
        "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919");
}

TEST(AesGcm, Case15HasFourBlocks) {
  check(kKey, kNonce, "", kPlaintext, kCiphertext + "b094dac5d93471bdec1a502270e3cc6c");
}

TEST(AesGcm, Case16HasAssociatedData) {
  check(kKey, kNonce, kAssociated, kPlaintext.substr(0, kCase16Digits),
        kCiphertext.substr(0, kCase16Digits) + "76fc6ece0f4e1768cddf8853bb2d551b");
}

TEST(AesGcm, EveryAlteredBitOfTheSealedBytesIsFound) {
  const Bytes sealed = sealed_case16();
  for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    Bytes altered = sealed;
    altered[bit / 8] = static_cast<std::uint8_t>(altered[bit / 8] ^ (1U << (bit % 8)));
    check_corrupt(crypto->aes256_gcm_open(hex(kKey), hex(kNonce), hex(kAssociated), altered));
  }
}

TEST(AesGcm, AlteredAssociatedDataIsFound) {
  Bytes associated = hex(kAssociated);
  associated.back() ^= 1;
  check_corrupt(crypto->aes256_gcm_open(hex(kKey), hex(kNonce), associated, sealed_case16()));
}

TEST(AesGcm, AnotherNonceDoesNotOpen) {
  Bytes nonce = hex(kNonce);
  nonce.front() ^= 1;
  check_corrupt(crypto->aes256_gcm_open(hex(kKey), nonce, hex(kAssociated), sealed_case16()));
}

TEST(AesGcm, AnotherKeyDoesNotOpen) {
  Bytes key = hex(kKey);
  key.back() ^= 1;
  check_corrupt(crypto->aes256_gcm_open(key, hex(kNonce), hex(kAssociated), sealed_case16()));
}

TEST(AesGcm, EveryTruncationIsFound) {
  const Bytes sealed = sealed_case16();
  for (std::size_t size = 0; size < sealed.size(); ++size) {
    check_corrupt(crypto->aes256_gcm_open(hex(kKey), hex(kNonce), hex(kAssociated),
                                          ByteView(sealed).first(size)));
  }
}

}  // namespace
}  // namespace berth
