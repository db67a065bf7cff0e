#include "shared/domain/attestation/tpm.hpp"

#include <vector>

#include <CppUTest/TestHarness.h>

#include "shared/base/encoding.hpp"
#include "tests/support/fake_crypto.hpp"
#include "tests/vectors/tpm/keys.hpp"

namespace berth::domain {
namespace {

TEST_GROUP(Tpm) {
  testing::FakeCrypto crypto;
  TpmEvidence chip{from_base64(vectors::kEndorsementKey).value(),
                   from_base64(vectors::kStorageRootKey).value()};
  TpmAttestation enrolled{chip.endorsement_key, {}};
  SecretBytes key = SecretBytes::copy_of(as_bytes("the key of the first challenge"));
  std::vector<TpmChallenge> challenges{{chip, key}};

  SasToken signed_with(const SecretBytes& by) {
    SasToken token;
    token.resource = "0ne00000001%2fregistrations%2fdev-1";
    token.expiry_text = "1900000000";
    token.expiry = 1900000000;
    const auto mac =
        crypto.hmac_sha256(by.reveal(), as_bytes(token.resource + "\n" + token.expiry_text));
    token.signature.assign(mac.begin(), mac.end());
    return token;
  }
  static Evidence shown(std::optional<SasToken> token, std::optional<TpmEvidence> keys = {}) {
    Evidence evidence;
    evidence.token = std::move(token);
    evidence.tpm = std::move(keys);
    return evidence;
  }
  // Another key as good as the chip's own.
  static Bytes other(Bytes of) {
    of[of.size() / 2] ^= 1;
    return of;
  }
  void not_answered(const Evidence& evidence, const char* why) {
    const auto answered = check_tpm_answer(evidence, enrolled, challenges, crypto);
    CHECK_FALSE(answered.has_value());
    CHECK(answered.error().code == Errc::unauthorized);
    STRCMP_CONTAINS(why, answered.error().reason.c_str());
  }
};

TEST(Tpm, TheEnrolledChipMayBeChallenged) {
  CHECK(check_shown_tpm(chip, enrolled).has_value());
}

// Device API 4: a cleared chip has another storage root key and keeps its identity.
TEST(Tpm, TheStorageRootKeyIsNotEnrolled) {
  enrolled.storage_root_key = chip.storage_root_key;
  chip.storage_root_key = other(chip.storage_root_key);
  CHECK(check_shown_tpm(chip, enrolled).has_value());
}

TEST(Tpm, AnotherChipIsUnauthorized) {
  chip.endorsement_key = other(chip.endorsement_key);
  const auto checked = check_shown_tpm(chip, enrolled);
  CHECK(checked.error().code == Errc::unauthorized);
  STRCMP_CONTAINS("is not the enrolled one", checked.error().reason.c_str());
}

TEST(Tpm, AStorageRootKeyThatIsMissingOrBrokenIsRefused) {
  const Bytes good = chip.storage_root_key;
  chip.storage_root_key.clear();
  CHECK(check_shown_tpm(chip, enrolled).error().code == Errc::invalid);
  chip.storage_root_key.assign(good.begin(), good.end() - 1);
  CHECK(check_shown_tpm(chip, enrolled).error().code == Errc::malformed);
}

TEST(Tpm, AnEnrollmentWithSomethingElseChallengesNobody) {
  chip.endorsement_key = {1, 2, 3};
  enrolled.endorsement_key = chip.endorsement_key;
  CHECK(check_shown_tpm(chip, enrolled).error().code == Errc::malformed);
  CHECK(check_endorsement_key(enrolled.endorsement_key).error().code == Errc::malformed);
}

TEST(Tpm, ATokenSignedWithTheChallengedKeyAnswers) {
  const auto answered =
      check_tpm_answer(shown(signed_with(key), chip), enrolled, challenges, crypto);
  CHECK(answered.has_value());
  CHECK(answered->keys.storage_root_key == chip.storage_root_key);
}

// Device API 4.2: iotedge's identityd does not repeat its keys; polls have no body either.
TEST(Tpm, WhoDoesNotShowTheKeysAgainAnswersToo) {
  challenges.insert(challenges.begin(),
                    {{chip.endorsement_key, other(chip.storage_root_key)}, SecretBytes(Bytes(32))});
  const auto answered = check_tpm_answer(shown(signed_with(key)), enrolled, challenges, crypto);
  CHECK(answered.has_value());
  CHECK(answered->keys.storage_root_key == chip.storage_root_key);
}

TEST(Tpm, ATokenOfAnOlderChallengeIsNoAnswer) {
  const SasToken old = signed_with(key);
  challenges[0].key = SecretBytes::copy_of(as_bytes("the key of the next challenge"));
  not_answered(shown(old, chip), "answers no challenge");
}

TEST(Tpm, AnAnswerBesideAnotherStorageRootKeyIsNone) {
  TpmEvidence altered = chip;
  altered.storage_root_key = other(chip.storage_root_key);
  not_answered(shown(signed_with(key), altered), "storage root key is not the one");
}

TEST(Tpm, AnAnswerBesideAnotherChipIsNone) {
  TpmEvidence altered = chip;
  altered.endorsement_key = other(chip.endorsement_key);
  not_answered(shown(signed_with(key), altered), "is not the enrolled one");
}

TEST(Tpm, AChallengeOfAnotherChipIsNotTheEnrolledOnes) {
  challenges[0].keys.endorsement_key = other(chip.endorsement_key);
  not_answered(shown(signed_with(key)), "answers no challenge");
}

TEST(Tpm, WithoutAnyChallengeNothingAnswers) {
  challenges.clear();
  not_answered(shown(signed_with(key), chip), "answers no challenge");
  not_answered({}, "neither its TPM's keys nor a SAS token");
}

}  // namespace
}  // namespace berth::domain
