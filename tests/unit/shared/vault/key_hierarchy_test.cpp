#include "shared/vault/key_hierarchy.hpp"

#include <memory>

#include <CppUTest/TestHarness.h>

#include "shared/crypto/mbedtls/mbedtls.hpp"
#include "tests/support/fake_entropy.hpp"

using berth::Bytes;
using berth::Errc;
using berth::to_bytes;
using namespace berth::vault;

TEST_GROUP(KeyHierarchy) {
  std::unique_ptr<berth::ports::Crypto> crypto_ = berth::crypto::make_mbedtls_crypto();
  berth::testing::FakeEntropy entropy_;
  RootKey root_{entropy_.secret(kRootKeySize), "the test"};
  KeyHierarchy hierarchy_{*crypto_, root_};
  NamedKeys named_{"0neAA000001", make_tenant_keys(entropy_)};
};

TEST(KeyHierarchy, OpensTheKeysThatItSealed) {
  const Bytes sealed = hierarchy_.seal(entropy_, named_);
  const auto opened = hierarchy_.open(hierarchy_.blind_tenant("0neAA000001"), sealed);
  CHECK(opened.has_value());
  CHECK(opened->tenant == "0neAA000001");
  CHECK(opened->keys.index == named_.keys.index);
  CHECK(opened->keys.digest == named_.keys.digest);
  CHECK(opened->keys.integrity == named_.keys.integrity);
  CHECK(opened->keys.data.size() == 1);
  CHECK(opened->keys.sealing_key().version == 1);
  CHECK(opened->keys.sealing_key().bytes == named_.keys.sealing_key().bytes);
}

TEST(KeyHierarchy, MakesKeysThatAllDiffer) {
  const TenantKeys other = make_tenant_keys(entropy_);
  CHECK_FALSE(named_.keys.index == other.index);
  CHECK_FALSE(named_.keys.index == named_.keys.digest);
  CHECK_FALSE(named_.keys.digest == named_.keys.integrity);
  CHECK_FALSE(named_.keys.sealing_key().bytes == other.sealing_key().bytes);
}

TEST(KeyHierarchy, RefusesKeysFromAnotherTenantsRow) {
  const Bytes sealed = hierarchy_.seal(entropy_, named_);
  const auto opened = hierarchy_.open(hierarchy_.blind_tenant("0neAA000002"), sealed);
  CHECK_FALSE(opened.has_value());
  CHECK(opened.error().code == Errc::corrupt);
}

TEST(KeyHierarchy, OpensNothingOfAnotherRootKey) {
  const RootKey other{entropy_.secret(kRootKeySize), "another"};
  const KeyHierarchy stranger(*crypto_, other);
  const auto row_key = hierarchy_.blind_tenant("0neAA000001");
  CHECK_FALSE(stranger.open(row_key, hierarchy_.seal(entropy_, named_)).has_value());
  CHECK(stranger.blind_tenant("0neAA000001") != row_key);
}

TEST(KeyHierarchy, BlindsNamesWithoutRegardToCase) {
  CHECK(hierarchy_.blind_tenant("0neAA000001") == hierarchy_.blind_tenant("0NEaa000001"));
  CHECK(hierarchy_.blind_tenant("0neAA000001") != hierarchy_.blind_tenant("0neAA000002"));
}

TEST(KeyHierarchy, KeepsOldDataKeysWhenItRotates) {
  const SealingKey old = named_.keys.sealing_key();
  CHECK(rotate_data_key(named_.keys, entropy_).has_value());
  CHECK(named_.keys.sealing_key().version == 2);
  CHECK_FALSE(named_.keys.sealing_key().bytes == old.bytes);
  CHECK(named_.keys.data_key(1)->bytes == old.bytes);
  CHECK(named_.keys.data_key(3) == nullptr);
  const auto opened =
      hierarchy_.open(hierarchy_.blind_tenant("0neAA000001"), hierarchy_.seal(entropy_, named_));
  CHECK(opened.has_value());
  CHECK(opened->keys.data.size() == 2);
}

TEST(KeyHierarchy, RotatesUpToTheMostDataKeys) {
  while (named_.keys.data.size() < kMaxDataKeys) {
    CHECK(rotate_data_key(named_.keys, entropy_).has_value());
  }
  const auto row_key = hierarchy_.blind_tenant("0neAA000001");
  CHECK(hierarchy_.open(row_key, hierarchy_.seal(entropy_, named_)).has_value());
  const auto refused = rotate_data_key(named_.keys, entropy_);
  CHECK_FALSE(refused.has_value());
  CHECK(refused.error().code == Errc::unavailable);
  CHECK(named_.keys.data.size() == kMaxDataKeys);
}

TEST(KeyHierarchy, KeepsFactsUnderTheirNames) {
  const Bytes sealed = hierarchy_.seal_fact(entropy_, "incarnation", to_bytes("x"));
  CHECK(*hierarchy_.open_fact("incarnation", sealed) == to_bytes("x"));
  CHECK_FALSE(hierarchy_.open_fact("another", sealed).has_value());
}
