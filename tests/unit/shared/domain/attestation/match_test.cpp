#include "shared/domain/attestation/match.hpp"

#include <map>
#include <set>
#include <string>

#include <CppUTest/TestHarness.h>

#include "shared/base/encoding.hpp"
#include "shared/domain/attestation/pre_shared_key.hpp"
#include "shared/domain/attestation/symmetric_key.hpp"
#include "tests/support/fake_crypto.hpp"
#include "tests/vectors/tpm/keys.hpp"

using namespace berth;
using namespace berth::domain;
using berth::testing::FakeCertificate;
using berth::testing::kNow;

namespace {

SecretBytes key(const std::string& name) {
  return SecretBytes(to_bytes("a secret key of " + name));
}

SymmetricKeyAttestation keys(const std::string& name) {
  return {key(name + " primary"), key(name + " secondary")};
}

FakeCertificate ca(const std::string& subject, const std::string& issuer) {
  FakeCertificate certificate;
  certificate.subject = subject;
  certificate.issuer = issuer;
  certificate.is_ca = true;
  return certificate;
}

class FakeLookup : public EnrollmentLookup {
 public:
  std::map<std::string, Versioned<IndividualEnrollment>> individuals;
  std::map<std::string, Versioned<EnrollmentGroup>> groups;
  std::vector<SigningCertificate> signing;
  std::map<std::string, CaCertificate> uploaded;
  std::vector<GroupKeys> symmetric;
  std::set<std::string> blocked_ids;
  std::set<ports::Sha256Digest> blocked_certificates;
  std::map<std::string, AdmittedTpm> admitted;  // by hex hash of the endorsement key
  std::vector<SigningCertificate> issuers;
  std::set<ports::Sha256Digest> blocked_chips;
  std::optional<Errc> failure;
  int calls = 0;

  Result<std::optional<Versioned<IndividualEnrollment>>> individual(
      const RegistrationId& id) override {
    ++calls;
    if (failure) return Error{*failure, "the disk says no"};
    const auto found = individuals.find(id.folded());
    if (found == individuals.end()) return std::optional<Versioned<IndividualEnrollment>>{};
    return std::optional(found->second);
  }
  Result<std::optional<Versioned<EnrollmentGroup>>> group(const EnrollmentGroupId& id) override {
    ++calls;
    const auto found = groups.find(id.folded());
    if (found == groups.end()) return std::optional<Versioned<EnrollmentGroup>>{};
    return std::optional(found->second);
  }
  Result<bool> is_blocked(const RegistrationId& id) override {
    ++calls;
    return blocked_ids.contains(id.folded());
  }
  Result<bool> is_certificate_blocked(const ports::Sha256Digest& sha256) override {
    ++calls;
    return blocked_certificates.contains(sha256);
  }
  // Gives all, as it may: the subject is compared by whoever asks.
  Result<std::vector<SigningCertificate>> signing_certificates(ByteView) override {
    ++calls;
    return signing;
  }
  Result<std::optional<CaCertificate>> ca_certificate(const std::string& name) override {
    ++calls;
    const auto found = uploaded.find(name);
    if (found == uploaded.end()) return std::optional<CaCertificate>{};
    return std::optional(found->second);
  }
  Result<std::optional<AdmittedTpm>> admitted_tpm(
      const ports::Sha256Digest& endorsement_key) override {
    ++calls;
    const auto found = admitted.find(to_hex(endorsement_key));
    if (found == admitted.end()) return std::optional<AdmittedTpm>{};
    return std::optional(found->second);
  }
  Result<std::vector<SigningCertificate>> tpm_issuers(ByteView) override {
    ++calls;
    return issuers;
  }
  Result<bool> is_endorsement_key_blocked(const ports::Sha256Digest& endorsement_key) override {
    ++calls;
    return blocked_chips.contains(endorsement_key);
  }
  Result<std::vector<GroupKeys>> symmetric_groups() override {
    ++calls;
    return symmetric;
  }
};

}  // namespace

TEST_GROUP(Match) {
  testing::FakeCrypto crypto;
  FakeLookup lookup;
  MatchRequest request;
  TpmEvidence chip{from_base64(vectors::kEndorsementKey).value(),
                   from_base64(vectors::kStorageRootKey).value()};

  void setup() override {
    request.id_scope = IdScope("0ne00000A0A");
    request.registration_id = id("dev-1");
    request.now = kNow;
  }

  static RegistrationId id(std::string_view text) {
    return *RegistrationId::parse(text);
  }
  static EnrollmentGroupId group_id(std::string_view text) {
    return *EnrollmentGroupId::parse(text);
  }

  SasToken signed_with(const SecretBytes& with) {
    SasToken token;
    token.resource = "0ne00000A0A%2Fregistrations%2F" + request.registration_id.str();
    token.expiry = unix_seconds(kNow) + 3600;
    token.expiry_text = std::to_string(token.expiry);
    const auto signature =
        crypto.hmac_sha256(with.reveal(), as_bytes(token.resource + "\n" + token.expiry_text));
    token.signature = to_bytes(signature);
    return token;
  }
  // A handshake finished with the key that is made of that device key.
  PskProof psk(std::string_view identity, const SecretBytes& device_key) {
    return {*parse_psk_identity(identity), derive_psk(device_key, crypto)};
  }
  SecretBytes derived(const SecretBytes& group, std::string_view spelling) {
    return derive_device_key(group, spelling, crypto);
  }

  IndividualEnrollment& add_individual(std::string_view name, Attestation attestation) {
    Versioned<IndividualEnrollment> found;
    found.record.registration_id = id(name);
    found.record.attestation = std::move(attestation);
    found.version = 7;
    auto& held = lookup.individuals[id(name).folded()];
    held = std::move(found);
    return held.record;
  }
  EnrollmentGroup& add_group(std::string_view name, Attestation attestation) {
    Versioned<EnrollmentGroup> found;
    found.record.group_id = group_id(name);
    found.record.attestation = std::move(attestation);
    found.version = 9;
    auto& held = lookup.groups[group_id(name).folded()];
    held = std::move(found);
    return held.record;
  }
  EnrollmentGroup& add_symmetric_group(const std::string& name) {
    lookup.symmetric.push_back(GroupKeys{group_id(name), keys(name)});
    return add_group(name, keys(name));
  }
  EnrollmentGroup& add_signing_group(const std::string& name,
                                     const ports::Certificate& certificate) {
    lookup.signing.push_back(SigningCertificate{group_id(name), certificate.der, true});
    X509Attestation x509;
    x509.kind = X509Attestation::Kind::signing_certificates;
    x509.primary = certificate.der;
    return add_group(name, x509);
  }

  Attested attested() {
    Verdict verdict = match(request, lookup, crypto);
    if (auto* refusal = std::get_if<Refusal>(&verdict)) FAIL(refusal->error.reason.c_str());
    return *std::get_if<Attested>(&verdict);
  }
  Refusal refused(Errc code, std::string_view reason) {
    Verdict verdict = match(request, lookup, crypto);
    auto* refusal = std::get_if<Refusal>(&verdict);
    CHECK_TRUE(refusal != nullptr);
    if (refusal == nullptr) return {};
    STRCMP_EQUAL(std::string(name_of(code)).c_str(),
                 std::string(name_of(refusal->error.code)).c_str());
    if (refusal->error.reason.find(reason) == std::string::npos)
      FAIL(refusal->error.reason.c_str());
    return *refusal;
  }
  void check_keys(const Attested& result, const SymmetricKeyAttestation& expected) {
    const auto* credential = std::get_if<SymmetricKeyCredential>(&result.credential);
    CHECK_TRUE(credential != nullptr);
    if (credential == nullptr) return;
    CHECK_TRUE(credential->primary == expected.primary);
    CHECK_TRUE(credential->secondary == expected.secondary);
  }
};

// --- symmetric keys ---

TEST(Match, TellsWhichKeyOfAnIndividualFittedByItsName) {
  SymmetricKeyAttestation named = keys("dev-1");
  named.primary_id = "p1";
  named.secondary_id = "s4";
  add_individual("dev-1", named);
  request.evidence.token = signed_with(named.primary);
  CHECK_TRUE(attested().credential_id == "p1");
  request.evidence.token = signed_with(named.secondary);
  CHECK_TRUE(attested().credential_id == "s4");
  request.evidence.token.reset();
  request.evidence.psk = psk("0ne00000A0A/dev-1/s", named.secondary);
  CHECK_TRUE(attested().credential_id == "s4");
}

TEST(Match, TellsWhichKeyOfAGroupADeviceHas) {
  SymmetricKeyAttestation named = keys("line");
  named.primary_id = "p1";
  named.secondary_id = "s4";
  lookup.symmetric.push_back(GroupKeys{group_id("line"), named});
  add_group("line", named);
  request.evidence.token = signed_with(derived(named.primary, "dev-1"));
  CHECK_TRUE(attested().credential_id == "p1");
  request.evidence.token = signed_with(derived(named.secondary, "dev-1"));
  CHECK_TRUE(attested().credential_id == "s4");
  request.evidence.token.reset();
  request.evidence.psk =
      psk("0ne00000A0A/dev-1/s/line", derive_device_key(named.secondary, "dev-1", crypto));
  CHECK_TRUE(attested().credential_id == "s4");
}

TEST(Match, AnIndividualIsAttestedByEitherKey) {
  add_individual("dev-1", keys("dev-1"));
  for (const char* which : {"dev-1 primary", "dev-1 secondary"}) {
    request.evidence.token = signed_with(key(which));
    const Attested result = attested();
    CHECK_TRUE(result.type == AttestationType::symmetric_key);
    CHECK_TRUE((result.enrollment == EnrollmentRef{false, "dev-1", 7}));
    CHECK_TRUE(result.device_id == DeviceId("dev-1"));
    check_keys(result, keys("dev-1"));
    CHECK_EQUAL(which == std::string("dev-1 secondary"),
                std::get<SymmetricKeyCredential>(result.credential).signed_with_secondary);
  }
}

TEST(Match, AnIndividualMayNameAnotherDeviceIdAndGivesItsProvisioning) {
  IndividualEnrollment& individual = add_individual("dev-1", keys("dev-1"));
  individual.device_id = DeviceId("pump");
  individual.provisioning.iot_hubs = {"hub-a"};
  request.evidence.token = signed_with(key("dev-1 primary"));
  CHECK_TRUE(attested().device_id == DeviceId("pump"));
  CHECK_TRUE(attested().provisioning.iot_hubs.front() == "hub-a");
}

TEST(Match, AnIndividualIsFoundWhateverTheCase) {
  add_individual("Dev-1", keys("dev-1"));
  request.registration_id = id("DEV-1");
  request.evidence.token = signed_with(key("dev-1 primary"));
  CHECK_TRUE(attested().device_id == DeviceId("Dev-1"));
}

TEST(Match, AWrongKeyOfAnIndividualIsUnauthorizedAndMayBeNews) {
  add_individual("dev-1", keys("dev-1"));
  request.evidence.token = signed_with(key("nobody"));
  const Refusal refusal =
      refused(Errc::unauthorized, "SAS signature fits neither primary nor secondary key");
  CHECK_TRUE(refusal.matched_nothing);
  CHECK_TRUE(refusal.enrollment->id == "dev-1");
}

TEST(Match, AnUnknownIdIsUnauthorizedLikeAWrongKeyAfterTheSameWork) {
  add_individual("known", keys("known"));
  request.evidence.token = signed_with(key("nobody"));
  std::size_t before = crypto.hmacs_made();
  const Refusal unknown = refused(Errc::unauthorized, "no individual enrollment names this ID");
  const std::size_t work_for_unknown = crypto.hmacs_made() - before;
  CHECK_TRUE(unknown.matched_nothing);

  request.registration_id = id("known");
  request.evidence.token = signed_with(key("nobody"));
  before = crypto.hmacs_made();
  refused(Errc::unauthorized, "fits neither");
  CHECK_EQUAL(crypto.hmacs_made() - before, work_for_unknown);
}

TEST(Match, AGroupIsFoundByItsDerivedKeys) {
  add_symmetric_group("north");
  add_symmetric_group("south");
  for (const char* which : {"south primary", "south secondary"}) {
    request.evidence.token = signed_with(derived(key(which), "dev-1"));
    const Attested result = attested();
    CHECK_TRUE((result.enrollment == EnrollmentRef{true, "south", 9}));
    CHECK_TRUE(result.device_id == DeviceId("dev-1"));
    check_keys(result, derive_device_keys(keys("south"), "dev-1", crypto));
    CHECK_EQUAL(which == std::string("south secondary"),
                std::get<SymmetricKeyCredential>(result.credential).signed_with_secondary);
  }
}

TEST(Match, AGroupKeyItselfDoesNotAttest) {
  add_symmetric_group("north");
  request.evidence.token = signed_with(key("north primary"));
  refused(Errc::unauthorized, "fits no key derived from 1 symmetric");
}

TEST(Match, ADerivedKeyOfAnotherIdDoesNotAttest) {
  add_symmetric_group("north");
  request.evidence.token = signed_with(derived(key("north primary"), "dev-2"));
  refused(Errc::unauthorized, "fits no key");
}

TEST(Match, TheSpellingPresentedIsTriedAndThenTheLowerCaseOne) {
  add_symmetric_group("north");
  request.registration_id = id("Dev-1");
  for (const char* spelling : {"Dev-1", "dev-1"}) {
    request.evidence.token = signed_with(derived(key("north primary"), spelling));
    const Attested result = attested();
    check_keys(result, derive_device_keys(keys("north"), spelling, crypto));
    CHECK_TRUE(result.device_id == DeviceId("Dev-1"));
  }
  request.evidence.token = signed_with(derived(key("north primary"), "DEV-1"));
  refused(Errc::unauthorized, "fits no key");
}

TEST(Match, TheGroupThatARegistrationIsBoundToIsTriedFirst) {
  add_symmetric_group("north");
  add_symmetric_group("south");
  lookup.symmetric[1].keys = lookup.symmetric[0].keys;
  request.evidence.token = signed_with(derived(key("north primary"), "dev-1"));
  CHECK_TRUE(attested().enrollment.id == "north");
  request.bound_to = EnrollmentRef{true, "SOUTH", 1};
  CHECK_TRUE(attested().enrollment.id == "south");
  request.bound_to = EnrollmentRef{false, "south", 1};
  CHECK_TRUE(attested().enrollment.id == "north");
}

TEST(Match, TriesAsManyGroupsAsTheLimitAndNoMore) {
  for (std::size_t i = 0; i < kMaxSymmetricGroups - 1; ++i) {
    lookup.symmetric.push_back(
        GroupKeys{group_id("g" + std::to_string(i)), keys("g" + std::to_string(i))});
  }
  add_symmetric_group("last");
  request.evidence.token = signed_with(derived(key("last primary"), "dev-1"));
  CHECK_TRUE(attested().enrollment.id == "last");
  lookup.symmetric.insert(lookup.symmetric.begin(), GroupKeys{group_id("one-more"), keys("x")});
  refused(Errc::unauthorized, "from 100 symmetric enrollment groups (of 101)");
  // The bound one is among those tried, wherever it stands.
  request.bound_to = EnrollmentRef{true, "last", 1};
  CHECK_TRUE(attested().enrollment.id == "last");
}

TEST(Match, AGroupWithoutKeysHereFitsNothing) {
  add_symmetric_group("online-only");
  lookup.symmetric[0].keys = {};
  request.evidence.token = signed_with(SecretBytes{});
  refused(Errc::unauthorized, "fits no key");
}

TEST(Match, ADisabledGroupRefuses) {
  add_symmetric_group("north").provisioning.status = ProvisioningStatus::disabled;
  request.evidence.token = signed_with(derived(key("north primary"), "dev-1"));
  const Refusal refusal = refused(Errc::disabled, "enrollment group north");
  CHECK_FALSE(refusal.matched_nothing);
  CHECK_TRUE((*refusal.enrollment == EnrollmentRef{true, "north", 9}));
}

TEST(Match, AnIndividualGoesBeforeAGroupEvenIfOnlyTheGroupsKeyFits) {
  add_symmetric_group("north");
  add_individual("dev-1", keys("dev-1"));
  request.evidence.token = signed_with(derived(key("north primary"), "dev-1"));
  refused(Errc::unauthorized, "fits neither");
}

TEST(Match, ADisabledIndividualTakesADeviceOutOfItsGroup) {
  add_symmetric_group("north");
  IndividualEnrollment& individual = add_individual("dev-1", keys("made up by the service"));
  individual.provisioning.status = ProvisioningStatus::disabled;
  request.evidence.token = signed_with(derived(key("north primary"), "dev-1"));
  const Refusal refusal = refused(Errc::disabled, "individual enrollment dev-1");
  CHECK_FALSE(refusal.matched_nothing);
  lookup.individuals.clear();
  CHECK_TRUE(attested().enrollment.id == "north");
}

TEST(Match, ARefusalStubOfAnotherSiteBlocksTheGroup) {
  add_symmetric_group("north");
  lookup.blocked_ids.insert("dev-1");
  request.evidence.token = signed_with(derived(key("north primary"), "dev-1"));
  CHECK_FALSE(refused(Errc::disabled, "of another site").matched_nothing);
}

TEST(Match, AnExpiredTokenIsRefusedBeforeAnyRecordIsRead) {
  add_individual("dev-1", keys("dev-1"));
  request.evidence.token = signed_with(key("dev-1 primary"));
  request.now = kNow + std::chrono::hours{2};
  const Refusal refusal = refused(Errc::unauthorized, "SAS token expired at 2026-01-01T01:00:00Z");
  CHECK_FALSE(refusal.matched_nothing);
  CHECK_EQUAL(0, lookup.calls);
}

TEST(Match, ATokenOfAnotherDeviceIsRefused) {
  add_individual("dev-1", keys("dev-1"));
  request.evidence.token = signed_with(key("dev-1 primary"));
  request.registration_id = id("dev-2");
  refused(Errc::unauthorized, "another resource");
}

TEST(Match, ADeviceThatShowsNothingIsUnauthorized) {
  add_individual("dev-1", keys("dev-1"));
  refused(Errc::unauthorized, "neither a certificate nor a SAS token");
}

TEST(Match, EvidenceOfTheWrongKindIsRefused) {
  const ports::Certificate leaf = crypto.make({.subject = "CN=dev-1", .issuer = "CN=dev-1"});
  add_individual("dev-1", keys("dev-1"));
  request.evidence.chain = {leaf};
  refused(Errc::unauthorized, "showed no SAS token");
  X509Attestation x509;
  x509.primary = leaf.der;
  add_individual("dev-1", x509);
  request.evidence.chain.clear();
  request.evidence.token = signed_with(key("dev-1 primary"));
  refused(Errc::unauthorized, "showed no certificate");
}

TEST(Match, ATpmThatNobodyEnrolledIsNotFound) {
  request.evidence.tpm = chip;
  CHECK_TRUE(refused(Errc::not_found, "no individual enrollment names this ID").matched_nothing);
  request.evidence.token = signed_with(key("a TPM"));
  refused(Errc::not_found, "no individual enrollment names this ID");
}

TEST(Match, AnEnrolledTpmIsToBeChallenged) {
  add_individual("dev-1", TpmAttestation{chip.endorsement_key, {}});
  request.evidence.tpm = chip;
  const Verdict verdict = match(request, lookup, crypto);
  const auto* due = std::get_if<ChallengeDue>(&verdict);
  CHECK_TRUE(due != nullptr);
  CHECK_TRUE(due->enrollment == (EnrollmentRef{false, "dev-1", 7}));
  CHECK_TRUE(due->keys.storage_root_key == chip.storage_root_key);
}

TEST(Match, AnotherTpmThanTheEnrolledOneMayBeInANewerEnrollment) {
  add_individual("dev-1", TpmAttestation{{1, 2, 3}, {}});
  request.evidence.tpm = chip;
  CHECK_TRUE(refused(Errc::unauthorized, "is not the enrolled one").matched_nothing);
}

TEST(Match, AMalformedStorageRootKeyIsTheDevicesFault) {
  add_individual("dev-1", TpmAttestation{chip.endorsement_key, {}});
  request.evidence.tpm = chip;
  request.evidence.tpm->storage_root_key.pop_back();
  CHECK_FALSE(refused(Errc::malformed, "storage root key").matched_nothing);
}

TEST(Match, ATpmIsAttestedByItsAnswer) {
  add_individual("dev-1", TpmAttestation{chip.endorsement_key, {}}).device_id = DeviceId("theirs");
  request.tpm_challenges = {{chip, key("a challenge")}};
  request.evidence.token = signed_with(key("a challenge"));
  const Attested verdict = attested();
  CHECK_TRUE(verdict.type == AttestationType::tpm);
  CHECK_TRUE(verdict.device_id == DeviceId("theirs"));
  CHECK_TRUE(verdict.tpm->keys.storage_root_key == chip.storage_root_key);
  request.evidence.token = signed_with(key("another challenge"));
  refused(Errc::unauthorized, "answers no challenge");
}

TEST(Match, ADisabledTpmEnrollmentChallengesNobody) {
  add_individual("dev-1", TpmAttestation{chip.endorsement_key, {}}).provisioning.status =
      ProvisioningStatus::disabled;
  request.evidence.tpm = chip;
  refused(Errc::disabled, "the enrollment is disabled");
}

TEST(Match, AKeyOfAnotherKindAnswersNoTpmEnrollment) {
  add_individual("dev-1", TpmAttestation{chip.endorsement_key, {}});
  request.evidence.chain = {crypto.make({.subject = "CN=dev-1", .issuer = "CN=dev-1"})};
  refused(Errc::unauthorized, "its enrollment attests by TPM");
}

TEST(Match, ALookupThatFailsIsPassedOnAndDecidesNothing) {
  lookup.failure = Errc::unavailable;
  request.evidence.token = signed_with(key("nobody"));
  const Refusal refusal = refused(Errc::unavailable, "the disk says no");
  CHECK_FALSE(refusal.matched_nothing);
}

// --- pre-shared keys ---

TEST(Match, PskOfAnIndividualIsTheOneThatItsIdentityNames) {
  add_individual("dev-1", keys("dev-1"));
  request.evidence.psk = psk("0ne00000A0A/dev-1/s", key("dev-1 secondary"));
  const Attested result = attested();
  CHECK_TRUE(result.type == AttestationType::symmetric_key);
  CHECK_TRUE((result.enrollment == EnrollmentRef{false, "dev-1", 7}));
  check_keys(result, keys("dev-1"));
  CHECK_TRUE(std::get<SymmetricKeyCredential>(result.credential).signed_with_secondary);

  request.evidence.psk = psk("0ne00000A0A/dev-1/p", key("dev-1 secondary"));
  const Refusal refusal = refused(Errc::unauthorized, "not of the enrollment's key");
  CHECK_TRUE(refusal.matched_nothing);
}

TEST(Match, PskOfAGroupsDeviceIsDerivedInTheIdentitysSpelling) {
  add_symmetric_group("north");
  add_symmetric_group("south");
  request.registration_id = id("dev-1");
  request.evidence.psk = psk("0ne00000A0A/Dev-1/p/South", derived(key("south primary"), "Dev-1"));
  const Attested result = attested();
  CHECK_TRUE((result.enrollment == EnrollmentRef{true, "south", 9}));
  check_keys(result, derive_device_keys(keys("south"), "Dev-1", crypto));

  request.evidence.psk = psk("0ne00000A0A/dev-1/p/north", derived(key("south primary"), "dev-1"));
  CHECK_TRUE(refused(Errc::unauthorized, "not of the group").matched_nothing);
  request.evidence.psk = psk("0ne00000A0A/dev-1/p/west", derived(key("west"), "dev-1"));
  refused(Errc::unauthorized, "not of the group");
}

TEST(Match, PskOfAGroupNeedsTheGroupsName) {
  add_symmetric_group("north");
  request.evidence.psk = psk("0ne00000A0A/dev-1/p", derived(key("north primary"), "dev-1"));
  refused(Errc::unauthorized, "names no group");
}

TEST(Match, PskOfAGroupDoesNotAttestADeviceWithAnEnrollmentOfItsOwn) {
  add_symmetric_group("north");
  IndividualEnrollment& individual = add_individual("dev-1", keys("north"));
  request.evidence.psk = psk("0ne00000A0A/dev-1/p/north", derived(key("north primary"), "dev-1"));
  refused(Errc::unauthorized, "not of the enrollment's key");
  individual.provisioning.status = ProvisioningStatus::disabled;
  CHECK_FALSE(refused(Errc::disabled, "individual enrollment dev-1").matched_nothing);
}

TEST(Match, PskOfADisabledGroupRefuses) {
  add_symmetric_group("north").provisioning.status = ProvisioningStatus::disabled;
  request.evidence.psk = psk("0ne00000A0A/dev-1/p/north", derived(key("north primary"), "dev-1"));
  CHECK_FALSE(refused(Errc::disabled, "enrollment group north").matched_nothing);
}

TEST(Match, PskIsGoodForItsOwnDeviceOnlyAndNothingIsLookedUpForAnother) {
  add_individual("dev-1", keys("dev-1"));
  request.evidence.psk = psk("0ne00000A0A/dev-2/p", key("dev-1 primary"));
  refused(Errc::unauthorized, "of another device");
  CHECK_EQUAL(0, lookup.calls);
}

TEST(Match, PskDoesNotStandInForACertificate) {
  X509Attestation x509;
  x509.primary = crypto.make(FakeCertificate{"CN=dev-1", "CN=dev-1"}).der;
  add_individual("dev-1", x509);
  request.evidence.psk = psk("0ne00000A0A/dev-1/p", SecretBytes{});
  refused(Errc::unauthorized, "the device showed no certificate");
}

// --- certificates of individuals ---

TEST(Match, AnIndividualIsAttestedByEitherCertificate) {
  const ports::Certificate leaf = crypto.make({.subject = "CN=dev-1", .issuer = "CN=dev-1"});
  X509Attestation x509;
  x509.secondary = leaf.der;
  add_individual("dev-1", x509);
  request.evidence.chain = {leaf};
  const Attested result = attested();
  CHECK_TRUE(result.type == AttestationType::x509);
  CHECK_TRUE(result.leaf->der == leaf.der);
  CHECK_FALSE(result.signing_certificate.has_value());
  const auto* credential = std::get_if<ThumbprintCredential>(&result.credential);
  CHECK_TRUE(credential != nullptr && credential->sha256 == to_upper_hex(leaf.sha256));
  STRCMP_EQUAL("dev-1", credential->common_name.c_str());
}

TEST(Match, ACertificateThatIsNotEnrolledIsRefusedAndMayBeNews) {
  X509Attestation x509;
  x509.primary = crypto.make({.subject = "CN=dev-1", .issuer = "CN=dev-1"}).der;
  add_individual("dev-1", x509);
  request.evidence.chain = {crypto.make({.subject = "CN=dev-1", .issuer = "CN=dev-1"})};
  CHECK_TRUE(refused(Errc::certificate_refused, "neither primary nor secondary").matched_nothing);
}

TEST(Match, AnEnrolledCertificateOfAnotherNameIsRefused) {
  const ports::Certificate leaf = crypto.make({.subject = "CN=dev-2", .issuer = "CN=dev-2"});
  X509Attestation x509;
  x509.primary = leaf.der;
  add_individual("dev-1", x509);
  request.evidence.chain = {leaf};
  refused(Errc::certificate_refused, "does not match the certificate's CN 'dev-2'");
}

TEST(Match, AnExpiredEnrolledCertificateIsRefused) {
  FakeCertificate expired{.subject = "CN=dev-1", .issuer = "CN=dev-1"};
  expired.not_after = kNow - std::chrono::days{1};
  const ports::Certificate leaf = crypto.make(expired);
  X509Attestation x509;
  x509.primary = leaf.der;
  add_individual("dev-1", x509);
  request.evidence.chain = {leaf};
  refused(Errc::certificate_refused, "leaf expired 2025-12-31");
}

TEST(Match, ACertificateThatADisabledIndividualNamesIsRefusedEverywhere) {
  const ports::Certificate leaf = crypto.make({.subject = "CN=dev-1", .issuer = "CN=I1"});
  add_signing_group("one", crypto.make(ca("CN=I1", "CN=Root")));
  request.evidence.chain = {leaf};
  CHECK_TRUE(attested().enrollment.id == "one");
  lookup.blocked_certificates.insert(leaf.sha256);
  refused(Errc::disabled, "names this certificate");
  X509Attestation x509;
  x509.primary = leaf.der;
  add_individual("dev-1", x509);
  refused(Errc::disabled, "names this certificate");
}

// --- certificates of groups: service API 12.4, leaf <- I2 <- I1 <- Root ---

TEST_GROUP_BASE(MatchChain, TEST_GROUP_CppUTestGroupMatch) {
  ports::Certificate leaf = crypto.make({.subject = "CN=dev-1", .issuer = "CN=I2"});
  ports::Certificate i2 = crypto.make(ca("CN=I2", "CN=I1"));
  ports::Certificate i1 = crypto.make(ca("CN=I1", "CN=Root"));
  ports::Certificate root = crypto.make(ca("CN=Root", "CN=Root"));

  void setup() override {
    TEST_GROUP_CppUTestGroupMatch::setup();
    request.evidence.chain = {leaf, i2, i1};
  }
  // An individual enrollment of dev-1 by the names of uploaded CA certificates.
  IndividualEnrollment& add_individual_by_ca(const std::string& primary,
                                             const std::string& secondary = {}) {
    X509Attestation x509;
    x509.kind = X509Attestation::Kind::ca_references;
    x509.primary_ca_name = primary;
    x509.secondary_ca_name = secondary;
    return add_individual("dev-1", x509);
  }
  void upload(const std::string& name, const ports::Certificate& certificate, bool verified) {
    CaCertificate& uploaded = lookup.uploaded[name];
    uploaded.name = name;
    uploaded.certificate = certificate.der;
    uploaded.is_verified = verified;
  }

  void check_ends_at(std::string_view name) {
    const Attested result = attested();
    CHECK_TRUE(result.enrollment.is_group);
    CHECK_TRUE(result.enrollment.id == name);
    CHECK_TRUE(result.type == AttestationType::x509);
    CHECK_TRUE(result.leaf->der == leaf.der);
  }
};

TEST(MatchChain, TheGroupOfTheNearestIssuerAnswers) {
  add_signing_group("i1", i1);
  add_signing_group("root", root);
  check_ends_at("i1");
  CHECK_TRUE(attested().signing_certificate->der == i1.der);
  CHECK_TRUE(attested().device_id == DeviceId("dev-1"));
}

TEST(MatchChain, ADisabledGroupRefusesThoughOneAboveItWouldNot) {
  add_signing_group("i2", i2).provisioning.status = ProvisioningStatus::disabled;
  add_signing_group("root", root);
  refused(Errc::disabled, "enrollment group i2");
}

TEST(MatchChain, ADisabledIndividualRefusesThoughTheGroupWouldNot) {
  X509Attestation x509;
  x509.primary = leaf.der;
  add_individual("dev-1", x509).provisioning.status = ProvisioningStatus::disabled;
  add_signing_group("i1", i1);
  refused(Errc::disabled, "individual enrollment dev-1");
  lookup.individuals.clear();
  check_ends_at("i1");
}

TEST(MatchChain, AReferenceToAnUnverifiedCaIsRefused) {
  request.evidence.chain = {leaf, i2};
  add_signing_group("i2", i2);
  lookup.signing.front().verified = false;
  refused(Errc::certificate_refused, "nobody has proved to possess");
}

TEST(MatchChain, AVerifiedSigningCertificateAnswersWithoutTheChainAboveIt) {
  request.evidence.chain = {leaf, i2};
  add_signing_group("i2", i2);
  check_ends_at("i2");
}

TEST(MatchChain, WithoutTheNearerGroupTheOneAboveAnswers) {
  add_signing_group("root", root);
  check_ends_at("root");
}

TEST(MatchChain, WithoutAnyRecordTheDeviceIsRefused) {
  const Refusal refusal =
      refused(Errc::certificate_refused, "issuer 'CN=Root' is in no enrollment group");
  CHECK_TRUE(refusal.matched_nothing);
}

TEST(MatchChain, TheCommonNameMustBeTheRegistrationId) {
  add_signing_group("i1", i1);
  request.registration_id = id("dev-2");
  refused(Errc::certificate_refused, "does not match the certificate's CN 'dev-1'");
  CHECK_EQUAL(0, crypto.signatures_checked());
  request.registration_id = id("DEV-1");
  check_ends_at("i1");
}

TEST(MatchChain, AnExpiredIntermediateIsRefused) {
  FakeCertificate expired = ca("CN=I2", "CN=I1");
  expired.not_after = kNow - std::chrono::days{1};
  request.evidence.chain = {leaf, crypto.make(expired), i1};
  add_signing_group("i1", i1);
  refused(Errc::certificate_refused, "intermediate 'CN=I2' expired 2025-12-31");
}

TEST(MatchChain, TheSkewIsTheRules) {
  FakeCertificate expired{.subject = "CN=dev-1", .issuer = "CN=I2"};
  expired.not_after = kNow - std::chrono::hours{1};
  request.evidence.chain = {crypto.make(expired)};
  add_signing_group("i2", i2);
  refused(Errc::certificate_refused, "leaf expired");
  X509Rules lenient;
  lenient.skew = std::chrono::hours{1};
  CHECK_TRUE(std::holds_alternative<Attested>(match(request, lookup, crypto, lenient)));
}

TEST(MatchChain, OfTwoGroupsWithOneCaADisabledOneRefuses) {
  add_signing_group("first", i2);
  check_ends_at("first");
  add_signing_group("second", i2).provisioning.status = ProvisioningStatus::disabled;
  refused(Errc::disabled, "enrollment group second");
}

TEST(MatchChain, AGroupWhoseRecordIsGoneDoesNotAnswer) {
  add_signing_group("i2", i2);
  lookup.groups.clear();
  CHECK_TRUE(refused(Errc::certificate_refused, "went away").matched_nothing);
}

TEST(MatchChain, ASigningCertificateThatDoesNotParseIsCorrupt) {
  lookup.signing.push_back(SigningCertificate{group_id("i2"), {1, 2, 3}, true});
  refused(Errc::corrupt, "signing certificate of enrollment group i2");
}

TEST(MatchChain, TakesAsManyAnchorsOfASubjectAsTheLimitAndNoMore) {
  for (std::size_t i = 1; i < kMaxAnchorsPerSubject; ++i) {
    FakeCertificate other = ca("CN=I2", "CN=I1");
    other.key = "key " + std::to_string(i);
    add_signing_group("other-" + std::to_string(i), crypto.make(other));
  }
  add_signing_group("i2", i2);
  request.evidence.chain = {leaf};
  check_ends_at("i2");
  FakeCertificate other = ca("CN=I2", "CN=I1");
  other.key = "one more";
  lookup.signing.insert(lookup.signing.begin(),
                        SigningCertificate{group_id("x"), crypto.make(other).der, true});
  refused(Errc::certificate_refused, "does not verify");
}

TEST(MatchChain, AnIndividualByCaReferenceAnswersForAChainThatEndsThere) {
  upload("my root", root, true);
  add_individual_by_ca("my root").device_id = DeviceId("press");
  const Attested result = attested();
  CHECK_TRUE(result.type == AttestationType::x509);
  CHECK_FALSE(result.enrollment.is_group);
  CHECK_TRUE(result.device_id == DeviceId("press"));
  CHECK_TRUE(result.signing_certificate->der == root.der);
  CHECK_TRUE(std::get<ThumbprintCredential>(result.credential).sha256 == to_upper_hex(leaf.sha256));
}

TEST(MatchChain, EitherCaOfAnIndividualWillDo) {
  upload("gone", crypto.make(ca("CN=Other", "CN=Other")), true);
  upload("i1", i1, true);
  add_individual_by_ca("gone", "i1");
  CHECK_TRUE(attested().signing_certificate->der == i1.der);
}

TEST(MatchChain, TellsWhichCertificateOfTheEnrollmentItWas) {
  add_signing_group("i2", i2);
  CHECK_TRUE(attested().credential_id == to_upper_hex(i2.sha256));
  upload("i1", i1, true);
  add_individual_by_ca("gone", "i1");
  CHECK_TRUE(attested().credential_id == to_upper_hex(i1.sha256));
  X509Attestation own;
  own.secondary = leaf.der;
  add_individual("dev-1", own);
  CHECK_TRUE(attested().credential_id == to_upper_hex(leaf.sha256));
}

TEST(MatchChain, ACaThatWasRenewedWithItsKeyIsCountedAsWhatItIsRolledTo) {
  FakeCertificate again = ca("CN=I2", "CN=I1");
  again.serial = "2";
  const ports::Certificate renewed = crypto.make(again);
  EnrollmentGroup& group = add_signing_group("i2", i2);
  lookup.signing.push_back(SigningCertificate{group_id("i2"), renewed.der, true});
  CHECK_TRUE(attested().credential_id == to_upper_hex(i2.sha256));
  group.key_roll = {to_upper_hex(i2.sha256), to_upper_hex(renewed.sha256), kNow};
  CHECK_TRUE(attested().credential_id == to_upper_hex(renewed.sha256));
  CHECK_TRUE(attested().signing_certificate->der == renewed.der);

  upload("old", i2, true);
  upload("new", renewed, true);
  IndividualEnrollment& individual = add_individual_by_ca("old", "new");
  CHECK_TRUE(attested().credential_id == to_upper_hex(i2.sha256));
  individual.key_roll = group.key_roll;
  CHECK_TRUE(attested().credential_id == to_upper_hex(renewed.sha256));
}

TEST(MatchChain, AnIndividualByCaReferenceRefusesWhileTheCaIsUnverified) {
  upload("i1", i1, false);
  add_individual_by_ca("i1");
  refused(Errc::certificate_refused, "nobody has proved to possess");
}

TEST(MatchChain, AnIndividualByCaReferenceRefusesAChainThatLeadsElsewhere) {
  upload("other", crypto.make(ca("CN=Other", "CN=Other")), true);
  add_individual_by_ca("other");
  add_signing_group("i1", i1);
  CHECK_TRUE(refused(Errc::certificate_refused, "leads to no CA certificate that the enrollment")
                 .matched_nothing);
}

TEST(MatchChain, AnIndividualWhoseCaIsNotHereRefuses) {
  add_individual_by_ca("i1");
  CHECK_TRUE(refused(Errc::certificate_refused, "leads to no CA certificate").matched_nothing);
}

TEST(MatchChain, AnExpiredCaOfAnIndividualRefusesInItsOwnWords) {
  FakeCertificate expired = ca("CN=I2", "CN=I1");
  expired.not_after = kNow - std::chrono::days{1};
  upload("i2", crypto.make(expired), true);
  add_individual_by_ca("i2");
  refused(Errc::certificate_refused,
          "signing certificate 'CN=I2' expired 2025-12-31 (individual enrollment dev-1)");
}

TEST(MatchChain, TheCommonNameOfAnIndividualByCaIsItsId) {
  upload("i2", i2, true);
  X509Attestation x509;
  x509.kind = X509Attestation::Kind::ca_references;
  x509.primary_ca_name = "i2";
  add_individual("dev-2", x509);
  request.registration_id = id("dev-2");
  refused(Errc::certificate_refused, "does not match the certificate's CN 'dev-1'");
}

TEST(MatchChain, ADisabledRecordThatNamesTheLeafRefusesItUnderACaToo) {
  upload("i2", i2, true);
  add_individual_by_ca("i2");
  lookup.blocked_certificates.insert(leaf.sha256);
  refused(Errc::disabled, "names this certificate");
}

TEST(MatchChain, ATokenGoesBeforeACertificate) {
  add_signing_group("i1", i1);
  add_symmetric_group("north");
  request.evidence.token = signed_with(derived(key("north primary"), "dev-1"));
  CHECK_TRUE(attested().enrollment.id == "north");
}
