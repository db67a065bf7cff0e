#include "gateway/core/device/psk_keys.hpp"

#include <string>

#include <CppUTest/TestHarness.h>

#include "shared/domain/attestation/symmetric_key.hpp"
#include "tests/support/fake_crypto.hpp"
#include "tests/support/fake_entropy.hpp"
#include "tests/support/fake_gateway.hpp"

using namespace berth;
using namespace berth::gateway;
using namespace berth::testing;

TEST_GROUP(PskKeys) {
  FakeCache cache;
  FakeCrypto crypto;
  FakeEntropy entropy;
  PskKeys keys{cache, crypto, entropy};

  void setup() override {
    cache.scope = domain::IdScope("0ne0000000A");
    domain::IndividualEnrollment individual;
    individual.registration_id = *domain::RegistrationId::parse("dev-1");
    individual.attestation = domain::SymmetricKeyAttestation{key("first"), key("second")};
    cache.put(individual);
    domain::EnrollmentGroup group;
    group.group_id = *domain::EnrollmentGroupId::parse("line-7");
    group.attestation = domain::SymmetricKeyAttestation{key("line"), {}};
    cache.put(group);
    individual.registration_id = *domain::RegistrationId::parse("certified");
    individual.attestation = domain::X509Attestation{};
    cache.put(individual);
  }
  static SecretBytes key(const std::string& name) {
    return SecretBytes(to_bytes(name));
  }

  void check_unknown(std::string_view identity) {
    const PskAnswer first = keys.answer(identity);
    const PskAnswer second = keys.answer(identity);
    CHECK_FALSE(first.proof.has_value());
    CHECK_FALSE(first.reason.empty());
    LONGS_EQUAL(32, first.key.size());
    CHECK_FALSE(first.key == second.key);
  }
};

TEST(PskKeys, AnIndividualsKeysAreChosenByTheSlot) {
  const PskAnswer primary = keys.answer("0ne0000000A/dev-1/p");
  CHECK_TRUE(primary.key == domain::derive_psk(key("first"), crypto));
  CHECK_TRUE(primary.proof->key == primary.key);
  STRCMP_EQUAL("dev-1", primary.proof->identity.registration_id.str().c_str());
  CHECK_TRUE(primary.reason.empty());
  CHECK_TRUE(keys.answer("0ne0000000a/DEV-1/s").key == domain::derive_psk(key("second"), crypto));
}

TEST(PskKeys, AGroupsDevicesAreDerived) {
  const SecretBytes device = domain::derive_device_key(key("line"), "dev-9", crypto);
  CHECK_TRUE(keys.answer("0ne0000000A/dev-9/p/LINE-7").key == domain::derive_psk(device, crypto));
}

TEST(PskKeys, WhatNamesNothingGetsARandomKeyEachTime) {
  check_unknown("");
  check_unknown("0ne0000000B/dev-1/p");
  check_unknown("0ne0000000A/dev-2/p");
  check_unknown("0ne0000000A/dev-1/p/line-8");
  check_unknown("0ne0000000A/dev-1/s/line-7");
  check_unknown("0ne0000000A/certified/p");
  check_unknown(std::string(domain::kMaxPskIdentity + 1, 'a'));
}

TEST(PskKeys, WhatCannotBeReadGetsARandomKeyToo) {
  cache.failure = Errc::corrupt;
  check_unknown("0ne0000000A/dev-1/p");
}

TEST(PskKeys, AnUnknownIdentityCostsWhatAKnownOneDoes) {
  std::size_t before = crypto.hmacs_made();
  static_cast<void>(keys.answer("0ne0000000A/dev-1/p"));
  const std::size_t known = crypto.hmacs_made() - before;
  before = crypto.hmacs_made();
  static_cast<void>(keys.answer("0ne0000000A/dev-2/p"));
  LONGS_EQUAL(known, crypto.hmacs_made() - before);
}
