#include "shared/domain/attestation/endorsement_key.hpp"

#include <CppUTest/TestHarness.h>

#include "shared/base/encoding.hpp"
#include "shared/domain/attestation/tpm_storage_key.hpp"
#include "tests/support/fake_crypto.hpp"
#include "tests/vectors/tpm/keys.hpp"

using namespace berth;
using namespace berth::domain;

TEST_GROUP(EndorsementKey) {
  testing::FakeCrypto crypto;
  Bytes key = from_base64(vectors::kEndorsementKey).value();
  // Of objectAttributes, behind the size, the type and the name's algorithm.
  static constexpr std::size_t kLastAttributes = 8;
};

TEST(EndorsementKey, ByTheTemplateIsTheOneThatAChipShows) {
  const auto parsed = check_tpm_storage_key(key, "endorsement key");
  CHECK(endorsement_key_by_template(parsed->modulus) == key);
}

TEST(EndorsementKey, NamesOneChipHoweverItIsSpelled) {
  CHECK(chip_digest(key, crypto) == crypto.sha256(key));
  Bytes altered = key;
  altered[kLastAttributes] ^= 0x04U;
  CHECK(altered != key);
  CHECK(chip_digest(altered, crypto) == crypto.sha256(key));
}

TEST(EndorsementKey, OfAnotherModulusNamesAnotherChip) {
  Bytes other = key;
  other[other.size() - 2] ^= 0x10U;
  CHECK(chip_digest(other, crypto) != chip_digest(key, crypto));
}

TEST(EndorsementKey, ThatIsNoneNamesItself) {
  const Bytes text = to_bytes("no key at all");
  CHECK(chip_digest(text, crypto) == crypto.sha256(text));
}
