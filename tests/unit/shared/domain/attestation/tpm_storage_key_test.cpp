#include "shared/domain/attestation/tpm_storage_key.hpp"

#include <string>

#include <CppUTest/TestHarness.h>

#include "shared/base/encoding.hpp"
#include "tests/support/fake_crypto.hpp"
#include "tests/vectors/tpm/keys.hpp"

namespace berth::domain {
namespace {

// Where the fields of the vectors are, from the front of the TPM2B_PUBLIC; an endorsement key has a
// policy of 32 bytes, a storage root key none.
constexpr std::size_t kType = 2;
constexpr std::size_t kNameAlgorithm = 4;
constexpr std::size_t kAttributes = 6;
constexpr std::size_t kPolicySizeAt = 10;
constexpr std::size_t kSymmetric = 12;
constexpr std::size_t kSymmetricBits = 14;
constexpr std::size_t kMode = 16;
constexpr std::size_t kScheme = 18;
constexpr std::size_t kBits = 20;
constexpr std::size_t kExponent = 22;
constexpr std::size_t kModulus = 28;

TEST_GROUP(TpmStorageKey) {
  testing::FakeCrypto crypto;
  Bytes key = from_base64(vectors::kStorageRootKey).value();

  Result<TpmStorageKey> parse() {
    return parse_tpm_storage_key(key, "storage root key", crypto);
  }
  void refused(Errc code, const char* why) {
    const auto parsed = parse();
    CHECK_FALSE(parsed.has_value());
    STRCMP_CONTAINS(why, parsed.error().reason.c_str());
    STRCMP_CONTAINS("the TPM's storage root key", parsed.error().reason.c_str());
    CHECK(parsed.error().code == code);
  }
  void put16(std::size_t at, std::uint16_t number) {
    key[at] = static_cast<std::uint8_t>(number >> 8U);
    key[at + 1] = static_cast<std::uint8_t>(number & 0xFFU);
  }
};

TEST(TpmStorageKey, ParsesAndNamesTheStorageRootKeyOfTheVector) {
  const auto parsed = parse();
  CHECK(parsed.has_value());
  STRCMP_EQUAL(std::string(vectors::kStorageRootKeyName).c_str(), to_hex(parsed->name).c_str());
  UNSIGNED_LONGS_EQUAL(65537, parsed->rsa.exponent);
  CHECK(parsed->rsa.modulus == Bytes(key.begin() + kModulus, key.end()));
}

TEST(TpmStorageKey, ParsesAndNamesTheEndorsementKeyOfTheVector) {
  key = from_base64(vectors::kEndorsementKey).value();
  const auto parsed = parse();
  CHECK(parsed.has_value());
  STRCMP_EQUAL(std::string(vectors::kEndorsementKeyName).c_str(), to_hex(parsed->name).c_str());
}

TEST(TpmStorageKey, AnExponentThatIsWrittenOutIsTheSameKeyWithAnotherName) {
  key[kExponent + 1] = 1;
  key[kExponent + 3] = 1;
  const auto parsed = parse();
  CHECK(parsed.has_value());
  UNSIGNED_LONGS_EQUAL(65537, parsed->rsa.exponent);
  CHECK(to_hex(parsed->name) != vectors::kStorageRootKeyName);
}

TEST(TpmStorageKey, EveryTruncationIsMalformed) {
  const Bytes whole = key;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    key.assign(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    refused(Errc::malformed, "no TPM2B_PUBLIC");
    // The same with a size that fits what is left.
    if (size < 2) continue;
    put16(0, static_cast<std::uint16_t>(size - 2));
    CHECK_FALSE(parse().has_value());
  }
}

TEST(TpmStorageKey, BytesAfterTheKeyAreMalformed) {
  key.push_back(0);
  refused(Errc::malformed, "no TPM2B_PUBLIC");
  put16(0, static_cast<std::uint16_t>(key.size() - 2));
  refused(Errc::malformed, "does not end where it should");
}

TEST(TpmStorageKey, ASizePastTheLimitIsMalformed) {
  key.resize(kMaxTpmPublicSize);
  put16(0, kMaxTpmPublicSize - 2);
  refused(Errc::malformed, "does not end where it should");
  key.push_back(0);
  put16(0, kMaxTpmPublicSize - 1);
  refused(Errc::malformed, "no TPM2B_PUBLIC");
}

TEST(TpmStorageKey, AnEccKeyIsClearlyRefused) {
  put16(kType, 0x0023);
  refused(Errc::unsupported, "is an ECC key; RSA of 2048 bits is offered");
}

TEST(TpmStorageKey, OtherAlgorithmsAreRefused) {
  const Bytes good = key;
  put16(kType, 0x0008);
  refused(Errc::unsupported, "is not an RSA key");
  key = good;
  put16(kNameAlgorithm, 0x000C);
  refused(Errc::unsupported, "is not named by SHA-256");
  key = good;
  put16(kSymmetric, 0x0010);
  refused(Errc::unsupported, "does not protect with AES");
  key = good;
  put16(kSymmetricBits, 256);
  refused(Errc::unsupported, "AES-128-CFB");
  key = good;
  put16(kMode, 0x0042);
  refused(Errc::unsupported, "AES-128-CFB");
  key = good;
  put16(kScheme, 0x0014);
  refused(Errc::malformed, "has a scheme");
  key = good;
  put16(kBits, 1024);
  refused(Errc::unsupported, "is not of 2048 bits");
  key = good;
  key[kExponent + 3] = 3;
  refused(Errc::unsupported, "has an unusual exponent");
}

TEST(TpmStorageKey, AKeyThatMayLeaveItsTpmOrSignIsRefused) {
  const Bytes good = key;
  // fixedTPM, fixedParent, sensitiveDataOrigin, restricted, decrypt (Part 2, 8.3.2).
  for (const std::uint32_t bit : {1U, 4U, 5U, 16U, 17U}) {
    key = good;
    key[kAttributes + 3 - bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    refused(Errc::malformed, "is not a storage key that never leaves its TPM");
  }
  key = good;
  key[kAttributes + 1] ^= 0x04;  // sign
  refused(Errc::malformed, "is not a storage key that never leaves its TPM");
}

TEST(TpmStorageKey, APolicyOfAWrongSizeIsRefused) {
  key.insert(key.begin() + kPolicySizeAt + 2, 20, 0);
  put16(kPolicySizeAt, 20);
  put16(0, static_cast<std::uint16_t>(key.size() - 2));
  refused(Errc::malformed, "policy of a wrong size");
}

TEST(TpmStorageKey, AModulusThatIsNoneOf2048BitsIsRefused) {
  const Bytes good = key;
  key[kModulus] &= 0x7F;
  refused(Errc::malformed, "no modulus of 2048 bits");
  key = good;
  key.back() &= 0xFE;
  refused(Errc::malformed, "no modulus of 2048 bits");
  key = good;
  key.erase(key.begin() + kModulus);
  put16(kModulus - 2, 255);
  put16(0, static_cast<std::uint16_t>(key.size() - 2));
  refused(Errc::malformed, "no modulus of 2048 bits");
}

}  // namespace
}  // namespace berth::domain
