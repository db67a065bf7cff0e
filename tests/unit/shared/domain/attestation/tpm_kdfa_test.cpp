#include "shared/domain/attestation/tpm_kdfa.hpp"

#include <CppUTest/TestHarness.h>

#include "shared/base/encoding.hpp"
#include "tests/support/fake_crypto.hpp"
#include "tests/vectors/tpm/keys.hpp"

namespace berth::domain {
namespace {

// Device API 11, V7: the seeds are 00..1f (duplication) and 20..3f (credential).
SecretBytes seed_from(std::uint8_t first) {
  Bytes seed(32);
  for (std::uint8_t& byte : seed) byte = first++;
  return SecretBytes(std::move(seed));
}

constexpr const char* kKeyName =
    "000b03e758a377b4ea7e8a7d0098f8b87ca0427d82fcda15b727ec3575cfa9a1633f";

TEST_GROUP(TpmKdfa) {
  testing::FakeCrypto crypto;

  std::string made(const SecretBytes& seed, std::string_view label, ByteView u, std::size_t bits) {
    return to_hex(tpm_kdfa(seed, label, u, {}, bits, crypto).reveal());
  }
};

TEST(TpmKdfa, MakesTheDuplicationKeysOfTheVector) {
  STRCMP_EQUAL("f434e5859628ccae20705ddae0331b56",
               made(seed_from(0x00), "STORAGE", from_hex(kKeyName).value(), 128).c_str());
  STRCMP_EQUAL("bacf689f634ece301e1f1b15b072d9c87db6a69585db42b1a0cb8f73ebe2692e",
               made(seed_from(0x00), "INTEGRITY", {}, 256).c_str());
}

TEST(TpmKdfa, MakesTheCredentialKeysOfTheVector) {
  const Bytes name = from_hex(vectors::kStorageRootKeyName).value();
  STRCMP_EQUAL("18e7eb1325488b48997dd02135bed4e7",
               made(seed_from(0x20), "STORAGE", name, 128).c_str());
  STRCMP_EQUAL("a59f83ebb69b4d9e96423384c6688d561897e006de455f849a5f147faf8c7cdb",
               made(seed_from(0x20), "INTEGRITY", {}, 256).c_str());
}

// Each block is an HMAC of its own number, and the wanted length is in all of them.
TEST(TpmKdfa, MakesMoreThanOneBlock) {
  const std::string longer = made(seed_from(0x00), "INTEGRITY", {}, 512);
  UNSIGNED_LONGS_EQUAL(128, longer.size());
  CHECK(longer.substr(0, 64) != longer.substr(64));
  CHECK(longer.substr(0, 64) != made(seed_from(0x00), "INTEGRITY", {}, 256));
}

TEST(TpmKdfa, EveryInputCounts) {
  const std::string plain = made(seed_from(0x00), "STORAGE", Bytes{1}, 128);
  CHECK(plain != made(seed_from(0x01), "STORAGE", Bytes{1}, 128));
  CHECK(plain != made(seed_from(0x00), "IDENTITY", Bytes{1}, 128));
  CHECK(plain != made(seed_from(0x00), "STORAGE", Bytes{2}, 128));
  const Bytes one{1};
  CHECK(plain != to_hex(tpm_kdfa(seed_from(0x00), "STORAGE", one, one, 128, crypto).reveal()));
}

}  // namespace
}  // namespace berth::domain
