#include "shared/crypto/pem.hpp"

#include <string>

#include <CppUTest/TestHarness.h>

#include "shared/base/encoding.hpp"
#include "shared/crypto/openssl/certificate_authority.hpp"
#include "tests/support/test_pki.hpp"
#include "tests/vectors/crypto/certificates.hpp"

namespace berth {
namespace {

using crypto::read_pem_certificates;
using crypto::read_pem_private_key;
using crypto::write_pem;

// openssl ecparam -name prime256v1 -genkey -noout, and the same key by openssl pkcs8 -topk8.
const std::string kEcKey =
    "-----BEGIN EC PRIVATE KEY-----\n"
    "MHcCAQEEIMmvqdhFunUWa1whV2ex0pNOUMPbNuibEnuLYisSD2choAoGCCqGSM49\n"
    "AwEHoUQDQgAEYP7UuiVanTHJYet0xjVtaMBJuJI7Yfps5mliLmDyn7Z5A/4QCLi8\n"
    "maQa6elWKLxk8vGyDC1+n1F3o8KU1EYimQ==\n"
    "-----END EC PRIVATE KEY-----\n";

TEST_GROUP(Pem) {
  Bytes der = from_base64(vectors::kServiceApiCertificate).value();
  std::string pem = write_pem("CERTIFICATE", der);

  void check_no_key(const std::string& text, Errc code) {
    const Result<SecretBytes> key = read_pem_private_key(text);
    CHECK(!key.has_value());
    CHECK(key.error().code == code);
    CHECK(!key.error().reason.empty());
  }
};

TEST(Pem, WritesLinesOf64Characters) {
  STRCMP_EQUAL(
      "-----BEGIN X-----\n"
      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
      "AA==\n"
      "-----END X-----\n",
      write_pem("X", Bytes(49)).c_str());
}

TEST(Pem, ReadsWhatItWrites) {
  const auto certificates = read_pem_certificates(pem);
  CHECK(certificates.has_value());
  LONGS_EQUAL(1, certificates->size());
  CHECK(certificates->front() == der);
}

TEST(Pem, KeepsTheOrderOfSeveral) {
  const Bytes other = from_base64(vectors::kDeviceApiCertificate).value();
  const auto certificates = read_pem_certificates(pem + write_pem("CERTIFICATE", other) + pem);
  CHECK(certificates.has_value());
  LONGS_EQUAL(3, certificates->size());
  CHECK(certificates->at(1) == other);
}

TEST(Pem, PassesOverTextAndOtherBlocks) {
  const auto certificates =
      read_pem_certificates("Subject: somebody\n" + kEcKey + "and now\n" + pem + "the end");
  CHECK(certificates.has_value());
  LONGS_EQUAL(1, certificates->size());
}

TEST(Pem, TakesCarriageReturns) {
  std::string windows;
  for (const char c : pem) windows += c == '\n' ? std::string("\r\n") : std::string(1, c);
  CHECK(read_pem_certificates(windows).has_value());
}

TEST(Pem, NothingIsNoCertificate) {
  CHECK(!read_pem_certificates("").has_value());
  CHECK(!read_pem_certificates("hello").has_value());
  CHECK(!read_pem_certificates(kEcKey).has_value());
}

TEST(Pem, EveryTruncationWithinABlockIsDamage) {
  const std::size_t end = pem.size() - 1;  // the last line break is not needed
  for (std::size_t size = 0; size < end; ++size) {
    CHECK(!read_pem_certificates(pem.substr(0, size)).has_value());
  }
  CHECK(read_pem_certificates(pem.substr(0, end)).has_value());
}

TEST(Pem, WrongBase64IsDamage) {
  std::string damaged = pem;
  damaged[40] = '*';
  CHECK(!read_pem_certificates(damaged).has_value());
}

TEST(Pem, AnEndWithAnotherLabelIsDamage) {
  std::string damaged = pem;
  damaged.replace(damaged.rfind("CERTIFICATE"), 11, "CERTIFICATS");
  CHECK(!read_pem_certificates(damaged).has_value());
}

TEST(Pem, AnEmptyBlockIsDamage) {
  CHECK(!read_pem_certificates("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"));
}

TEST(Pem, TheNumberOfCertificatesIsLimited) {
  std::string many;
  for (std::size_t i = 0; i < crypto::kMaxPemCertificates; ++i) many += pem;
  CHECK(read_pem_certificates(many).has_value());
  CHECK(!read_pem_certificates(many + pem).has_value());
}

TEST(Pem, TheSizeOfTheTextIsLimited) {
  std::string padded = pem;
  padded.resize(crypto::kMaxPemText, ' ');
  CHECK(read_pem_certificates(padded).has_value());
  CHECK(!read_pem_certificates(padded + " ").has_value());
  check_no_key(kEcKey + std::string(crypto::kMaxPemText, ' '), Errc::malformed);
}

TEST(Pem, ReadsAPkcs8Key) {
  const testing::PkiNode node = testing::make_root({.common_name = "Root"});
  const std::string text = write_pem("PRIVATE KEY", node.private_key.reveal());
  const Result<SecretBytes> key = read_pem_private_key(text);
  CHECK(key.has_value());
  CHECK(*key == node.private_key);
}

TEST(Pem, TurnsAnEcKeyIntoPkcs8) {
  const Result<SecretBytes> key = read_pem_private_key(kEcKey);
  CHECK(key.has_value());
  const Result<Bytes> public_key = crypto::make_certificate_authority()->public_key_of(*key);
  CHECK(public_key.has_value());
  // The public key of RFC 6979 A.2.5.
  STRCMP_CONTAINS("60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6",
                  to_hex(*public_key).c_str());
}

TEST(Pem, TakesTheKeyAfterACertificate) {
  CHECK(read_pem_private_key(pem + kEcKey).has_value());
}

TEST(Pem, AnEncryptedKeyIsUnsupported) {
  check_no_key("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
               Errc::unsupported);
}

TEST(Pem, AnEncryptedKeyOfTheOlderFormIsUnsupported) {
  check_no_key(
      "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n"
      "AAAA\n-----END EC PRIVATE KEY-----\n",
      Errc::unsupported);
}

TEST(Pem, NoKeyIsMalformed) {
  check_no_key("", Errc::malformed);
  check_no_key(pem, Errc::malformed);
}

TEST(Pem, ADamagedKeyIsMalformed) {
  for (std::size_t size = 0; size < kEcKey.size() - 1; ++size) {
    check_no_key(kEcKey.substr(0, size), Errc::malformed);
  }
  check_no_key(write_pem("PRIVATE KEY", Bytes{0x30, 0x00}), Errc::malformed);
}

}  // namespace
}  // namespace berth
