#include "shared/domain/attestation/tpm_importable_key.hpp"

#include <CppUTest/TestHarness.h>

#include "shared/base/encoding.hpp"
#include "tests/support/fake_crypto.hpp"

namespace berth::domain {
namespace {

TEST_GROUP(TpmImportableKey) {
  testing::FakeCrypto crypto;
  // Device API 11, V7.
  SecretBytes key = bytes_from(0x80, 32);
  TpmImportSecrets secrets{bytes_from(0x40, 32), bytes_from(0x60, 16), bytes_from(0x00, 32)};

  static SecretBytes bytes_from(std::uint8_t first, std::size_t count) {
    Bytes bytes(count);
    for (std::uint8_t& byte : bytes) byte = first++;
    return SecretBytes(std::move(bytes));
  }
};

TEST(TpmImportableKey, HasThePublicAreaOfTheVector) {
  STRCMP_EQUAL(
      "00300008000b0004044000000005000b00200984dad7e24ef9a355be60edee5157ac153cc8f12d19bab20f26f47e"
      "f3885dfc",
      to_hex(make_tpm_importable_key(key, secrets, crypto).public_area).c_str());
}

TEST(TpmImportableKey, HasTheDuplicateOfTheVector) {
  STRCMP_EQUAL(
      "008e0020960616e67d5edfff78512f19853dd89f4da7de1738784ad041b2c9d76e3b2150a21a554e17b708c05faa"
      "39a21b69cc063c8f33977725e39f76bcaad4b15e626edabac190344538c17e3eef28a4abb5a1068123b2be5b3fae"
      "6faee8432e0482c6aa55dd33f6f22fd5be5bc9fa39e04459e08daad38d769a3af66ba81b7350f4012c46a1a4834e"
      "c49b193cee2e",
      to_hex(make_tpm_importable_key(key, secrets, crypto).duplicate).c_str());
}

// Device API 4.3: 144 bytes for a key of 32, 176 for one of 64, the longest that a TPM takes.
TEST(TpmImportableKey, HasTheSizesThatTpmsTake) {
  UNSIGNED_LONGS_EQUAL(144, make_tpm_importable_key(key, secrets, crypto).duplicate.size());
  const auto longest = make_tpm_importable_key(bytes_from(0, kMaxTpmHmacKeySize), secrets, crypto);
  UNSIGNED_LONGS_EQUAL(176, longest.duplicate.size());
  UNSIGNED_LONGS_EQUAL(50, longest.public_area.size());
}

}  // namespace
}  // namespace berth::domain
