// Real certificates are in tests/conformance/crypto; here each rule is broken by itself.
#include "shared/crypto/asn1/certificate_reader.hpp"

#include <string>

#include <CppUTest/TestHarness.h>

#include "shared/crypto/asn1/distinguished_name.hpp"
#include "tests/unit/shared/crypto/asn1/certificate_builder.hpp"

namespace berth::crypto::asn1 {
namespace {

using testing::CertificateBuilder;
using testing::der;
using testing::extension;
using testing::joined;
using namespace std::string_view_literals;

constexpr auto kBasicConstraints = "\x55\x1D\x13"sv;
constexpr auto kKeyUsage = "\x55\x1D\x0F"sv;
constexpr auto kExtendedKeyUsage = "\x55\x1D\x25"sv;
constexpr auto kSubjectAltName = "\x55\x1D\x11"sv;
constexpr auto kEkCertificate = "\x67\x81\x05\x08\x01"sv;
constexpr auto kTpmModel = "\x67\x81\x05\x02\x02"sv;
constexpr auto kNameConstraints = "\x55\x1D\x1E"sv;
constexpr auto kRsaEncryption = "\x2A\x86\x48\x86\xF7\x0D\x01\x01\x01"sv;
constexpr auto kRsaPss = "\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0A"sv;
constexpr auto kMgf1 = "\x2A\x86\x48\x86\xF7\x0D\x01\x01\x08"sv;
constexpr auto kSha256 = "\x60\x86\x48\x01\x65\x03\x04\x02\x01"sv;
constexpr auto kSha384 = "\x60\x86\x48\x01\x65\x03\x04\x02\x02"sv;

// A Name of one attribute.
Bytes name_of(std::string_view type, std::string_view value) {
  const Bytes attribute = der(
      tag::kSequence, joined({der(tag::kObjectIdentifier, type), der(tag::kUtf8String, value)}));
  return der(tag::kSequence, der(tag::kSet, attribute));
}

TEST_GROUP(CertificateReader) {
  CertificateBuilder builder;

  ports::Certificate read() {
    const Result<ports::Certificate> certificate = read_certificate(builder.build());
    CHECK_TEXT(certificate.has_value(), certificate ? "" : certificate.error().reason.c_str());
    return *certificate;
  }
  void check_malformed(const char* why) {
    const Result<ports::Certificate> certificate = read_certificate(builder.build());
    CHECK(!certificate.has_value());
    CHECK(certificate.error().code == Errc::malformed);
    STRCMP_CONTAINS(why, certificate.error().reason.c_str());
  }
  void set_times(std::uint8_t time_tag, std::string_view begin, std::string_view end) {
    builder.validity = der(tag::kSequence, joined({der(time_tag, begin), der(time_tag, end)}));
  }
  void set_basic_constraints(const Bytes& content) {
    builder.extensions = extension(kBasicConstraints, true, der(tag::kSequence, content));
  }
};

TEST(CertificateReader, ReadsTheSmallestCertificate) {
  const ports::Certificate certificate = read();
  LONGS_EQUAL(3, certificate.version);
  STRCMP_EQUAL("", certificate.subject_text.c_str());
  CHECK(!certificate.has_key_usage);
}

TEST(CertificateReader, AnAbsentVersionIsOne) {
  builder.version.clear();
  LONGS_EQUAL(1, read().version);
}

TEST(CertificateReader, AVersionAboveThreeIsMalformed) {
  builder.version = der(tag::constructed(0), der(tag::kInteger, Bytes{3}));
  check_malformed("version");
}

TEST(CertificateReader, ExtensionsNeedVersionThree) {
  builder.version.clear();
  set_basic_constraints({});
  check_malformed("extensions");
}

TEST(CertificateReader, ASerialLosesItsLeadingZero) {
  builder.serial = der(tag::kInteger, Bytes{0x00, 0x80});
  CHECK(read().serial == Bytes{0x80});
}

TEST(CertificateReader, ASerialIsLimited) {
  builder.serial = der(tag::kInteger, Bytes(kMaxSerial, 1));
  LONGS_EQUAL(kMaxSerial, read().serial.size());
  builder.serial = der(tag::kInteger, Bytes(kMaxSerial + 1, 1));
  check_malformed("serial");
  builder.serial = der(tag::kInteger, Bytes{});
  check_malformed("serial");
}

TEST(CertificateReader, TheTwoAlgorithmsMustBeOne) {
  builder.outer_algorithm = der(tag::kSequence, der(tag::kObjectIdentifier, "\x2B\x65\x70"sv));
  check_malformed("algorithms differ");
}

TEST(CertificateReader, ReadsUtcTimesOfTwoCenturies) {
  set_times(tag::kUtcTime, "500101000000Z", "491231235959Z");
  STRCMP_EQUAL("2049-12-31T23:59:59Z", to_iso8601_seconds(read().not_after).c_str());
  LONGLONGS_EQUAL(-631152000, unix_seconds(read().not_before));
}

TEST(CertificateReader, ReadsGeneralizedTimes) {
  set_times(tag::kGeneralizedTime, "20000229000000Z", "99991231235959Z");
  STRCMP_EQUAL("2000-02-29T00:00:00Z", to_iso8601_seconds(read().not_before).c_str());
  STRCMP_EQUAL("9999-12-31T23:59:59Z", to_iso8601_seconds(read().not_after).c_str());
}

TEST(CertificateReader, OddTimesAreMalformed) {
  for (const std::string_view time :
       {"2001010000Z"sv, "200101000000"sv, "200101000000+0000"sv, "201301000000Z"sv,
        "200132000000Z"sv, "210229000000Z"sv, "200101240000Z"sv, "200101006000Z"sv,
        "200101000060Z"sv, "2001010000 0Z"sv, "20010100000-1Z"sv, ""sv}) {
    set_times(tag::kUtcTime, time, "491231235959Z");
    check_malformed("validity");
  }
  set_times(tag::kGeneralizedTime, "20200101000000.5Z", "20210101000000Z");
  check_malformed("validity");
  set_times(tag::kOctetString, "200101000000Z", "491231235959Z");
  check_malformed("validity");
}

TEST(CertificateReader, ReadsBasicConstraints) {
  set_basic_constraints(joined({der(tag::kBoolean, Bytes{0xFF}), der(tag::kInteger, Bytes{5})}));
  CHECK(read().is_ca);
  CHECK(read().path_length == 5U);
  set_basic_constraints({});
  CHECK(!read().is_ca);
  CHECK(!read().path_length.has_value());
}

TEST(CertificateReader, OddBasicConstraintsAreMalformed) {
  set_basic_constraints(der(tag::kBoolean, Bytes{0x01}));
  check_malformed("basic constraints");
  set_basic_constraints(der(tag::kInteger, Bytes{0xFF}));
  check_malformed("basic constraints");
  set_basic_constraints(der(tag::kNull, Bytes{}));
  check_malformed("basic constraints");
}

TEST(CertificateReader, ReadsKeyUsage) {
  builder.extensions = extension(kKeyUsage, true, der(tag::kBitString, Bytes{7, 0x80}));
  CHECK(read().has_key_usage);
  CHECK(read().may_sign);
  CHECK(!read().may_sign_certificates);
  builder.extensions = extension(kKeyUsage, true, der(tag::kBitString, Bytes{2, 0x04}));
  CHECK(!read().may_sign);
  CHECK(!read().may_encipher_keys);
  CHECK(read().may_sign_certificates);
  builder.extensions = extension(kKeyUsage, true, der(tag::kBitString, Bytes{5, 0x20}));
  CHECK(!read().may_sign);
  CHECK(read().may_encipher_keys);
}

TEST(CertificateReader, ReadsWhatTheKeyIsFor) {
  const Bytes purpose = der(tag::kObjectIdentifier, kEkCertificate);
  builder.extensions =
      extension(kExtendedKeyUsage, true,
                der(tag::kSequence, joined({der(tag::kObjectIdentifier, "\x2B\x06"sv), purpose})));
  const ports::Certificate certificate = read();
  CHECK_FALSE(certificate.has_unknown_critical_extension);
  LONGS_EQUAL(2, certificate.extended_key_usages.size());
  CHECK(as_text(certificate.extended_key_usages.back()) == kEkCertificate);
}

TEST(CertificateReader, OddExtendedKeyUsageIsMalformed) {
  for (const Bytes& value :
       {Bytes{}, der(tag::kSequence, Bytes{}), der(tag::kSequence, der(tag::kInteger, Bytes{1}))}) {
    builder.extensions = extension(kExtendedKeyUsage, false, value);
    check_malformed("extended key usage");
  }
}

TEST(CertificateReader, PurposesAreLimited) {
  Bytes purposes;
  for (std::size_t i = 0; i < kMaxExtendedKeyUsages; ++i) {
    append(purposes, der(tag::kObjectIdentifier, "\x2B\x06"sv));
  }
  builder.extensions = extension(kExtendedKeyUsage, false, der(tag::kSequence, purposes));
  LONGS_EQUAL(kMaxExtendedKeyUsages, read().extended_key_usages.size());
  append(purposes, der(tag::kObjectIdentifier, "\x2B\x06"sv));
  builder.extensions = extension(kExtendedKeyUsage, false, der(tag::kSequence, purposes));
  check_malformed("extended key usage");
}

TEST(CertificateReader, ReadsTheAttributesOfAlternativeDirectoryNames) {
  const Bytes dns = der(0x82, "press.example"sv);
  builder.extensions = extension(
      kSubjectAltName, true,
      der(tag::kSequence, joined({dns, der(tag::constructed(4), name_of(kTpmModel, "SLB9670"))})));
  const ports::Certificate certificate = read();
  CHECK_FALSE(certificate.has_unknown_critical_extension);
  LONGS_EQUAL(1, certificate.alternative_name_attributes.size());
  const ports::NameAttribute& model = certificate.alternative_name_attributes.front();
  CHECK(as_text(model.type) == kTpmModel);
  STRCMP_EQUAL("SLB9670", model.value.c_str());
}

TEST(CertificateReader, OddAlternativeNamesAreMalformed) {
  for (const Bytes& value : {Bytes{}, der(tag::kSequence, Bytes{0x82}),
                             der(tag::kSequence, der(tag::constructed(4), "no name"sv))}) {
    builder.extensions = extension(kSubjectAltName, false, value);
    check_malformed("alternative names");
  }
}

TEST(CertificateReader, AlternativeAttributesAreLimitedOverAllNames) {
  Bytes names;
  for (std::size_t i = 0; i < kMaxNameAttributes; ++i) {
    append(names, der(tag::constructed(4), name_of(kTpmModel, "m")));
  }
  builder.extensions = extension(kSubjectAltName, false, der(tag::kSequence, names));
  LONGS_EQUAL(kMaxNameAttributes, read().alternative_name_attributes.size());
  append(names, der(tag::constructed(4), name_of(kTpmModel, "m")));
  builder.extensions = extension(kSubjectAltName, false, der(tag::kSequence, names));
  check_malformed("alternative names");
}

TEST(CertificateReader, OddKeyUsageIsMalformed) {
  for (const Bytes& bits : {Bytes{}, Bytes{8, 0x80}, Bytes{1}}) {
    builder.extensions = extension(kKeyUsage, true, der(tag::kBitString, bits));
    check_malformed("key usage");
  }
}

TEST(CertificateReader, AnExtensionTwiceIsMalformed) {
  builder.extensions =
      joined({extension(kNameConstraints, false, {}), extension(kNameConstraints, false, {})});
  check_malformed("twice");
}

TEST(CertificateReader, ExtensionsAreLimited) {
  for (std::size_t i = 0; i < kMaxExtensions; ++i) {
    const char oid[] = {0x2B, static_cast<char>(i + 1)};
    append(builder.extensions, extension(std::string_view(oid, 2), false, {}));
  }
  CHECK(!read().has_unknown_critical_extension);
  append(builder.extensions, extension(kExtendedKeyUsage, false, {}));
  check_malformed("too many");
}

TEST(CertificateReader, OnlyCriticalExtensionsThatNobodyLooksAtAreFlagged) {
  builder.extensions = extension(kKeyUsage, true, der(tag::kBitString, Bytes{7, 0x80}));
  CHECK(!read().has_unknown_critical_extension);
  builder.extensions = extension(kNameConstraints, false, {});
  CHECK(!read().has_unknown_critical_extension);
  builder.extensions = extension(kNameConstraints, true, {});
  CHECK(read().has_unknown_critical_extension);
}

TEST(CertificateReader, UniqueIdentifiersArePassedOver) {
  builder.after_public_key =
      joined({der(tag::primitive(1), Bytes{0}), der(tag::primitive(2), Bytes{0})});
  LONGS_EQUAL(3, read().version);
}

TEST(CertificateReader, AnUnknownFieldIsMalformed) {
  builder.after_public_key = der(tag::kNull, Bytes{});
  check_malformed("last field");
}

TEST(CertificateReader, ASignatureOfOddBitsIsMalformed) {
  builder.signature = der(tag::kBitString, Bytes{1, 2});
  check_malformed("outer structure");
}

TEST(CertificateReader, ItsSizeIsLimited) {
  const std::size_t rest = builder.build().size() + 64;
  builder.extensions = extension(kNameConstraints, false, Bytes(kMaxCertificate - rest));
  CHECK(builder.build().size() <= kMaxCertificate);
  LONGS_EQUAL(3, read().version);
  builder.extensions = extension(kNameConstraints, false, Bytes(kMaxCertificate));
  check_malformed("32 KiB");
}

TEST_GROUP(SignedParts) {
  CertificateBuilder builder;

  static Bytes algorithm(std::string_view oid, const Bytes& parameters) {
    return der(tag::kSequence, joined({der(tag::kObjectIdentifier, oid), parameters}));
  }
  static Bytes pss(std::string_view hash, std::string_view mask_hash, const Bytes& rest) {
    return algorithm(
        kRsaPss,
        der(tag::kSequence,
            joined({der(tag::constructed(0), algorithm(hash, {})),
                    der(tag::constructed(1), algorithm(kMgf1, algorithm(mask_hash, {}))), rest})));
  }
  std::optional<SignedParts> read(const Bytes& algorithm_der) {
    builder.inner_algorithm = algorithm_der;
    builder.outer_algorithm = algorithm_der;
    built = builder.build();
    return read_signed_parts(built);
  }
  Bytes built;
};

TEST(SignedParts, OfPss) {
  const Bytes salt = der(tag::constructed(2), der(tag::kInteger, Bytes{48}));
  const std::optional<SignedParts> parts = read(pss(kSha384, kSha384, salt));
  CHECK(parts.has_value());
  CHECK(parts->scheme == Scheme::rsa_pss);
  CHECK(parts->hash == Hash::sha384);
  LONGS_EQUAL(48, parts->salt_length);
}

TEST(SignedParts, PssSaltIs20UnlessSaid) {
  LONGS_EQUAL(20, read(pss(kSha256, kSha256, {}))->salt_length);
}

TEST(SignedParts, PssWithTwoHashesIsNotVerified) {
  CHECK(!read(pss(kSha256, kSha384, {})));
}

TEST(SignedParts, PssWithSha1IsNotVerified) {
  CHECK(!read(algorithm(kRsaPss, der(tag::kSequence, Bytes{}))));
  CHECK(!read(algorithm(kRsaPss, {})));
}

TEST(SignedParts, PssWithAnotherTrailerIsNotVerified) {
  CHECK(read(pss(kSha256, kSha256, der(tag::constructed(3), der(tag::kInteger, Bytes{1}))))
            .has_value());
  CHECK(!read(pss(kSha256, kSha256, der(tag::constructed(3), der(tag::kInteger, Bytes{2})))));
}

TEST(SignedParts, OfSha1AreNotGiven) {
  CHECK(!read(algorithm("\x2A\x86\x48\x86\xF7\x0D\x01\x01\x05"sv, der(tag::kNull, Bytes{}))));
  CHECK(!read(algorithm("\x2A\x86\x48\xCE\x3D\x04\x01"sv, {})));
}

TEST(SignedParts, OfAlgorithmsWithOddParametersAreNotGiven) {
  CHECK(read(CertificateBuilder::ecdsa_with_sha256()).has_value());
  CHECK(!read(algorithm("\x2A\x86\x48\xCE\x3D\x04\x03\x02"sv, der(tag::kInteger, Bytes{1}))));
}

TEST_GROUP(PublicKey){
    static Bytes rsa_key(std::size_t modulus_size){Bytes modulus(modulus_size + 1, 0xFF);
modulus[0] = 0;
return rsa_spki(
    der(tag::kSequence, joined({der(tag::kInteger, modulus), der(tag::kInteger, Bytes{1, 0, 1})})));
}  // namespace
static Bytes rsa_spki(const Bytes& key) {
  const Bytes algorithm =
      der(tag::kSequence,
          joined({der(tag::kObjectIdentifier, kRsaEncryption), der(tag::kNull, Bytes{})}));
  return der(tag::kSequence, joined({algorithm, der(tag::kBitString, joined({Bytes{0}, key}))}));
}
static Bytes curve_key(const Bytes& point) {
  const Bytes algorithm = der(
      tag::kSequence, joined({der(tag::kObjectIdentifier, "\x2A\x86\x48\xCE\x3D\x02\x01"sv),
                              der(tag::kObjectIdentifier, "\x2A\x86\x48\xCE\x3D\x03\x01\x07"sv)}));
  return der(tag::kSequence, joined({algorithm, der(tag::kBitString, joined({Bytes{0}, point}))}));
}
};  // namespace berth::crypto::asn1

TEST(PublicKey, RsaHas2048To4096Bits) {
  CHECK(!read_public_key(rsa_key(kMinRsaBits / 8 - 1)));
  CHECK(read_public_key(rsa_key(kMinRsaBits / 8))->kind == KeyKind::rsa);
  CHECK(read_public_key(rsa_key(kMaxRsaBits / 8)).has_value());
  CHECK(!read_public_key(rsa_key(kMaxRsaBits / 8 + 1)));
}

TEST(PublicKey, RsaOfOddShapeIsNotTaken) {
  CHECK(!read_public_key(rsa_spki({})));
  CHECK(!read_public_key(rsa_spki(der(tag::kSequence, Bytes{}))));
  CHECK(!read_public_key(rsa_spki(der(tag::kSequence, der(tag::kInteger, Bytes(257, 1))))));
}

TEST(PublicKey, APointIsUncompressed) {
  Bytes point(65, 1);
  point[0] = 4;
  CHECK(read_public_key(curve_key(point))->kind == KeyKind::p256);
  point[0] = 3;
  CHECK(!read_public_key(curve_key(point)));
  CHECK(!read_public_key(curve_key(Bytes(33, 2))));
}

TEST(PublicKey, WhatIsNoneIsNotTaken) {
  CHECK(!read_public_key({}));
  CHECK(!read_public_key(CertificateBuilder{}.public_key));  // Ed25519
}

}  // namespace
}  // namespace berth::crypto::asn1
