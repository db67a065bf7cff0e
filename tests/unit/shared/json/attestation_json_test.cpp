#include "shared/json/attestation_json.hpp"

#include <memory>
#include <string>
#include <variant>

#include <CppUTest/TestHarness.h>

#include "shared/base/encoding.hpp"
#include "shared/crypto/mbedtls/mbedtls.hpp"
#include "shared/json/certificate_text.hpp"
#include "shared/json/json_text.hpp"
#include "tests/support/fake_entropy.hpp"
#include "tests/unit/shared/json/x509_vector.hpp"

using namespace berth;
using domain::SymmetricKeyAttestation;
using domain::X509Attestation;
using json::AttestationOf;
using json::Keys;

namespace {

constexpr json::TextLimits kLimits{64 * 1024, 32};

std::string quoted(std::string_view text) {
  return json::serialize(boost::json::value(boost::json::string(text)));
}

SymmetricKeyAttestation keys_of(std::uint8_t primary, std::uint8_t secondary, std::size_t size) {
  return {SecretBytes(Bytes(size, primary)), SecretBytes(Bytes(size, secondary))};
}

}  // namespace

TEST_GROUP(AttestationJson) {
  std::unique_ptr<ports::Crypto> crypto = crypto::make_mbedtls_crypto();
  berth::testing::FakeEntropy entropy;

  Result<domain::Attestation> read(const std::string& text,
                                   AttestationOf of = AttestationOf::individual,
                                   const domain::Attestation* stored = nullptr) {
    const auto mechanism = json::parse_object(text, kLimits);
    CHECK(mechanism.has_value());
    return json::read_attestation(*mechanism, of, stored, *crypto, entropy);
  }
  std::string write(const domain::Attestation& attestation, Keys keys = Keys::hidden) {
    return json::serialize(json::write_attestation(attestation, keys, *crypto));
  }
  domain::Attestation vector_attestation(X509Attestation::Kind kind) {
    X509Attestation x509;
    x509.kind = kind;
    x509.primary = *json::read_certificate_text(berth::testing::kVectorPem);
    return x509;
  }
  void check_refused(const std::string& text, AttestationOf of = AttestationOf::individual) {
    const auto refused = read(text, of);
    CHECK_FALSE_TEXT(refused.has_value(), text.c_str());
    CHECK(refused.error().code == Errc::invalid || refused.error().code == Errc::malformed);
  }
};

TEST(AttestationJson, ReadsSymmetricKeys) {
  const std::string primary = to_base64(Bytes(16, 1));
  const std::string secondary = to_base64(Bytes(64, 2));
  const auto read_back = read(R"({"type":"symmetricKey","symmetricKey":{"primaryKey":")" + primary +
                              R"(","secondaryKey":")" + secondary + R"("}})");
  const auto& keys = std::get<SymmetricKeyAttestation>(*read_back);
  CHECK(keys.primary == SecretBytes(Bytes(16, 1)));
  CHECK(keys.secondary == SecretBytes(Bytes(64, 2)));
}

TEST(AttestationJson, MakesKeysThatAreLeftOutOnCreate) {
  for (const char* text :
       {R"({"type":"symmetricKey"})", R"({"type":"symmetricKey","symmetricKey":null})",
        R"({"type":"symmetricKey","symmetricKey":{"primaryKey":"","secondaryKey":""}})"}) {
    const auto made = read(text);
    const auto& keys = std::get<SymmetricKeyAttestation>(*made);
    CHECK_EQUAL(64U, keys.primary.size());
    CHECK_EQUAL(64U, keys.secondary.size());
    CHECK_FALSE(keys.primary == keys.secondary);
  }
}

TEST(AttestationJson, KeepsStoredKeysThatAreLeftOut) {
  const domain::Attestation stored = keys_of(1, 2, 32);
  const auto kept = read(R"({"type":"symmetricKey"})", AttestationOf::group, &stored);
  CHECK(std::get<SymmetricKeyAttestation>(*kept).primary == SecretBytes(Bytes(32, 1)));
  CHECK(std::get<SymmetricKeyAttestation>(*kept).secondary == SecretBytes(Bytes(32, 2)));
}

TEST(AttestationJson, ReplacesOneKeyAndKeepsTheOther) {
  const domain::Attestation stored = keys_of(1, 2, 32);
  const std::string secondary = to_base64(Bytes(16, 9));
  const auto rolled =
      read(R"({"type":"symmetricKey","symmetricKey":{"secondaryKey":")" + secondary + R"("}})",
           AttestationOf::group, &stored);
  CHECK(std::get<SymmetricKeyAttestation>(*rolled).primary == SecretBytes(Bytes(32, 1)));
  CHECK(std::get<SymmetricKeyAttestation>(*rolled).secondary == SecretBytes(Bytes(16, 9)));
}

TEST(AttestationJson, RefusesKeysOneByteTooShortOrTooLong) {
  for (const std::size_t size : {std::size_t{15}, std::size_t{65}}) {
    check_refused(R"({"type":"symmetricKey","symmetricKey":{"primaryKey":")" +
                  to_base64(Bytes(size, 1)) + R"("}})");
  }
  check_refused(R"({"type":"symmetricKey","symmetricKey":{"primaryKey":"not base64!"}})");
}

TEST(AttestationJson, ShowsKeysOnlyWhenAsked) {
  const domain::Attestation attestation = keys_of(1, 2, 16);
  STRCMP_EQUAL(R"({"type":"symmetricKey"})", write(attestation).c_str());
  STRCMP_EQUAL(R"({"type":"symmetricKey","symmetricKey":{"primaryKey":"AQEBAQEBAQEBAQEBAQEBAQ==",)"
               R"("secondaryKey":"AgICAgICAgICAgICAgICAg=="}})",
               write(attestation, Keys::shown).c_str());
}

TEST(AttestationJson, GivesTheSameRecordForAllThreeEncodingsOfACertificate) {
  const std::string pem = berth::testing::kVectorPem;
  const Bytes der = *json::read_certificate_text(pem);
  for (const std::string& text : {pem, to_base64(der), to_base64(as_bytes(pem))}) {
    const auto attestation =
        read(R"({"type":"x509","x509":{"clientCertificates":{"primary":{"certificate":)" +
             quoted(text) + "}}}}");
    STRCMP_EQUAL((R"({"type":"x509","x509":{"clientCertificates":{"primary":)" +
                  std::string(berth::testing::kVectorInfo) + "}}}")
                     .c_str(),
                 write(*attestation).c_str());
  }
}

TEST(AttestationJson, KeepsACertificateOfWhichOnlyInfoComes) {
  const domain::Attestation stored = vector_attestation(X509Attestation::Kind::client_certificates);
  const auto kept = read(R"({"type":"x509","x509":{"clientCertificates":{"primary":)" +
                             std::string(berth::testing::kVectorInfo) + "}}}",
                         AttestationOf::individual, &stored);
  CHECK(std::get<X509Attestation>(*kept).primary == std::get<X509Attestation>(stored).primary);
}

TEST(AttestationJson, RemovesASlotThatIsNull) {
  domain::Attestation stored = vector_attestation(X509Attestation::Kind::client_certificates);
  std::get<X509Attestation>(stored).secondary = std::get<X509Attestation>(stored).primary;
  const auto changed =
      read(R"({"type":"x509","x509":{"clientCertificates":{"primary":null,"secondary":)" +
               std::string(berth::testing::kVectorInfo) + "}}}",
           AttestationOf::individual, &stored);
  CHECK(std::get<X509Attestation>(*changed).primary.empty());
  CHECK_FALSE(std::get<X509Attestation>(*changed).secondary.empty());
}

TEST(AttestationJson, RefusesInfoThatCouldKeepNothing) {
  check_refused(R"({"type":"x509","x509":{"clientCertificates":{"primary":)" +
                std::string(berth::testing::kVectorInfo) + "}}}");
}

TEST(AttestationJson, RefusesX509WithoutExactlyOneKind) {
  check_refused(R"({"type":"x509"})");
  check_refused(R"({"type":"x509","x509":{}})");
  check_refused(R"({"type":"x509","x509":{"clientCertificates":{},"caReferences":{}}})");
  check_refused(R"({"type":"x509","x509":{"clientCertificates":{}}})");
}

TEST(AttestationJson, RefusesACertificateThatDoesNotParse) {
  check_refused(
      R"({"type":"x509","x509":{"clientCertificates":{"primary":{"certificate":"AQID"}}}})");
}

TEST(AttestationJson, RefusesClientCertificatesForAGroupAndSigningOnesForADevice) {
  const std::string slot =
      R"({"primary":{"certificate":)" + quoted(berth::testing::kVectorPem) + "}}";
  check_refused(R"({"type":"x509","x509":{"clientCertificates":)" + slot + "}}",
                AttestationOf::group);
  check_refused(R"({"type":"x509","x509":{"signingCertificates":)" + slot + "}}",
                AttestationOf::individual);
  CHECK(read(R"({"type":"x509","x509":{"signingCertificates":)" + slot + "}}", AttestationOf::group)
            .has_value());
}

TEST(AttestationJson, ReadsAndWritesCaReferences) {
  const std::string text =
      R"({"type":"x509","x509":{"caReferences":{"primary":"root-1","secondary":"root-2"}}})";
  STRCMP_EQUAL(text.c_str(), write(*read(text, AttestationOf::group)).c_str());
}

TEST(AttestationJson, ReadsAndWritesTpmKeys) {
  const std::string text =
      R"({"type":"tpm","tpm":{"endorsementKey":"AQID","storageRootKey":"BAU="}})";
  STRCMP_EQUAL(text.c_str(), write(*read(text)).c_str());
  check_refused(R"({"type":"tpm"})");
  check_refused(R"({"type":"tpm","tpm":{"endorsementKey":""}})");
  check_refused(text, AttestationOf::group);
}

TEST(AttestationJson, TakesAnEndorsementKeyThatIsNoBase64AsNodesSampleSendsIt) {
  const std::string text = R"({"type":"tpm","tpm":{"endorsementKey":"a"}})";
  const auto tpm = std::get<domain::TpmAttestation>(*read(text));
  CHECK(tpm.endorsement_key.empty());
  STRCMP_EQUAL("a", tpm.unreadable_endorsement_key.c_str());
  STRCMP_EQUAL(text.c_str(), write(domain::Attestation(tpm)).c_str());
  const auto of_size = [](std::size_t size) {
    return R"({"type":"tpm","tpm":{"endorsementKey":")" + std::string(size, '!') + R"("}})";
  };
  CHECK(read(of_size(8192)).has_value());
  check_refused(of_size(8193));
}

TEST(AttestationJson, RefusesOtherTypes) {
  check_refused(R"({"type":"none"})");
  check_refused(R"({})");
  check_refused(R"({"type":7})");
}
