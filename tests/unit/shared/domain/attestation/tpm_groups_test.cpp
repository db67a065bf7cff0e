// Groups of TPMs through match(), since that is what decides whether they are asked at all.
#include "shared/domain/attestation/tpm_groups.hpp"

#include <map>
#include <set>
#include <string>

#include <CppUTest/TestHarness.h>

#include "shared/base/encoding.hpp"
#include "tests/support/endorsement_certificate.hpp"
#include "tests/support/fake_crypto.hpp"
#include "tests/vectors/tpm/keys.hpp"

using namespace berth;
using namespace berth::domain;
using berth::testing::FakeCertificate;
using berth::testing::kNow;

namespace {

class Lists final : public EnrollmentLookup {
 public:
  std::map<std::string, Versioned<IndividualEnrollment>> individuals;
  std::map<std::string, Versioned<EnrollmentGroup>> groups;
  std::map<std::string, AdmittedTpm> admitted;  // by hex hash of the endorsement key
  std::vector<SigningCertificate> issuers;
  std::set<ports::Sha256Digest> blocked_chips;
  std::optional<Errc> failure;  // of the list

  Result<std::optional<Versioned<IndividualEnrollment>>> individual(
      const RegistrationId& id) override {
    const auto found = individuals.find(id.folded());
    if (found == individuals.end()) return std::optional<Versioned<IndividualEnrollment>>{};
    return std::optional(found->second);
  }
  Result<std::optional<Versioned<EnrollmentGroup>>> group(const EnrollmentGroupId& id) override {
    const auto found = groups.find(id.folded());
    if (found == groups.end()) return std::optional<Versioned<EnrollmentGroup>>{};
    return std::optional(found->second);
  }
  Result<bool> is_blocked(const RegistrationId&) override { return false; }
  Result<bool> is_certificate_blocked(const ports::Sha256Digest&) override { return false; }
  Result<std::vector<SigningCertificate>> signing_certificates(ByteView) override {
    return std::vector<SigningCertificate>{};
  }
  Result<std::optional<CaCertificate>> ca_certificate(const std::string&) override {
    return std::optional<CaCertificate>{};
  }
  Result<std::optional<AdmittedTpm>> admitted_tpm(
      const ports::Sha256Digest& endorsement_key) override {
    if (failure) return Error{*failure, "the disk says no"};
    const auto found = admitted.find(to_hex(endorsement_key));
    if (found == admitted.end()) return std::optional<AdmittedTpm>{};
    return std::optional(found->second);
  }
  Result<std::vector<SigningCertificate>> tpm_issuers(ByteView) override { return issuers; }
  Result<bool> is_endorsement_key_blocked(const ports::Sha256Digest& endorsement_key) override {
    return blocked_chips.contains(endorsement_key);
  }
  Result<std::vector<GroupKeys>> symmetric_groups() override { return std::vector<GroupKeys>{}; }
};

}  // namespace

TEST_GROUP(TpmGroups) {
  testing::FakeCrypto crypto;
  Lists lists;
  MatchRequest request;
  TpmEvidence chip{from_base64(vectors::kEndorsementKey).value(),
                   from_base64(vectors::kStorageRootKey).value()};
  SecretBytes challenge_key{to_bytes("what the chip was challenged with")};

  void setup() override {
    request.id_scope = IdScope("0ne00000A0A");
    request.registration_id =
        *RegistrationId::parse(std::string(vectors::kEndorsementKeyRegistrationId));
    request.now = kNow;
    request.evidence.tpm = chip;
    add_group("fleet");
  }

  EnrollmentGroup& add_group(const std::string& name) {
    auto& held = lists.groups[name];
    held.record.group_id = *EnrollmentGroupId::parse(name);
    held.record.attestation = TpmGroupAttestation{};
    held.version = 7;
    return held.record;
  }
  AdmittedTpm& list_chip(const std::string& group = "fleet") {
    AdmittedTpm& tpm = lists.admitted[to_hex(crypto.sha256(chip.endorsement_key))];
    tpm.group_id = *EnrollmentGroupId::parse(group);
    return tpm;
  }
  // The CA of a maker, on the group.
  ports::Certificate trust(const std::string& group = "fleet",
                           const std::string& subject = "CN=TPM CA") {
    FakeCertificate ca{.subject = subject, .issuer = subject};
    ca.is_ca = true;
    ports::Certificate made = crypto.make(ca);
    lists.issuers.push_back({*EnrollmentGroupId::parse(group), made.der, true});
    return made;
  }
  // The chip's certificate by its maker, shown by the device.
  ports::Certificate certify(FakeCertificate wanted = {.subject = "", .issuer = "CN=TPM CA"}) {
    ports::Certificate made = crypto.make(wanted);
    testing::endorse(made, chip.endorsement_key);
    made.has_unknown_critical_extension = wanted.has_unknown_critical_extension;
    crypto.change(made);
    request.evidence.tpm->certificates = {made.der};
    return made;
  }
  // The same chip, since it answers no matter what is said of its key: with an attribute more.
  void alter_the_public_area() {
    constexpr std::size_t kSecondByteOfLast = 8;
    request.evidence.tpm->endorsement_key[kSecondByteOfLast] ^= 0x04U;
    request.registration_id =
        *RegistrationId::parse(to_base32(crypto.sha256(request.evidence.tpm->endorsement_key)));
  }
  void answer(const SecretBytes& with) {
    SasToken token;
    token.resource = "0ne00000A0A%2Fregistrations%2F" + request.registration_id.str();
    token.expiry = unix_seconds(kNow) + 3600;
    token.expiry_text = std::to_string(token.expiry);
    const auto signature =
        crypto.hmac_sha256(with.reveal(), as_bytes(token.resource + "\n" + token.expiry_text));
    token.signature = to_bytes(signature);
    request.evidence.token = token;
    request.tpm_challenges = {{*request.evidence.tpm, challenge_key}};
  }
  ChallengeDue challenged() {
    const Verdict verdict = match(request, lists, crypto);
    const auto* refusal = std::get_if<Refusal>(&verdict);
    STRCMP_EQUAL("", refusal == nullptr ? "" : refusal->error.reason.c_str());
    return std::get<ChallengeDue>(verdict);
  }
  Attested attested() {
    const Verdict verdict = match(request, lists, crypto);
    const auto* refusal = std::get_if<Refusal>(&verdict);
    STRCMP_EQUAL("", refusal == nullptr ? "" : refusal->error.reason.c_str());
    return std::get<Attested>(verdict);
  }
  Refusal refused(Errc code, const char* reason) {
    const Verdict verdict = match(request, lists, crypto);
    const auto* refusal = std::get_if<Refusal>(&verdict);
    CHECK_TRUE(refusal != nullptr);
    STRCMP_CONTAINS(reason, refusal->error.reason.c_str());
    CHECK_TRUE(refusal->error.code == code);
    return *refusal;
  }
};

// --- by the list ---

TEST(TpmGroups, AListedChipIsChallenged) {
  list_chip();
  const ChallengeDue due = challenged();
  CHECK_TRUE(due.enrollment == (EnrollmentRef{true, "fleet", 7}));
  CHECK_TRUE(due.keys.endorsement_key == chip.endorsement_key);
}

TEST(TpmGroups, AListedChipIsAttestedByItsAnswer) {
  list_chip();
  lists.groups["fleet"].record.provisioning.iot_hub_host_name = "hub-a";
  answer(challenge_key);
  const Attested verdict = attested();
  CHECK_TRUE(verdict.type == AttestationType::tpm);
  CHECK_TRUE(verdict.enrollment == (EnrollmentRef{true, "fleet", 7}));
  STRCMP_EQUAL("hub-a", verdict.provisioning.iot_hub_host_name.c_str());
  CHECK_TRUE(verdict.device_id.str() == vectors::kEndorsementKeyRegistrationId);
  CHECK_TRUE(verdict.tpm->keys.storage_root_key == chip.storage_root_key);
}

TEST(TpmGroups, AnAnswerToNoChallengeIsRefused) {
  list_chip();
  answer(SecretBytes(to_bytes("a guess")));
  refused(Errc::unauthorized, "answers no challenge");
}

// Device API 4.2, step 4: polls, and iotedge's identityd, show no keys.
TEST(TpmGroups, AnAnswerWithoutTheKeysIsKnownByItsChallenge) {
  list_chip();
  answer(challenge_key);
  request.evidence.tpm.reset();
  CHECK_TRUE(attested().type == AttestationType::tpm);
}

TEST(TpmGroups, ATokenThatAnswersNoChallengeIsNoTpms) {
  list_chip();
  answer(SecretBytes(to_bytes("a guess")));
  request.evidence.tpm.reset();
  refused(Errc::unauthorized, "fits no key derived from 0 symmetric enrollment groups");
}

TEST(TpmGroups, AChipThatNoGroupAdmitsIsNotFound) {
  CHECK_TRUE(
      refused(Errc::not_found, "no enrollment group has this TPM on its list").matched_nothing);
}

TEST(TpmGroups, AListWhoseGroupIsNotServedHereAdmitsNobody) {
  list_chip("of-another-site");
  CHECK_TRUE(refused(Errc::not_found,
                     "'of-another-site' has this TPM on its list, and admits no TPMs at this site")
                 .matched_nothing);
}

TEST(TpmGroups, AListWhoseGroupAttestsByKeysNowAdmitsNobody) {
  list_chip();
  lists.groups["fleet"].record.attestation = SymmetricKeyAttestation{};
  refused(Errc::not_found, "'fleet' has this TPM on its list, and admits no TPMs");
}

TEST(TpmGroups, AChipOnAListOfAnotherSiteIsNotAdmittedByItsMaker) {
  trust();
  certify();
  list_chip("of-another-site");
  refused(Errc::not_found, "'of-another-site' has this TPM on its list");
}

TEST(TpmGroups, ADisabledGroupRefusesItsList) {
  list_chip();
  lists.groups["fleet"].record.provisioning.status = ProvisioningStatus::disabled;
  const Refusal refusal = refused(Errc::disabled, "the enrollment group is disabled");
  CHECK_TRUE(refusal.enrollment == (EnrollmentRef{true, "fleet", 7}));
}

TEST(TpmGroups, ADisabledIndividualOfTheIdBlocksTheChip) {
  list_chip();
  auto& held = lists.individuals[request.registration_id.folded()];
  held.record.registration_id = request.registration_id;
  held.record.attestation = TpmAttestation{Bytes{1}, {}};
  held.record.provisioning.status = ProvisioningStatus::disabled;
  refused(Errc::disabled, "the enrollment is disabled");
}

TEST(TpmGroups, ADisabledIndividualOfTheKeyBlocksTheChipUnderEveryId) {
  list_chip();
  lists.blocked_chips.insert(crypto.sha256(chip.endorsement_key));
  refused(Errc::disabled, "an individual enrollment names this endorsement key");
}

TEST(TpmGroups, AnAlteredPublicAreaTakesABlockedChipIntoNoGroup) {
  list_chip();
  trust();
  certify();
  lists.blocked_chips.insert(crypto.sha256(chip.endorsement_key));
  alter_the_public_area();
  refused(Errc::disabled, "an individual enrollment names this endorsement key");
}

TEST(TpmGroups, AnAlteredPublicAreaTakesAListedChipIntoNoOtherGroup) {
  list_chip();
  add_group("of-the-maker");
  trust("of-the-maker");
  certify();
  alter_the_public_area();
  refused(Errc::certificate_refused, "template L-1");
  request.evidence.tpm->certificates.clear();
  refused(Errc::not_found, "no enrollment group has this TPM on its list");
}

TEST(TpmGroups, AChipHasOneIdWhateverItClaims) {
  list_chip();
  request.registration_id = *RegistrationId::parse("another-name");
  refused(Errc::unauthorized, vectors::kEndorsementKeyRegistrationId.data());
}

// Endorsement keys are no secret: who knows one could otherwise have the attempts of as many IDs
// recorded as there are.
TEST(TpmGroups, ARefusalOfAnotherIdNamesNoEnrollmentToRecordItBeside) {
  list_chip();
  request.registration_id = *RegistrationId::parse("another-name");
  CHECK_FALSE(refused(Errc::unauthorized, "enrollment group fleet").enrollment.has_value());
  lists.groups["fleet"].record.provisioning.status = ProvisioningStatus::disabled;
  CHECK_FALSE(refused(Errc::unauthorized, "enrollment group fleet").enrollment.has_value());
  lists.admitted.clear();
  trust();
  certify();
  CHECK_FALSE(refused(Errc::unauthorized, "enrollment group fleet").enrollment.has_value());
}

TEST(TpmGroups, TheListMayGiveTheChipItsId) {
  list_chip().registration_id = *RegistrationId::parse("Press-7");
  refused(Errc::unauthorized, "this one's is 'Press-7'");
  request.registration_id = *RegistrationId::parse("press-7");
  challenged();
}

// DPS says so of every chip that it does not know.
TEST(TpmGroups, AMalformedKeyIsOnNoList) {
  list_chip();
  request.evidence.tpm->endorsement_key.pop_back();
  refused(Errc::not_found, "no enrollment group has this TPM on its list");
}

TEST(TpmGroups, AMalformedKeyHasNoCertificate) {
  trust();
  certify();
  request.evidence.tpm->endorsement_key.pop_back();
  refused(Errc::malformed, "is no TPM2B_PUBLIC");
}

TEST(TpmGroups, AMissingRootKeyIsTheDevicesFault) {
  list_chip();
  request.evidence.tpm->storage_root_key.clear();
  refused(Errc::invalid, "shows no storage root key");
}

TEST(TpmGroups, AListThatCannotBeReadDecidesNothing) {
  lists.failure = Errc::unavailable;
  CHECK_FALSE(refused(Errc::unavailable, "the disk says no").matched_nothing);
}

// --- by the CA of the endorsement key's certificate ---

TEST(TpmGroups, AChipOfATrustedMakerIsChallenged) {
  trust();
  certify();
  CHECK_TRUE(challenged().enrollment == (EnrollmentRef{true, "fleet", 7}));
}

TEST(TpmGroups, AChipOfATrustedMakerIsAttestedByItsAnswer) {
  const ports::Certificate ca = trust();
  certify();
  answer(challenge_key);
  const Attested verdict = attested();
  CHECK_TRUE(verdict.type == AttestationType::tpm);
  CHECK_TRUE(verdict.signing_certificate->der == ca.der);
}

TEST(TpmGroups, TheChallengeRemembersTheCertificateForPolls) {
  trust();
  certify();
  answer(challenge_key);
  request.evidence.tpm.reset();
  CHECK_TRUE(attested().type == AttestationType::tpm);
}

TEST(TpmGroups, TheChainMayHaveIntermediatesThatTheDeviceShows) {
  trust("fleet", "CN=Root");
  FakeCertificate intermediate{.subject = "CN=TPM CA", .issuer = "CN=Root"};
  intermediate.is_ca = true;
  certify();
  request.evidence.tpm->certificates.push_back(crypto.make(intermediate).der);
  challenged();
}

TEST(TpmGroups, TheListDecidesBeforeTheMaker) {
  trust();
  certify();
  add_group("recalled").provisioning.status = ProvisioningStatus::disabled;
  list_chip("recalled");
  refused(Errc::disabled, "recalled");
}

TEST(TpmGroups, AChipOfAnUnknownMakerIsRefused) {
  certify();
  CHECK_TRUE(refused(Errc::certificate_refused, "issuer 'CN=TPM CA' is in no enrollment group")
                 .matched_nothing);
}

TEST(TpmGroups, ACertificateThatTheMakerDidNotSignIsRefused) {
  trust();
  certify({.subject = "", .issuer = "CN=TPM CA", .signing_key = "CN=Mallory"});
  refused(Errc::certificate_refused, "does not verify with the key of 'CN=TPM CA'");
}

TEST(TpmGroups, AnExpiredCertificateIsRefused) {
  trust();
  FakeCertificate old{.subject = "", .issuer = "CN=TPM CA"};
  old.not_after = kNow - std::chrono::days{1};
  certify(old);
  refused(Errc::certificate_refused, "the endorsement key's certificate expired");
}

TEST(TpmGroups, ACriticalExtensionThatNobodyUnderstandsIsRefused) {
  trust();
  FakeCertificate odd{.subject = "", .issuer = "CN=TPM CA"};
  odd.has_unknown_critical_extension = true;
  certify(odd);
  refused(Errc::certificate_refused, "critical extension that is not understood");
}

TEST(TpmGroups, AnotherChipsCertificateIsRefused) {
  trust();
  ports::Certificate made = certify();
  made.public_key[100] ^= 1U;
  crypto.change(made);
  refused(Errc::certificate_refused, "belongs to another chip");
}

TEST(TpmGroups, ACertificateThatTheSameCaIssuedForSomethingElseIsRefused) {
  trust();
  ports::Certificate made = certify();
  made.extended_key_usages.clear();
  crypto.change(made);
  refused(Errc::certificate_refused, "tcg-kp-EKCertificate");
}

TEST(TpmGroups, ADisabledGroupOfTheMakerRefusesForAll) {
  trust();
  add_group("stopped").provisioning.status = ProvisioningStatus::disabled;
  lists.issuers.push_back({*EnrollmentGroupId::parse("stopped"), lists.issuers.front().der, true});
  certify();
  refused(Errc::disabled, "stopped");
}

TEST(TpmGroups, AChipOfAMakerHasTheIdOfItsKey) {
  trust();
  certify();
  request.registration_id = *RegistrationId::parse("another-name");
  refused(Errc::unauthorized, "a chip of a group has one registration ID");
}

TEST(TpmGroups, CertificatesAreCountedAndMeasuredFirst) {
  trust();
  certify();
  request.evidence.tpm->certificates.resize(kMaxTpmCertificates + 1);
  refused(Errc::too_large, "5 certificates; 4 are allowed");
  request.evidence.tpm->certificates = {Bytes(kMaxTpmCertificateSize + 1)};
  refused(Errc::too_large, "4097 bytes; 4096 are allowed");
  request.evidence.tpm->certificates = {Bytes(kMaxTpmCertificateSize)};
  refused(Errc::certificate_refused, "does not parse");
}
