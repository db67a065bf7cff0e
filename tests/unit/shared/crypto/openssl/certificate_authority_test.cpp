#include "shared/crypto/openssl/certificate_authority.hpp"

#include <string>

#include <CppUTest/TestHarness.h>

#include "shared/crypto/asn1/certificate_reader.hpp"
#include "shared/crypto/asn1/host_name.hpp"

namespace berth {
namespace {

using crypto::asn1::certificate_names_host;
using crypto::asn1::read_certificate;

constexpr WallTime kBegin{std::chrono::seconds{1577836800}};  // 2020
constexpr WallTime kEnd{std::chrono::seconds{4102444800}};    // 2100, a GeneralizedTime

TEST_GROUP(CertificateAuthority) {
  std::unique_ptr<ports::CertificateAuthority> authority = crypto::make_certificate_authority();
  ports::KeyPair ca_key = *authority->generate_p256();
  ports::KeyPair key = *authority->generate_p256();

  ports::CertificateRequest ca_request() {
    ports::CertificateRequest request = leaf_request();
    request.common_name = "CA";
    request.public_key = ca_key.public_key;
    request.is_ca = true;
    return request;
  }
  ports::CertificateRequest leaf_request() {
    ports::CertificateRequest request;
    request.common_name = "leaf";
    request.public_key = key.public_key;
    request.not_before = kBegin;
    request.not_after = kEnd;
    return request;
  }
  Bytes ca() {
    return *authority->issue(ca_request(), std::nullopt, ca_key.private_key);
  }
  ports::Certificate issued(const ports::CertificateRequest& request) {
    const Result<Bytes> der = authority->issue(request, ca(), ca_key.private_key);
    CHECK_TEXT(der.has_value(), der ? "" : der.error().reason.c_str());
    return *read_certificate(*der);
  }
  void check_refused(const ports::CertificateRequest& request, Errc code) {
    const Result<Bytes> der = authority->issue(request, ca(), ca_key.private_key);
    CHECK(!der.has_value());
    CHECK(der.error().code == code);
    CHECK(!der.error().reason.empty());
  }
};

TEST(CertificateAuthority, APublicKeyIsFoundFromThePrivateOne) {
  CHECK(*authority->public_key_of(key.private_key) == key.public_key);
}

TEST(CertificateAuthority, NoPublicKeyIsFoundFromAnythingElse) {
  CHECK(authority->public_key_of(SecretBytes(Bytes{1, 2, 3})).error().code == Errc::malformed);
}

TEST(CertificateAuthority, FieldsAreAsAsked) {
  const ports::Certificate certificate = issued(leaf_request());
  STRCMP_EQUAL("CN=leaf", certificate.subject_text.c_str());
  STRCMP_EQUAL("CN=CA", certificate.issuer_text.c_str());
  CHECK(certificate.not_before == kBegin);
  CHECK(certificate.not_after == kEnd);
  CHECK(certificate.public_key == key.public_key);
  CHECK(!certificate.is_ca);
  CHECK(certificate.may_sign);
  LONGS_EQUAL(3, certificate.version);
}

TEST(CertificateAuthority, ACaSignsCertificatesOnly) {
  ports::CertificateRequest request = ca_request();
  request.path_length = 1;
  const ports::Certificate certificate =
      *read_certificate(*authority->issue(request, std::nullopt, ca_key.private_key));
  CHECK(certificate.is_ca);
  CHECK(certificate.path_length == 1U);
  CHECK(certificate.may_sign_certificates);
  CHECK(!certificate.may_sign);
  CHECK(certificate.subject == certificate.issuer);
}

TEST(CertificateAuthority, SerialNumbersArePositiveAndDiffer) {
  const ports::Certificate one = issued(leaf_request());
  const ports::Certificate other = issued(leaf_request());
  LONGS_EQUAL(16, one.serial.size());
  CHECK((one.serial[0] & 0x80) == 0);
  CHECK(one.serial != other.serial);
}

TEST(CertificateAuthority, NamesAndAddressesAreInTheCertificate) {
  ports::CertificateRequest request = leaf_request();
  request.dns_names = {"gateway.example.com", "*.site.example.com"};
  request.ip_addresses = {"192.0.2.7", "2001:db8::7"};
  const Bytes der = issued(request).der;
  for (const char* host :
       {"gateway.example.com", "a.site.example.com", "192.0.2.7", "2001:db8::7"}) {
    CHECK_TEXT(certificate_names_host(der, host), host);
  }
  CHECK(!certificate_names_host(der, "192.0.2.8"));
}

TEST(CertificateAuthority, ACommonNameHas1To64Characters) {
  ports::CertificateRequest request = leaf_request();
  request.common_name = std::string(64, 'a');
  STRCMP_EQUAL(request.common_name.c_str(), issued(request).common_name.c_str());
  request.common_name += 'a';
  check_refused(request, Errc::invalid);
  request.common_name.clear();
  check_refused(request, Errc::invalid);
}

TEST(CertificateAuthority, AlternativeNamesAreLimited) {
  ports::CertificateRequest request = leaf_request();
  request.dns_names.assign(100, "a.example.com");
  CHECK(!issued(request).der.empty());
  request.ip_addresses = {"127.0.0.1"};
  check_refused(request, Errc::too_large);
}

TEST(CertificateAuthority, WhatIsNoNameOrAddressIsRefused) {
  for (const char* name : {"", "a b", "a\nb", "\xC3\xA4.de"}) {
    ports::CertificateRequest request = leaf_request();
    request.dns_names = {name};
    check_refused(request, Errc::invalid);
  }
  for (const char* address : {"", "localhost", "1.2.3", "1.2.3.4.5", "::1::"}) {
    ports::CertificateRequest request = leaf_request();
    request.ip_addresses = {address};
    check_refused(request, Errc::invalid);
  }
}

TEST(CertificateAuthority, ACertificateEndsAfterItBegins) {
  ports::CertificateRequest request = leaf_request();
  request.not_after = request.not_before - std::chrono::seconds(1);
  check_refused(request, Errc::invalid);
}

TEST(CertificateAuthority, APathLengthIsForCas) {
  ports::CertificateRequest request = leaf_request();
  request.path_length = 0;
  check_refused(request, Errc::invalid);
}

TEST(CertificateAuthority, TheKeyMustBeTheIssuers) {
  CHECK(authority->issue(leaf_request(), ca(), key.private_key).error().code == Errc::invalid);
  CHECK(authority->issue(leaf_request(), std::nullopt, ca_key.private_key).error().code ==
        Errc::invalid);
}

TEST(CertificateAuthority, WhatDoesNotParseIsMalformed) {
  ports::CertificateRequest request = leaf_request();
  request.public_key.pop_back();
  check_refused(request, Errc::malformed);
  Bytes longer = ca();
  longer.push_back(0);
  CHECK(authority->issue(leaf_request(), longer, ca_key.private_key).error().code ==
        Errc::malformed);
}

TEST(CertificateAuthority, ACsrTellsNameAndKey) {
  const Result<Bytes> der = authority->make_csr("gw-1", key.private_key);
  CHECK(der.has_value());
  const Result<ports::CertificateAuthority::Csr> csr = authority->read_csr(*der);
  CHECK(csr.has_value());
  STRCMP_EQUAL("gw-1", csr->common_name.c_str());
  CHECK(csr->public_key == key.public_key);
}

TEST(CertificateAuthority, EveryTruncatedCsrIsMalformed) {
  const Bytes der = *authority->make_csr("gw-1", key.private_key);
  for (std::size_t size = 0; size < der.size(); ++size) {
    CHECK(authority->read_csr(ByteView(der).first(size)).error().code == Errc::malformed);
  }
}

TEST(CertificateAuthority, BytesAfterACsrAreMalformed) {
  Bytes der = *authority->make_csr("gw-1", key.private_key);
  der.push_back(0);
  CHECK(authority->read_csr(der).error().code == Errc::malformed);
}

TEST(CertificateAuthority, EveryAlteredByteOfACsrIsFound) {
  const Bytes der = *authority->make_csr("gw-1", key.private_key);
  for (std::size_t i = 0; i < der.size(); ++i) {
    Bytes altered = der;
    altered[i] ^= 1;
    CHECK(!authority->read_csr(altered).has_value());
  }
}

TEST(CertificateAuthority, ACsrNeedsACommonName) {
  CHECK(authority->make_csr("", key.private_key).error().code == Errc::invalid);
}

}  // namespace
}  // namespace berth
