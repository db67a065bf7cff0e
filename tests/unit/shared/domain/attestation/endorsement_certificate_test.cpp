#include "shared/domain/attestation/endorsement_certificate.hpp"

#include <CppUTest/TestHarness.h>

#include "shared/base/encoding.hpp"
#include "tests/support/endorsement_certificate.hpp"
#include "tests/vectors/tpm/keys.hpp"

using namespace berth;
using namespace berth::domain;
using namespace berth::testing;

TEST_GROUP(EndorsementCertificate) {
  Bytes key = from_base64(vectors::kEndorsementKey).value();
  ports::Certificate certificate;

  void setup() override {
    endorse(certificate, key);
  }

  void check_refused(const char* reason) {
    const auto checked = check_endorsement_certificate(certificate, key);
    CHECK_FALSE(checked.has_value());
    CHECK_TRUE(checked.error().code == Errc::certificate_refused);
    STRCMP_CONTAINS(reason, checked.error().reason.c_str());
  }
  void set_attribute(std::size_t index, const std::string& value) {
    certificate.alternative_name_attributes[index].value = value;
  }
};

TEST(EndorsementCertificate, TellsTheMakerModelAndVersionOfTheChip) {
  const auto model = check_endorsement_certificate(certificate, key);
  CHECK_TRUE(model.has_value());
  STRCMP_EQUAL("id:49465800", model->manufacturer.c_str());
  STRCMP_EQUAL("SLB9670", model->model.c_str());
  STRCMP_EQUAL("id:0007003F", model->version.c_str());
}

TEST(EndorsementCertificate, OfAnotherChipIsRefused) {
  certificate.public_key[100] ^= 1U;
  check_refused("is of another key: it belongs to another chip");
}

TEST(EndorsementCertificate, OfAKeyWithAnotherExponentIsRefused) {
  certificate.public_key.back() ^= 2U;
  check_refused("is of another key");
}

TEST(EndorsementCertificate, WithoutAKeyIsRefused) {
  certificate.public_key.clear();
  check_refused("is of another key");
}

// Some makers name the key's algorithm RSAES-OAEP (RFC 4055 section 4.1); the key stands at the
// end.
TEST(EndorsementCertificate, MayNameTheAlgorithmOfTheKeyAnotherWay) {
  certificate.public_key.erase(certificate.public_key.begin(), certificate.public_key.begin() + 19);
  CHECK_TRUE(check_endorsement_certificate(certificate, key).has_value());
}

TEST(EndorsementCertificate, OfACaIsRefused) {
  certificate.is_ca = true;
  check_refused("is one of a CA");
}

TEST(EndorsementCertificate, OfAnOldVersionIsRefused) {
  certificate.version = 1;
  check_refused("is not of version 3");
}

TEST(EndorsementCertificate, ForAKeyThatSignsIsRefused) {
  certificate.may_encipher_keys = false;
  certificate.may_sign = true;
  check_refused("key usage lacks keyEncipherment");
}

TEST(EndorsementCertificate, WithoutAKeyUsageIsRefused) {
  certificate.has_key_usage = false;
  check_refused("key usage lacks keyEncipherment");
}

TEST(EndorsementCertificate, WithoutItsPurposeIsRefused) {
  certificate.extended_key_usages = {to_bytes("\x2B\x06\x01\x05\x05\x07\x03\x02")};  // clientAuth
  check_refused("extended key usage lacks tcg-kp-EKCertificate");
  certificate.extended_key_usages.clear();
  check_refused("extended key usage lacks tcg-kp-EKCertificate");
}

TEST(EndorsementCertificate, MayHaveOtherPurposesToo) {
  certificate.extended_key_usages.insert(certificate.extended_key_usages.begin(),
                                         Bytes{0x55, 0x1D});
  CHECK_TRUE(check_endorsement_certificate(certificate, key).has_value());
}

TEST(EndorsementCertificate, ThatNamesNoMakerIsRefused) {
  set_attribute(0, "Infineon");
  check_refused("names no TPM manufacturer");
  set_attribute(0, "id:4946580");
  check_refused("names no TPM manufacturer");
  set_attribute(0, "id:494658000");
  check_refused("names no TPM manufacturer");
  certificate.alternative_name_attributes.clear();
  check_refused("names no TPM manufacturer");
}

TEST(EndorsementCertificate, ThatNamesNoModelIsRefused) {
  set_attribute(1, "");
  check_refused("names no TPM model");
  set_attribute(1, "a model\nof two lines");
  check_refused("names no TPM model");
  set_attribute(1, std::string(65, 'm'));
  check_refused("names no TPM model");
  set_attribute(1, std::string(64, 'm'));
  CHECK_TRUE(check_endorsement_certificate(certificate, key).has_value());
}

TEST(EndorsementCertificate, ThatNamesNoVersionIsRefused) {
  set_attribute(2, "7.63");
  check_refused("names no TPM version");
  set_attribute(2, "id:");
  check_refused("names no TPM version");
}

TEST(EndorsementCertificate, JudgesNoKeyThatNoTpmWouldShow) {
  key.pop_back();
  const auto checked = check_endorsement_certificate(certificate, key);
  CHECK_TRUE(checked.error().code == Errc::malformed);
}

// The certificate pins the modulus alone, and a chip answers whatever else is said of its key: one
// that could be shown in many spellings would be as many chips.

TEST(EndorsementCertificate, IsOfTheKeyThatTheTemplateMakesAndNoOther) {
  constexpr std::size_t kAttributes = 6;
  constexpr std::size_t kPolicy = 12;
  constexpr std::size_t kExponent = 54;
  const Bytes made = key;
  const char* const reason = "is of a key by the TCG's template L-1, and the device shows that key";
  // Everything that the certificate does not say, one bit at a time; what no TPM would show at all
  // is refused as such.
  for (std::size_t bit = 0; bit < 8 * (made.size() - 256); ++bit) {
    key = made;
    key[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    CHECK_FALSE(check_endorsement_certificate(certificate, key).has_value());
  }
  key = made;
  key[kExponent + 1] = 1;  // 65537, written out
  key[kExponent + 3] = 1;
  check_refused(reason);
  key = made;
  key[kPolicy] ^= 1U;
  check_refused(reason);
  key = made;
  key.erase(key.begin() + kPolicy, key.begin() + kPolicy + 32);
  key[kPolicy - 1] = 0;
  key[0] = static_cast<std::uint8_t>((key.size() - 2) >> 8U);
  key[1] = static_cast<std::uint8_t>((key.size() - 2) & 0xFFU);
  check_refused(reason);
  key = made;
  key[kAttributes + 2] |= 0x04U;  // noDA
  check_refused(reason);
}
