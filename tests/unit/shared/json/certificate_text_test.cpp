#include "shared/json/certificate_text.hpp"

#include <string>

#include <CppUTest/TestHarness.h>

#include "shared/base/encoding.hpp"

using namespace berth;

namespace {

const Bytes kDer{1, 2, 3, 4, 5};

const std::string kPem =
    "-----BEGIN CERTIFICATE-----\n"
    "AQID\n"
    "BAU=\n"
    "-----END CERTIFICATE-----\n";

}  // namespace

TEST_GROUP(CertificateText){};

TEST(CertificateText, ReadsPem) {
  CHECK(*json::read_certificate_text(kPem) == kDer);
}

TEST(CertificateText, ReadsPemWithCarriageReturnsAndTextAround) {
  CHECK(*json::read_certificate_text("subject=x\r\n-----BEGIN CERTIFICATE-----\r\nAQIDBAU=\r\n"
                                     "-----END CERTIFICATE-----\r\nmore") == kDer);
}

TEST(CertificateText, ReadsBase64OfDer) {
  CHECK(*json::read_certificate_text("AQID BAU=") == kDer);
}

TEST(CertificateText, ReadsBase64OfPem) {
  const std::string text = to_base64(as_bytes(kPem));
  CHECK(text.starts_with("LS0tLS1CRUdJTi"));
  CHECK(*json::read_certificate_text(text) == kDer);
}

TEST(CertificateText, TakesTheFirstOfSeveral) {
  CHECK(*json::read_certificate_text(kPem + "-----BEGIN CERTIFICATE-----\nCQkJ\n"
                                            "-----END CERTIFICATE-----\n") == kDer);
}

TEST(CertificateText, RefusesWhatIsNoCertificate) {
  for (const std::string_view text :
       {"", "  ", "!", "-----BEGIN CERTIFICATE-----\nAQID\n",
        "-----BEGIN PRIVATE KEY-----\nAQID\n-----END PRIVATE KEY-----\n",
        "-----BEGIN CERTIFICATE-----\n?\n-----END CERTIFICATE-----\n"}) {
    CHECK(json::read_certificate_text(text).error().code == Errc::invalid);
  }
}

TEST(CertificateText, RefusesOneCharacterOverTheLimit) {
  std::string text = kPem;
  text.resize(json::kMaxCertificateText, ' ');
  CHECK(json::read_certificate_text(text).has_value());
  CHECK(json::read_certificate_text(text + " ").error().code == Errc::too_large);
}

TEST(CertificateText, WritesPemInLinesOf64Characters) {
  const std::string text = json::write_certificate_text(Bytes(49, 7));
  STRCMP_EQUAL(
      "-----BEGIN CERTIFICATE-----\n"
      "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH\n"
      "Bw==\n"
      "-----END CERTIFICATE-----\n",
      text.c_str());
  CHECK(*json::read_certificate_text(text) == Bytes(49, 7));
}
