#include "gateway/core/registration/tpm_challenges.hpp"

#include <string>

#include <CppUTest/TestHarness.h>

#include "gateway/core/limits.hpp"
#include "shared/domain/attestation/tpm_storage_key.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_crypto.hpp"
#include "tests/support/fake_entropy.hpp"

using namespace berth;
using namespace berth::gateway;
using namespace berth::testing;
using domain::TpmChallenge;
using domain::TpmEvidence;

namespace {

TpmChallenges::Device device(const std::string& id) {
  return {domain::IdScope("0ne00LAB001"), *domain::RegistrationId::parse(id)};
}

// Keys that only their first bytes tell apart; whether a chip has such keys is not judged here.
TpmEvidence chip(int root = 0) {
  return {to_bytes("an endorsement key"), to_bytes("root key " + std::to_string(root))};
}

}  // namespace

TEST_GROUP(TpmChallenges) {
  FakeCrypto crypto;
  FakeClock clock;
  FakeEntropy entropy;
  TpmChallenges challenges{8, crypto, clock, entropy};

  bool has(const std::vector<TpmChallenge>& open, const SecretBytes& key) {
    for (const TpmChallenge& one : open) {
      if (one.key == key) return true;
    }
    return false;
  }
  bool is_open(const SecretBytes& key, const std::string& id = "dev-1",
               const std::optional<TpmEvidence>& shown = std::nullopt) {
    return has(challenges.open_for(device(id), shown), key);
  }
  SecretBytes open(int root = 0, const std::string& source = "192.0.2.1",
                   const std::string& id = "dev-1") {
    return challenges.open(device(id), chip(root), source);
  }
};

TEST(TpmChallenges, AskingAgainChangesNothing) {
  const SecretBytes first = open();
  CHECK_TRUE(first == open(0, "198.51.100.1"));
  UNSIGNED_LONGS_EQUAL(32, first.size());
  UNSIGNED_LONGS_EQUAL(1, challenges.size());
  CHECK_TRUE(is_open(first));
}

TEST(TpmChallenges, EveryDeviceAndKeyHasItsOwn) {
  const SecretBytes first = open();
  CHECK_FALSE(first == open(1));
  CHECK_FALSE(first == open(0, "192.0.2.1", "dev-2"));
  TpmEvidence other = chip();
  other.endorsement_key = to_bytes("another endorsement key");
  CHECK_FALSE(first == challenges.open(device("dev-1"), other, "192.0.2.1"));
  CHECK_FALSE(is_open(first, "dev-2"));
}

TEST(TpmChallenges, IdsCountWithoutRegardToCase) {
  CHECK_TRUE(open(0, "", "dev-1") == open(0, "", "DEV-1"));
  UNSIGNED_LONGS_EQUAL(1, challenges.size());
}

TEST(TpmChallenges, AnotherGatewayChallengesOtherwise) {
  FakeEntropy others(2);
  TpmChallenges elsewhere{8, crypto, clock, others};
  CHECK_FALSE(open() == elsewhere.open(device("dev-1"), chip(), "192.0.2.1"));
}

TEST(TpmChallenges, AnUnansweredChallengeLastsAWholeLifetimeAtLeastAndTwoAtMost) {
  for (const auto age :
       {std::chrono::milliseconds{0},
        std::chrono::milliseconds(kTpmChallengeLifetime) - std::chrono::milliseconds{1}}) {
    clock.advance(age);
    const SecretBytes key = open();
    clock.advance(kTpmChallengeLifetime);
    CHECK_TRUE(is_open(key));
    CHECK_TRUE(is_open(key, "dev-1", chip()));
    clock.advance(kTpmChallengeLifetime);
    CHECK_FALSE(is_open(key));
    CHECK_FALSE(is_open(key, "dev-1", chip()));
    UNSIGNED_LONGS_EQUAL(0, challenges.size());
  }
}

TEST(TpmChallenges, AnAnsweredOneLastsAsLongAsItIsUsed) {
  const SecretBytes key = open();
  for (int i = 0; i < 5; ++i) {
    challenges.answered(device("dev-1"), {chip(), key});
    clock.advance(kTpmAnswerLifetime - std::chrono::seconds{1});
    CHECK_TRUE(is_open(key));
  }
  UNSIGNED_LONGS_EQUAL(1, challenges.size());
  clock.advance(std::chrono::seconds{1});
  CHECK_FALSE(is_open(key));
}

TEST(TpmChallenges, OneDeviceHasAFewOfThem) {
  for (int root = 0; root < static_cast<int>(kMaxTpmChallengesPerDevice); ++root) open(root);
  UNSIGNED_LONGS_EQUAL(kMaxTpmChallengesPerDevice, challenges.size());
  open(99);
  UNSIGNED_LONGS_EQUAL(kMaxTpmChallengesPerDevice, challenges.size());
}

TEST(TpmChallenges, AllDevicesTogetherHaveNoMoreThanTheCapacity) {
  for (int i = 0; i < 20; ++i) open(0, "192.0.2.1", "dev-" + std::to_string(i));
  UNSIGNED_LONGS_EQUAL(8, challenges.size());
}

// The heart of it: everybody knows the endorsement key.
TEST(TpmChallenges, WhoAsksInADevicesNameDoesNotLockItOut) {
  const SecretBytes key = open(0, "192.0.2.1");
  for (int root = 1; root < 100; ++root) open(root, "198.51.100." + std::to_string(root));
  // With its keys shown again, it depends on nothing that is kept.
  CHECK_TRUE(is_open(key, "dev-1", chip()));
}

TEST(TpmChallenges, OneAddressDisplacesItsOwnFirst) {
  const SecretBytes key = open(0, "192.0.2.1");
  for (int root = 1; root < 100; ++root) open(root, "198.51.100.1");
  CHECK_TRUE(is_open(key));
}

TEST(TpmChallenges, WhatWasAnsweredIsNotDisplacedByWhatWasNot) {
  const SecretBytes key = open(0, "192.0.2.1");
  challenges.answered(device("dev-1"), {chip(), key});
  for (int root = 1; root < 100; ++root) open(root, "198.51.100." + std::to_string(root));
  for (int i = 2; i < 100; ++i) open(0, "198.51.100.1", "dev-" + std::to_string(i));
  CHECK_TRUE(is_open(key));
}

TEST(TpmChallenges, WhatWasAnsweredStaysSoWhenSomebodyAsksAgain) {
  const SecretBytes key = open();
  challenges.answered(device("dev-1"), {chip(), key});
  open(0, "198.51.100.1");
  clock.advance(kTpmAnswerLifetime - std::chrono::seconds{1});
  CHECK_TRUE(is_open(key));
}

TEST(TpmChallenges, KeysTooLargeForAChipAreNotComputedWith) {
  TpmEvidence large = chip();
  large.storage_root_key.resize(domain::kMaxTpmPublicSize);
  UNSIGNED_LONGS_EQUAL(1, challenges.open_for(device("dev-1"), large).size());
  large.storage_root_key.push_back(0);
  UNSIGNED_LONGS_EQUAL(0, challenges.open_for(device("dev-1"), large).size());
  clock.advance(kTpmChallengeLifetime);
  large.storage_root_key.pop_back();
  UNSIGNED_LONGS_EQUAL(2, challenges.open_for(device("dev-1"), large).size());
}
