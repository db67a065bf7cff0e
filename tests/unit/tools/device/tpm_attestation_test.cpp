// With a TPM made of a hash: what counts here is the order of things. tests/integration has a real
// one.
#include "tools/device/tpm_attestation.hpp"

#include <CppUTest/TestHarness.h>

#include "shared/base/encoding.hpp"
#include "shared/crypto/mbedtls/mbedtls.hpp"
#include "shared/domain/attestation/tpm_authentication_key.hpp"
#include "shared/protocol/sas_token.hpp"
#include "tools/device/tpm.hpp"

using namespace berth;
using namespace berth::device;

namespace {

// Signs with what it was given last, as it was given.
class FakeTpm final : public Tpm {
 public:
  const Bytes& endorsement_key() const override { return endorsement_key_; }
  const Bytes& storage_root_key() const override { return storage_root_key_; }
  const Bytes& endorsement_certificate() const override { return certificate; }
  Result<void> activate(ByteView blob) override {
    if (refuses) return Error{Errc::forbidden, "not for this chip"};
    key = to_bytes(blob);
    return {};
  }
  Result<Bytes> sign(ByteView data) override {
    const auto mac = crypto_->hmac_sha256(key, data);
    return Bytes(mac.begin(), mac.end());
  }

  bool refuses = false;
  Bytes certificate;
  Bytes key;

 private:
  Bytes endorsement_key_ = to_bytes("EK");
  Bytes storage_root_key_ = to_bytes("SRK");
  std::unique_ptr<ports::Crypto> crypto_ = crypto::make_mbedtls_crypto();
};

}  // namespace

TEST_GROUP(TpmAttestation) {
  std::shared_ptr<FakeTpm> tpm = std::make_shared<FakeTpm>();
  std::unique_ptr<ports::Crypto> crypto = crypto::make_mbedtls_crypto();
  Attempt attempt;

  void setup() override {
    attempt.endpoint.id_scope = "0ne00LAB001";
    attempt.identity.registration_id = "dev-1";
    attempt.identity.tpm = tpm;
    attempt.unix_now = 1900000000;
  }
  static Bytes segment(std::uint8_t control, std::string_view data) {
    Bytes out{control};
    append(out, as_bytes(data));
    return out;
  }
  std::string token_by(std::string_view key, std::string_view resource, std::string_view policy) {
    return protocol::make_sas_token(resource, SecretBytes::copy_of(as_bytes(key)),
                                    attempt.unix_now + 3600, policy, *crypto);
  }
};

TEST(TpmAttestation, SignsItsTokenWithWhatTheChallengeHolds) {
  const auto token = answer_tpm_challenge(attempt, as_bytes("a blob"));
  STRCMP_EQUAL(token_by("a blob", "0ne00LAB001/registrations/dev-1", "registration").c_str(),
               token->c_str());
}

TEST(TpmAttestation, TheKeyForTheHubReplacesTheOther) {
  Outcome outcome;
  outcome.assigned = true;
  outcome.hub = "hub.example";
  outcome.device_id = "dev-1";
  outcome.tpm_authentication_key = to_bytes("the second blob");
  CHECK_TRUE(take_identity_key(attempt, outcome)->hub_token.empty());
  CHECK_TRUE(tpm->key == to_bytes("the second blob"));
  attempt.wants_hub_token = true;
  STRCMP_EQUAL(token_by("the second blob", "hub.example/devices/dev-1", "").c_str(),
               take_identity_key(attempt, outcome)->hub_token.c_str());
}

TEST(TpmAttestation, AKeyThatTheChipRefusesIsAFailure) {
  tpm->refuses = true;
  Outcome outcome;
  CHECK_TRUE(take_identity_key(attempt, outcome).has_value());
  outcome.assigned = true;
  CHECK_TRUE(take_identity_key(attempt, outcome).error().code == Errc::forbidden);
  CHECK_TRUE(answer_tpm_challenge(attempt, as_bytes("a blob")).error().code == Errc::forbidden);
}

// Device API 3.4.
TEST(TpmAttestation, SpeaksTheSaslMechanism) {
  const auto mechanism = make_tpm_mechanism(attempt);
  STRCMP_EQUAL("TPM", mechanism->name());
  CHECK_TRUE(to_bytes(mechanism->initial_response().reveal()) ==
             to_bytes(std::string_view("\0"
                                       "0ne00LAB001"
                                       "\0"
                                       "dev-1"
                                       "\0"
                                       "EK",
                                       21)));
  CHECK_TRUE(to_bytes(mechanism->respond(Bytes{0})->reveal()) ==
             to_bytes(std::string_view("\0SRK", 4)));
  CHECK_TRUE(to_bytes(mechanism->respond(segment(0x80, "a "))->reveal()) == Bytes{0});
  const auto last = mechanism->respond(segment(0xC1, "blob"));
  CHECK_TRUE(as_text(last->reveal().subspan(1)) ==
             token_by("a blob", "0ne00LAB001/registrations/dev-1", "registration"));
}

// docs/attestation/tpm.md: each certificate behind the key, with its size in front.
TEST(TpmAttestation, ShowsTheCertificateOfItsKeyBehindTheRootKeyIfItIsToldTo) {
  tpm->certificate = to_bytes("DER");
  CHECK_TRUE(to_bytes(make_tpm_mechanism(attempt)->respond(Bytes{0})->reveal()) ==
             to_bytes(std::string_view("\0SRK", 4)));
  attempt.identity.shows_certificate = true;
  CHECK_TRUE(to_bytes(make_tpm_mechanism(attempt)->respond(Bytes{0})->reveal()) ==
             to_bytes(std::string_view("\0SRK\0\3DER", 9)));
}

TEST(TpmAttestation, RefusesSegmentsOutOfTurnAndBlobsWithoutEnd) {
  for (const std::uint8_t control : Bytes{0x40, 0x81, 0xC1, 0x82}) {
    CHECK_FALSE(make_tpm_mechanism(attempt)->respond(segment(control, "x")).has_value());
  }
  CHECK_FALSE(make_tpm_mechanism(attempt)->respond({}).has_value());
  const auto mechanism = make_tpm_mechanism(attempt);
  const std::string large(domain::kMaxTpmBlobRead, 'x');
  CHECK_FALSE(mechanism->respond(segment(0x80, large)).has_value());
  CHECK_TRUE(mechanism->respond(segment(0x80, large.substr(1))).has_value());
}
