#include "shared/domain/attestation/tpm_authentication_key.hpp"

#include <CppUTest/TestHarness.h>

#include "shared/base/encoding.hpp"
#include "tests/support/fake_crypto.hpp"
#include "tests/support/fake_entropy.hpp"
#include "tests/vectors/tpm/keys.hpp"

namespace berth::domain {
namespace {

constexpr std::string_view kUri = "0ne00LAB001/registrations/x";

TEST_GROUP(TpmAuthenticationKey) {
  testing::FakeCrypto crypto;
  TpmStorageKey endorsement_key = parsed(vectors::kEndorsementKey);
  TpmStorageKey storage_root_key = parsed(vectors::kStorageRootKey);
  // Device API 11, V7.
  SecretBytes key = bytes_from(0x80, 32);
  TpmBlobSecrets secrets{{bytes_from(0x40, 32), bytes_from(0x60, 16), bytes_from(0x00, 32)},
                         bytes_from(0x20, 32)};

  static SecretBytes bytes_from(std::uint8_t first, std::size_t count) {
    Bytes bytes(count);
    for (std::uint8_t& byte : bytes) byte = first++;
    return SecretBytes(std::move(bytes));
  }
  TpmStorageKey parsed(std::string_view base64) {
    return *parse_tpm_storage_key(from_base64(base64).value(), "key", crypto);
  }
  TpmAuthenticationKey made(std::string_view uri) {
    auto parts =
        make_tpm_authentication_key(endorsement_key, storage_root_key, key, uri, secrets, crypto);
    CHECK(parts.has_value());
    return std::move(*parts);
  }
};

TEST(TpmAuthenticationKey, HasThePartsOfTheVector) {
  const TpmAuthenticationKey parts = made(kUri);
  STRCMP_EQUAL(
      "00340020df32cfdf8d300abda6653b427b1009eee2e3ec048da1348d472ef6ed7ead6d1eeb1cc780b1331060eabc"
      "8696a58d774402a5",
      to_hex(parts.credential_blob).c_str());
  STRCMP_EQUAL("001b9f7d47796548b4d080c2768121b91dc1e7d0c403ee350488734a85",
               to_hex(parts.wrap_data).c_str());
  UNSIGNED_LONGS_EQUAL(144, parts.duplicate.size());
  UNSIGNED_LONGS_EQUAL(50, parts.public_area.size());
  UNSIGNED_LONGS_EQUAL(258, parts.credential_seed.size());
  UNSIGNED_LONGS_EQUAL(258, parts.duplication_seed.size());
}

// 54 + 258 + 144 + 258 + 50 + 29.
TEST(TpmAuthenticationKey, TheBlobHasTheSizeOfTheVector) {
  UNSIGNED_LONGS_EQUAL(793, tpm_blob_of(made(kUri)).size());
}

TEST(TpmAuthenticationKey, TheLargestBlobFitsTwoSaslSegments) {
  UNSIGNED_LONGS_EQUAL(kMaxTpmBlobMade, tpm_blob_of(made(std::string(kMaxTpmKeyUri, 'u'))).size());
  // One byte more, and the text is left out.
  UNSIGNED_LONGS_EQUAL(766, tpm_blob_of(made(std::string(kMaxTpmKeyUri + 1, 'u'))).size());
}

TEST(TpmAuthenticationKey, AnEmptyTextLeavesAnEmptyPart) {
  STRCMP_EQUAL("0000", to_hex(made({}).wrap_data).c_str());
}

TEST(TpmAuthenticationKey, ABlobIsTakenApartAsItWasMade) {
  const TpmAuthenticationKey parts = made(kUri);
  const auto read = parse_tpm_blob(tpm_blob_of(parts));
  CHECK(read.has_value());
  CHECK(read->credential_blob == parts.credential_blob);
  CHECK(read->credential_seed == parts.credential_seed);
  CHECK(read->duplicate == parts.duplicate);
  CHECK(read->duplication_seed == parts.duplication_seed);
  CHECK(read->public_area == parts.public_area);
  CHECK(read->wrap_data == parts.wrap_data);
}

TEST(TpmAuthenticationKey, EveryTruncationIsMalformed) {
  const Bytes blob = tpm_blob_of(made(kUri));
  for (std::size_t size = 0; size < blob.size(); ++size) {
    const auto read = parse_tpm_blob(ByteView(blob).first(size));
    CHECK_FALSE(read.has_value());
    CHECK(read.error().code == Errc::malformed);
  }
}

TEST(TpmAuthenticationKey, BytesAfterTheBlobAreMalformed) {
  Bytes blob = tpm_blob_of(made(kUri));
  blob.push_back(0);
  CHECK(parse_tpm_blob(blob).error().code == Errc::malformed);
}

TEST(TpmAuthenticationKey, ABlobOnePastTheLimitIsTooLarge) {
  Bytes blob(kMaxTpmBlobRead, 0);
  CHECK(parse_tpm_blob(blob).error().code == Errc::malformed);
  blob.push_back(0);
  CHECK(parse_tpm_blob(blob).error().code == Errc::too_large);
}

TEST(TpmAuthenticationKey, EverySecretIsDrawnAndHasItsSize) {
  testing::FakeEntropy entropy;
  const TpmBlobSecrets drawn = draw_tpm_blob_secrets(entropy);
  UNSIGNED_LONGS_EQUAL(32, drawn.import.seed_value.size());
  UNSIGNED_LONGS_EQUAL(16, drawn.import.wrap_key.size());
  UNSIGNED_LONGS_EQUAL(32, drawn.import.duplication_seed.size());
  UNSIGNED_LONGS_EQUAL(32, drawn.credential_seed.size());
  CHECK_FALSE(drawn.import.duplication_seed == drawn.credential_seed);
  CHECK_FALSE(drawn.import.seed_value == drawn.credential_seed);
}

}  // namespace
}  // namespace berth::domain
