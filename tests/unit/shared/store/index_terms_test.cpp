#include "shared/store/index_terms.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <CppUTest/TestHarness.h>

#include "tests/support/fake_crypto.hpp"

using berth::Bytes;
using berth::to_bytes;
using namespace berth::domain;
using namespace berth::store;

namespace {

// As texts, "index:value".
std::vector<std::string> texts(const std::vector<IndexTerm>& terms) {
  std::vector<std::string> all;
  for (const IndexTerm& term : terms) {
    all.push_back(std::to_string(static_cast<int>(term.index)) + ":" + term.value);
  }
  return all;
}

}  // namespace

TEST_GROUP(IndexTerms) {
  berth::testing::FakeCrypto crypto_;

  Bytes certificate(const std::string& subject, const std::string& serial = "1") {
    return crypto_.make({.subject = subject, .issuer = "CN=root", .serial = serial}).der;
  }
  IndividualEnrollment individual(const Attestation& attestation) {
    IndividualEnrollment record;
    record.attestation = attestation;
    return record;
  }
  EnrollmentGroup group(const Attestation& attestation) {
    EnrollmentGroup record;
    record.attestation = attestation;
    return record;
  }
  X509Attestation clients(const Bytes& primary, const Bytes& secondary) {
    return {X509Attestation::Kind::client_certificates, primary, secondary, {}, {}};
  }
  X509Attestation signers(const Bytes& primary, const Bytes& secondary) {
    return {X509Attestation::Kind::signing_certificates, primary, secondary, {}, {}};
  }
};

TEST(IndexTerms, FindAnIndividualByEitherCertificate) {
  const Bytes one = certificate("CN=dev-1");
  const Bytes two = certificate("CN=dev-1", "2");
  const auto terms = texts(terms_of(individual(clients(one, two)), crypto_));
  CHECK(terms == (std::vector<std::string>{"1:" + certificate_term(one, crypto_),
                                           "1:" + certificate_term(two, crypto_)}));
  CHECK(terms_of(individual(clients(one, {})), crypto_).size() == 1);
  CHECK(terms_of(individual(clients(one, one)), crypto_).size() == 1);
}

TEST(IndexTerms, WriteThumbprintsInUpperCase) {
  const std::string term = certificate_term(certificate("CN=dev-1"), crypto_);
  CHECK(term.size() == 64);
  CHECK(term.find_first_not_of("0123456789ABCDEF") == std::string::npos);
}

TEST(IndexTerms, FindAnIndividualByItsEndorsementKey) {
  const auto terms = terms_of(individual(TpmAttestation{to_bytes("ek"), {}}), crypto_);
  CHECK(terms.size() == 1);
  CHECK(terms[0].index == Index::endorsement_key);
  CHECK(terms[0].value.size() == 64);
}

TEST(IndexTerms, GiveAnIndividualWithSymmetricKeysNone) {
  CHECK(terms_of(individual(SymmetricKeyAttestation{}), crypto_).empty());
}

TEST(IndexTerms, FindAGroupByItsSignersNames) {
  const auto terms =
      texts(terms_of(group(signers(certificate("CN=ca-1"), certificate("CN=ca-2"))), crypto_));
  CHECK(terms == (std::vector<std::string>{"2:" + subject_term(to_bytes("CN=ca-1"), crypto_),
                                           "2:" + subject_term(to_bytes("CN=ca-2"), crypto_)}));
}

TEST(IndexTerms, NameOneSignerOnceThoughItWasRenewed) {
  const Bytes old = certificate("CN=ca-1");
  const Bytes renewed = certificate("CN=ca-1", "2");
  CHECK(terms_of(group(signers(old, renewed)), crypto_).size() == 1);
}

TEST(IndexTerms, LeaveOutASignerThatDoesNotParse) {
  CHECK(terms_of(group(signers(to_bytes("no certificate"), {})), crypto_).empty());
}

TEST(IndexTerms, FindWhatRefersToACaCertificateInAnyLetterCase) {
  const X509Attestation both{X509Attestation::Kind::ca_references, {}, {}, "Root-1", "Root-2"};
  const std::vector<std::string> wanted{"8:root-1", "8:root-2"};
  CHECK(texts(terms_of(group(both), crypto_)) == wanted);
  CHECK(texts(terms_of(individual(both), crypto_)) == wanted);
  const X509Attestation twice{X509Attestation::Kind::ca_references, {}, {}, "Root-1", "ROOT-1"};
  CHECK(texts(terms_of(group(twice), crypto_)) == std::vector<std::string>{"8:root-1"});
}

TEST(IndexTerms, FindACaCertificateByItsSubject) {
  CaCertificate record;
  record.certificate = certificate("CN=ca-1");
  CHECK(texts(terms_of(record, crypto_)) ==
        std::vector<std::string>{"2:" + subject_term(to_bytes("CN=ca-1"), crypto_)});
}

TEST(IndexTerms, GiveNoneToAnEndorsementKeyThatCannotBeRead) {
  CHECK(terms_of(individual(TpmAttestation{{}, {}, "a"}), crypto_).empty());
}

TEST(IndexTerms, FindAGroupOfTpmsByEachOfItsCasOnce) {
  const TpmGroupAttestation tpms{
      {certificate("CN=ca-1"), certificate("CN=ca-2"), certificate("CN=ca-1", "2")}};
  const auto found = texts(terms_of(group(tpms), crypto_));
  std::vector<std::string> wanted{"2:" + subject_term(to_bytes("CN=ca-1"), crypto_),
                                  "2:" + subject_term(to_bytes("CN=ca-2"), crypto_)};
  std::sort(wanted.begin(), wanted.end());
  CHECK(found == wanted);
}

TEST(IndexTerms, FindAnAdmittedTpmByItsGroupAndTheIdItIsGiven) {
  AdmittedTpm tpm;
  tpm.group_id = *EnrollmentGroupId::parse("Fleet-TPM");
  CHECK(texts(terms_of(tpm)) == std::vector<std::string>{"9:fleet-tpm"});
  tpm.registration_id = *RegistrationId::parse("Press-7");
  CHECK(texts(terms_of(tpm)) == (std::vector<std::string>{"9:fleet-tpm", "10:press-7"}));
}

TEST(IndexTerms, FindAllGroupsWithSymmetricKeys) {
  CHECK(texts(terms_of(group(SymmetricKeyAttestation{}), crypto_)) ==
        std::vector<std::string>{std::string("6:") + kSymmetricGroupTerm});
}

TEST(IndexTerms, FindARegistrationByItsGroupAndItsHub) {
  Registration registration;
  CHECK(terms_of(registration).empty());
  registration.enrollment = {true, "Group-A", 1};
  registration.hub_id = HubId("0123");
  CHECK(texts(terms_of(registration)) ==
        (std::vector<std::string>{"3:group-a", "11:g/group-a/", "4:0123"}));
  registration.enrollment = {false, "dev-1", 1};
  CHECK(texts(terms_of(registration)) == (std::vector<std::string>{"11:i/dev-1/", "4:0123"}));
}

TEST(IndexTerms, FindARegistrationByTheKeyThatItsDeviceUsedLast) {
  Registration registration;
  registration.enrollment = {true, "Group-A", 1};
  registration.credential_id = "p3-17";
  const IndexTerm term = use_term(registration.enrollment, "p3-17");
  CHECK(term.index == Index::used_credential);
  STRCMP_EQUAL("g/group-a/p3-17", term.value.c_str());
  CHECK(terms_of(registration)[1].value == term.value);
  // A group and an individual enrollment of one name are two.
  CHECK(use_term({false, "Group-A", 1}, "p3-17").value != term.value);
}

TEST(IndexTerms, OfTheLongestIdsFitTheStore) {
  Registration registration;
  registration.enrollment = {true, std::string(128, 'g'), 1};
  registration.credential_id = std::string(64, 'A');
  for (const IndexTerm& term : terms_of(registration)) CHECK(term.value.size() <= kMaxTermSize);
}

TEST(IndexTerms, FindEnrollmentsByEachHubThatTheyNameOnce) {
  Provisioning provisioning;
  CHECK(hub_terms_of(provisioning).empty());
  provisioning.iot_hubs = {"Hub-B.test", "hub-a.test", "HUB-b.test"};
  provisioning.iot_hub_host_name = "hub-A.test";
  CHECK(texts(hub_terms_of(provisioning)) ==
        (std::vector<std::string>{"12:hub-a.test", "12:hub-b.test"}));
  CHECK(hub_term("HUB-B.test").value == "hub-b.test");
}

TEST(IndexTerms, FindRefusalsByTheirGroup) {
  LastAttempt refused;
  CHECK(terms_of(refused).empty());
  refused.enrollment = {false, "press-1", 1};
  CHECK(terms_of(refused).empty());
  refused.enrollment = {true, "Line-1", 1};
  CHECK(texts(terms_of(refused)) == std::vector<std::string>{"3:line-1"});
}
