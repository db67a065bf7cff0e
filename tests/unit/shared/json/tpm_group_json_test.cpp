// Through the mechanism that it is a part of, as the service API reads and writes it.
#include "shared/json/tpm_group_json.hpp"

#include <memory>
#include <string>
#include <variant>

#include <CppUTest/TestHarness.h>

#include "shared/base/encoding.hpp"
#include "shared/crypto/mbedtls/mbedtls.hpp"
#include "shared/crypto/pem.hpp"
#include "shared/json/attestation_json.hpp"
#include "shared/json/certificate_text.hpp"
#include "shared/json/json_text.hpp"
#include "tests/support/fake_entropy.hpp"
#include "tests/support/test_pki.hpp"
#include "tests/unit/shared/json/x509_vector.hpp"

using namespace berth;
using domain::TpmGroupAttestation;
using json::AttestationOf;

TEST_GROUP(TpmGroupJson) {
  std::unique_ptr<ports::Crypto> crypto = crypto::make_mbedtls_crypto();
  berth::testing::FakeEntropy entropy;
  const Bytes ca = berth::testing::make_root({.common_name = "TPM CA"}).certificate;

  Result<domain::Attestation> read(const std::string& text,
                                   const domain::Attestation* stored = nullptr,
                                   AttestationOf of = AttestationOf::group) {
    const auto mechanism = json::parse_object(text, {256 * 1024, 32});
    CHECK(mechanism.has_value());
    return json::read_attestation(*mechanism, of, stored, *crypto, entropy);
  }
  TpmGroupAttestation group(const std::string& text, const domain::Attestation* stored = nullptr) {
    const auto attestation = read(text, stored);
    CHECK_TEXT(attestation.has_value(), attestation ? "" : attestation.error().reason.c_str());
    CHECK(std::holds_alternative<TpmGroupAttestation>(*attestation));
    return std::get<TpmGroupAttestation>(*attestation);
  }
  std::string write(const domain::Attestation& attestation) {
    return json::serialize(json::write_attestation(attestation, json::Keys::shown, *crypto));
  }
  static std::string with(const std::string& certificates) {
    return R"({"type":"tpm","tpmGroup":{"certificates":[)" + certificates + "]}}";
  }
  static std::string pem(const Bytes& der) {
    return R"({"certificate":)" +
           json::serialize(boost::json::value(json::write_certificate_text(der))) + "}";
  }
  void check_refused(const std::string& text, const char* reason) {
    const auto refused = read(text);
    CHECK_FALSE(refused.has_value());
    CHECK(refused.error().code == Errc::invalid);
    STRCMP_CONTAINS(reason, refused.error().reason.c_str());
  }
};

TEST(TpmGroupJson, AGroupMayAdmitByItsListAlone) {
  CHECK(group(R"({"type":"tpm","tpmGroup":{}})").certificates.empty());
  CHECK(group(R"({"tpmGroup":{"certificates":null}})").certificates.empty());
}

TEST(TpmGroupJson, AGroupMayAdmitByCas) {
  CHECK(group(with(pem(ca))).certificates == std::vector<Bytes>{ca});
}

// C#'s SDK refuses a page of groups for one of type tpm.
TEST(TpmGroupJson, IsShownAsATypeThatEverySdkKnows) {
  const std::string shown = write(TpmGroupAttestation{{ca}});
  STRCMP_CONTAINS(R"({"type":"symmetricKey","tpmGroup":{"certificates":[{"info":{"subjectName":)",
                  shown.c_str());
  CHECK(shown.find("\"symmetricKey\":") == std::string::npos);
}

TEST(TpmGroupJson, WhatIsShownCanBeWrittenBack) {
  const domain::Attestation stored = TpmGroupAttestation{{ca}};
  CHECK(group(write(stored), &stored).certificates == std::vector<Bytes>{ca});
}

// An SDK that does not know the member leaves it out.
TEST(TpmGroupJson, ABareSymmetricKeyKeepsTheStoredGroup) {
  const domain::Attestation stored = TpmGroupAttestation{{ca}};
  for (const char* text :
       {R"({"type":"symmetricKey"})", R"({"type":"symmetricKey","symmetricKey":null})",
        R"({"type":"SymmetricKey","symmetricKey":{"primaryKey":"","secondaryKey":null}})"}) {
    CHECK(group(text, &stored).certificates == std::vector<Bytes>{ca});
  }
}

TEST(TpmGroupJson, KeysReplaceTheGroup) {
  const domain::Attestation stored = TpmGroupAttestation{{ca}};
  const std::string key = to_base64(Bytes(32, 1));
  const auto replaced =
      read(R"({"type":"symmetricKey","symmetricKey":{"primaryKey":")" + key + R"("}})", &stored);
  CHECK(std::holds_alternative<domain::SymmetricKeyAttestation>(*replaced));
}

TEST(TpmGroupJson, NullSaysThatItIsNoGroupOfTpmsAnyMore) {
  const domain::Attestation stored = TpmGroupAttestation{{ca}};
  const auto replaced = read(R"({"type":"symmetricKey","tpmGroup":null})", &stored);
  const auto* keys = std::get_if<domain::SymmetricKeyAttestation>(&*replaced);
  CHECK(keys != nullptr);
  LONGS_EQUAL(64, keys->primary.size());
}

TEST(TpmGroupJson, ABareSymmetricKeyMakesNoGroupOfTpms) {
  CHECK(
      std::holds_alternative<domain::SymmetricKeyAttestation>(*read(R"({"type":"symmetricKey"})")));
}

TEST(TpmGroupJson, HasAsManyCertificatesAsItsLimitAndNoMore) {
  std::string list = pem(ca);
  for (std::size_t i = 1; i < domain::kMaxTpmGroupCertificates; ++i) list += "," + pem(ca);
  LONGS_EQUAL(domain::kMaxTpmGroupCertificates, group(with(list)).certificates.size());
  check_refused(with(list + "," + pem(ca)), "at most 8 certificates");
}

TEST(TpmGroupJson, RefusesWhatIssuesNoCertificates) {
  check_refused(with(pem(*json::read_certificate_text(berth::testing::kVectorPem))),
                "is not one of a CA");
  check_refused(with(R"({"certificate":"AQID"})"), "cannot be read");
  check_refused(with("{}"), "needs a 'certificate'");
  check_refused(with("7"), "is an object");
  check_refused(with(R"({"info":{"sha256Thumbprint":"AB"}})"), "of no stored certificate");
}

TEST(TpmGroupJson, OneEndorsementKeyIsNoGroup) {
  check_refused(R"({"type":"tpm","tpm":{"endorsementKey":"AQID"}})", "attests TPMs by 'tpmGroup'");
}

TEST(TpmGroupJson, IsNothingToAnIndividual) {
  const auto read_back =
      read(R"({"type":"symmetricKey","tpmGroup":{}})", nullptr, AttestationOf::individual);
  CHECK(std::holds_alternative<domain::SymmetricKeyAttestation>(*read_back));
}
