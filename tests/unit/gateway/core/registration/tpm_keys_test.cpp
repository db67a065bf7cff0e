#include "gateway/core/registration/tpm_keys.hpp"

#include "tests/support/software_tpm.hpp"
#include "tests/unit/gateway/core/registration/engine_bench.hpp"

using namespace berth;
using namespace berth::gateway;
using namespace berth::testing;

TEST_GROUP(TpmKeys) {
  EngineBench bench;
  EnginePorts ports{bench.cache,  bench.admission, bench.link,   bench.probe,
                    bench.crypto, bench.clock,     bench.entropy};
};

TEST(TpmKeys, OnlyTheChipUnwrapsItsKey) {
  const SoftwareTpm tpm;
  const SoftwareTpm other(1);
  const auto blob =
      wrap_for_tpm({tpm.endorsement_key(), tpm.storage_root_key()}, key(7), "uri", ports);
  CHECK_TRUE(blob.has_value());
  CHECK_TRUE(tpm.unwrap(*blob) == key(7));
  CHECK_FALSE(other.unwrap(*blob).has_value());
}

TEST(TpmKeys, AChipThatWasClearedSinceDoesNot) {
  SoftwareTpm tpm;
  const auto blob =
      wrap_for_tpm({tpm.endorsement_key(), tpm.storage_root_key()}, key(7), "uri", ports);
  CHECK_TRUE(blob.has_value());
  tpm.clear();
  CHECK_FALSE(tpm.unwrap(*blob).has_value());
}

// Who shows a storage root key of his own making learns nothing: the chip's key is under a wrapper
// that only the endorsement key's owner opens.
TEST(TpmKeys, AStorageRootKeyOfSomebodyElseUnwrapsNothing) {
  const SoftwareTpm tpm;
  const SoftwareTpm attacker(1);
  const auto blob =
      wrap_for_tpm({tpm.endorsement_key(), attacker.storage_root_key()}, key(7), "uri", ports);
  CHECK_TRUE(blob.has_value());
  CHECK_FALSE(attacker.unwrap(*blob).has_value());
  CHECK_FALSE(tpm.unwrap(*blob).has_value());
}

TEST(TpmKeys, EveryAlteredByteIsFound) {
  const SoftwareTpm tpm;
  const auto blob =
      wrap_for_tpm({tpm.endorsement_key(), tpm.storage_root_key()}, key(7), {}, ports);
  CHECK_TRUE(blob.has_value());
  for (std::size_t i = 0; i < blob->size(); i += 7) {
    Bytes altered = *blob;
    altered[i] ^= 0x10;
    CHECK_FALSE(tpm.unwrap(altered).has_value());
  }
}

TEST(TpmKeys, KeysThatAreNoneAreRefused) {
  CHECK_TRUE(wrap_for_tpm({Bytes{1}, Bytes{2}}, key(7), {}, ports).error().code == Errc::malformed);
}

TEST(TpmKeys, IdentityKeysAreDrawnAnew) {
  const auto first = std::get<domain::SymmetricKeyCredential>(make_identity_keys(bench.entropy));
  const auto second = std::get<domain::SymmetricKeyCredential>(make_identity_keys(bench.entropy));
  UNSIGNED_LONGS_EQUAL(32, first.primary.size());
  UNSIGNED_LONGS_EQUAL(32, first.secondary.size());
  CHECK_FALSE(first.primary == first.secondary);
  CHECK_FALSE(first.primary == second.primary);
}
