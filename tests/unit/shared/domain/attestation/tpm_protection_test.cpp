#include "shared/domain/attestation/tpm_protection.hpp"

#include <CppUTest/TestHarness.h>

#include "shared/base/encoding.hpp"
#include "shared/domain/attestation/tpm_wire.hpp"
#include "tests/support/fake_crypto.hpp"
#include "tests/support/rsa_key.hpp"
#include "tests/vectors/tpm/keys.hpp"

namespace berth::domain {
namespace {

TEST_GROUP(TpmProtection) {
  testing::FakeCrypto crypto;

  static SecretBytes bytes_from(std::uint8_t first, std::size_t count) {
    Bytes bytes(count);
    for (std::uint8_t& byte : bytes) byte = first++;
    return SecretBytes(std::move(bytes));
  }
};

// Device API 11, V7: part 1, a credential of 60..6f under the seed 20..3f.
TEST(TpmProtection, WrapsTheCredentialOfTheVector) {
  const SecretBytes credential(sized(bytes_from(0x60, 16).reveal()));
  const Bytes wrapped = tpm_protect(
      bytes_from(0x20, 32), from_hex(vectors::kStorageRootKeyName).value(), credential, crypto);
  STRCMP_EQUAL(
      "00340020df32cfdf8d300abda6653b427b1009eee2e3ec048da1348d472ef6ed7ead6d1eeb1cc780b1331060eabc"
      "8696a58d774402a5",
      to_hex(sized(wrapped)).c_str());
}

// V6: the labels end with a zero byte, and OAEP hashes them with it.
TEST(TpmProtection, TheLabelsHashAsInTheVector) {
  STRCMP_EQUAL("d3120540c033c72e8725f574f7607cb749f13f8c97cbcb469e3cdf07a0808899",
               to_hex(crypto.sha256(as_bytes(std::string_view("IDENTITY\0", 9)))).c_str());
  STRCMP_EQUAL("b72fb63f25ea5239677870a0a3e1572e9cc190899efada9349ff1a7f6018c294",
               to_hex(crypto.sha256(as_bytes(std::string_view("DUPLICATE\0", 10)))).c_str());
}

TEST(TpmProtection, TheSeedIsForTheKeysOwnerUnderTheTerminatedLabel) {
  const testing::RsaKey owner;
  const TpmStorageKey key{{}, owner.public_key()};
  const auto encrypted = tpm_encrypt_seed(key, "DUPLICATE", bytes_from(0, 32), crypto);
  CHECK(encrypted.has_value());
  UNSIGNED_LONGS_EQUAL(258, encrypted->size());
  TpmReader in(*encrypted);
  const auto ciphertext = in.sized(256);
  CHECK(ciphertext.has_value());
  const auto seed = owner.oaep_decrypt(as_bytes(std::string_view("DUPLICATE\0", 10)), *ciphertext);
  CHECK(seed.has_value());
  CHECK(SecretBytes::copy_of(*seed) == bytes_from(0, 32));
  CHECK_FALSE(owner.oaep_decrypt(as_bytes("DUPLICATE"), *ciphertext).has_value());
}

}  // namespace
}  // namespace berth::domain
