// Parsing certificates and verifying who signed them.
#include <string>
#include <thread>
#include <vector>

#include <CppUTest/TestHarness.h>

#include "shared/base/encoding.hpp"
#include "tests/conformance/crypto/backend.hpp"
#include "tests/conformance/crypto/foreign_pki.hpp"
#include "tests/support/test_pki.hpp"
#include "tests/vectors/crypto/certificates.hpp"

namespace berth {
namespace {

using testing::ForeignHash;
using testing::ForeignKey;
using testing::ForeignLeaf;
using testing::ForeignNode;
using testing::ForeignPadding;
using testing::PkiNode;

TEST_GROUP(Certificate) {
  std::unique_ptr<ports::Crypto> crypto = testing::make_crypto_under_test();

  ports::Certificate parsed(ByteView der) {
    Result<ports::Certificate> certificate = crypto->parse_certificate(der);
    CHECK_TEXT(certificate.has_value(), certificate ? "" : certificate.error().reason.c_str());
    return std::move(*certificate);
  }
  void check_malformed(ByteView der) {
    const Result<ports::Certificate> certificate = crypto->parse_certificate(der);
    CHECK(!certificate.has_value());
    CHECK(certificate.error().code == Errc::malformed);
    CHECK(!certificate.error().reason.empty());
  }
  bool foreign_leaf_verifies(ForeignKey issuer, const ForeignLeaf& wanted) {
    const ForeignNode ca = testing::make_foreign_ca(issuer);
    const ForeignNode leaf = testing::make_foreign_leaf(ca, ForeignKey::p256, wanted);
    return crypto->is_signed_by(parsed(leaf.certificate), parsed(ca.certificate));
  }
};

TEST(Certificate, TheBackendHasAName) {
  CHECK(!crypto->name().empty());
}

TEST(Certificate, FieldsOfTheServiceApiVector) {
  const ports::Certificate certificate =
      parsed(from_base64(vectors::kServiceApiCertificate).value());
  STRCMP_EQUAL("CN=dev-x509-1, O=Example, C=US", certificate.subject_text.c_str());
  STRCMP_EQUAL("CN=dev-x509-1, O=Example, C=US", certificate.issuer_text.c_str());
  STRCMP_EQUAL("dev-x509-1", certificate.common_name.c_str());
  STRCMP_EQUAL("0A0B0C0D0E", to_upper_hex(certificate.serial).c_str());
  STRCMP_EQUAL("3BBE1AE7958EEEBF5601673F81A09832DE51624E", to_upper_hex(certificate.sha1).c_str());
  STRCMP_EQUAL("21336CD456DE24DB439E1E1CB2FC7E41D655080D214072C1C3054A159F7C7C49",
               to_upper_hex(certificate.sha256).c_str());
  STRCMP_EQUAL("2026-01-01T00:00:00Z", to_iso8601_seconds(certificate.not_before).c_str());
  STRCMP_EQUAL("2046-01-01T00:00:00Z", to_iso8601_seconds(certificate.not_after).c_str());
  LONGS_EQUAL(3, certificate.version);
  CHECK(!certificate.is_ca);
  CHECK(!certificate.has_key_usage);
  CHECK(certificate.subject == certificate.issuer);
  CHECK(crypto->is_signed_by(certificate, certificate));
}

TEST(Certificate, FieldsOfTheDeviceApiVector) {
  const ports::Certificate certificate =
      parsed(from_base64(vectors::kDeviceApiCertificate).value());
  STRCMP_EQUAL("CN=dps-vector-01", certificate.subject_text.c_str());
  STRCMP_EQUAL("1234", to_hex(certificate.serial).c_str());
  STRCMP_EQUAL("C9A1253B7006C9DFE1E42B36BB68B60E58455778", to_upper_hex(certificate.sha1).c_str());
  STRCMP_EQUAL("D25DD0DD2DF9323BD36FE66F3532D7E0302ABD075E3FDE06DEE03B14075FDBA4",
               to_upper_hex(certificate.sha256).c_str());
  CHECK(certificate.is_ca);
  CHECK(!certificate.path_length.has_value());
  CHECK(!certificate.has_unknown_critical_extension);
  CHECK(crypto->is_signed_by(certificate, certificate));
}

TEST(Certificate, ExtensionsOfACa) {
  const PkiNode root = testing::make_root({.common_name = "Root", .path_length = 2});
  const ports::Certificate certificate = parsed(root.certificate);
  CHECK(certificate.is_ca);
  CHECK(certificate.path_length == 2U);
  CHECK(certificate.has_key_usage);
  CHECK(certificate.may_sign_certificates);
  CHECK(!certificate.may_sign);
}

TEST(Certificate, ExtensionsOfALeaf) {
  const PkiNode root = testing::make_root({.common_name = "Root"});
  const PkiNode leaf = testing::make_leaf(root, {.common_name = "leaf", .dns_names = {"a.b.c"}});
  const ports::Certificate certificate = parsed(leaf.certificate);
  CHECK(!certificate.is_ca);
  CHECK(certificate.has_key_usage);
  CHECK(!certificate.may_sign_certificates);
  CHECK(certificate.may_sign);
  CHECK(!certificate.has_unknown_critical_extension);
  CHECK(certificate.issuer == parsed(root.certificate).subject);
}

TEST(Certificate, AnUnknownCriticalExtensionIsFlagged) {
  const ForeignNode ca = testing::make_foreign_ca(ForeignKey::p256);
  const ForeignNode leaf =
      testing::make_foreign_leaf(ca, ForeignKey::p256, {.unknown_critical_extension = true});
  CHECK(parsed(leaf.certificate).has_unknown_critical_extension);
}

TEST(Certificate, EveryTruncationIsMalformed) {
  const Bytes der = from_base64(vectors::kDeviceApiCertificate).value();
  for (std::size_t size = 0; size < der.size(); ++size) {
    check_malformed(ByteView(der).first(size));
  }
}

TEST(Certificate, BytesAfterTheCertificateAreMalformed) {
  Bytes der = from_base64(vectors::kDeviceApiCertificate).value();
  der.push_back(0);
  check_malformed(der);
}

TEST(Certificate, EveryFlippedBitIsMalformedOrUnsigned) {
  const Bytes der = from_base64(vectors::kDeviceApiCertificate).value();
  const ports::Certificate issuer = parsed(der);
  for (std::size_t i = 0; i < der.size(); ++i) {
    for (unsigned int bit = 0; bit < 8; ++bit) {
      Bytes flipped = der;
      flipped[i] = static_cast<std::uint8_t>(flipped[i] ^ (1U << bit));
      const Result<ports::Certificate> certificate = crypto->parse_certificate(flipped);
      if (!certificate) {
        CHECK(certificate.error().code == Errc::malformed);
        continue;
      }
      CHECK(certificate->der == flipped);
      CHECK(certificate->sha256 != issuer.sha256);
      // One signature per byte: mbedTLS takes a millisecond for each.
      if (bit == i % 8) CHECK(!crypto->is_signed_by(*certificate, issuer));
    }
  }
}

TEST(Certificate, AChainIsSignedLinkByLink) {
  const PkiNode root = testing::make_root({.common_name = "Root"});
  const PkiNode middle = testing::make_intermediate(root, {.common_name = "Middle"});
  const PkiNode leaf = testing::make_leaf(middle, {.common_name = "leaf"});
  CHECK(crypto->is_signed_by(parsed(leaf.certificate), parsed(middle.certificate)));
  CHECK(crypto->is_signed_by(parsed(middle.certificate), parsed(root.certificate)));
  CHECK(crypto->is_signed_by(parsed(root.certificate), parsed(root.certificate)));
  CHECK(!crypto->is_signed_by(parsed(leaf.certificate), parsed(root.certificate)));
  CHECK(!crypto->is_signed_by(parsed(root.certificate), parsed(leaf.certificate)));
}

TEST(Certificate, ACaOfTheSameNameAndAnotherKeyDidNotSign) {
  const PkiNode root = testing::make_root({.common_name = "Root"});
  const PkiNode impostor = testing::make_root({.common_name = "Root"});
  const PkiNode leaf = testing::make_leaf(root, {.common_name = "leaf"});
  CHECK(!crypto->is_signed_by(parsed(leaf.certificate), parsed(impostor.certificate)));
}

TEST(Certificate, SignedByRsaWithPkcs1) {
  for (const ForeignHash hash : {ForeignHash::sha256, ForeignHash::sha384, ForeignHash::sha512}) {
    CHECK(foreign_leaf_verifies(ForeignKey::rsa2048, {.hash = hash}));
  }
}

TEST(Certificate, SignedByRsaWithPss) {
  for (const ForeignHash hash : {ForeignHash::sha256, ForeignHash::sha384, ForeignHash::sha512}) {
    CHECK(
        foreign_leaf_verifies(ForeignKey::rsa2048, {.hash = hash, .padding = ForeignPadding::pss}));
  }
}

TEST(Certificate, SignedByEveryCurve) {
  for (const ForeignKey key : {ForeignKey::p256, ForeignKey::p384, ForeignKey::p521}) {
    for (const ForeignHash hash : {ForeignHash::sha256, ForeignHash::sha384, ForeignHash::sha512}) {
      CHECK(foreign_leaf_verifies(key, {.hash = hash}));
    }
  }
}

TEST(Certificate, Sha1SignaturesNeverVerify) {
  CHECK(!foreign_leaf_verifies(ForeignKey::rsa2048, {.hash = ForeignHash::sha1}));
  CHECK(!foreign_leaf_verifies(ForeignKey::rsa2048,
                               {.hash = ForeignHash::sha1, .padding = ForeignPadding::pss}));
  CHECK(!foreign_leaf_verifies(ForeignKey::p256, {.hash = ForeignHash::sha1}));
}

TEST(Certificate, RsaKeysBelow2048BitsNeverVerify) {
  CHECK(!foreign_leaf_verifies(ForeignKey::rsa1024, {}));
}

TEST(Certificate, AnIssuerOfAnotherKindDidNotSign) {
  const ForeignNode rsa = testing::make_foreign_ca(ForeignKey::rsa2048);
  const ForeignNode curve = testing::make_foreign_ca(ForeignKey::p384);
  CHECK(!crypto->is_signed_by(parsed(rsa.certificate), parsed(curve.certificate)));
  CHECK(!crypto->is_signed_by(parsed(curve.certificate), parsed(rsa.certificate)));
}

TEST(Certificate, AlteredRsaSignaturesAreFound) {
  for (const ForeignPadding padding : {ForeignPadding::pkcs1, ForeignPadding::pss}) {
    const ForeignNode ca = testing::make_foreign_ca(ForeignKey::rsa2048);
    Bytes der = testing::make_foreign_leaf(ca, ForeignKey::p256, {.padding = padding}).certificate;
    der.back() ^= 1;
    CHECK(!crypto->is_signed_by(parsed(der), parsed(ca.certificate)));
  }
}

TEST(Certificate, OneBackendServesSeveralThreads) {
  const PkiNode root = testing::make_root({.common_name = "Root"});
  const PkiNode leaf = testing::make_leaf(root, {.common_name = "leaf"});
  const Bytes key(ports::kAesKeySize, 1);
  const Bytes nonce(ports::kGcmNonceSize, 2);
  std::vector<std::thread> threads;
  std::vector<int> good(4, 0);
  for (int& count : good) {
    threads.emplace_back([&] {
      for (int i = 0; i < 10; ++i) {
        const Result<ports::Certificate> child = crypto->parse_certificate(leaf.certificate);
        const Result<ports::Certificate> parent = crypto->parse_certificate(root.certificate);
        const Result<Bytes> signature = crypto->sign_p256(leaf.private_key, as_bytes("text"));
        const Bytes sealed = crypto->aes256_gcm_seal(key, nonce, {}, as_bytes("text"));
        if (child && parent && signature && crypto->is_signed_by(*child, *parent) &&
            crypto->verify_p256(child->public_key, as_bytes("text"), *signature) &&
            crypto->aes256_gcm_open(key, nonce, {}, sealed)) {
          ++count;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const int count : good) LONGS_EQUAL(10, count);
}

}  // namespace
}  // namespace berth
