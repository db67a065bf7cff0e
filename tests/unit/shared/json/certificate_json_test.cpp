#include "shared/json/certificate_json.hpp"

#include <string>

#include <CppUTest/TestHarness.h>

#include "shared/base/encoding.hpp"
#include "shared/json/json_text.hpp"

using namespace berth;

TEST_GROUP(CertificateJson){};

TEST(CertificateJson, WritesTheEightMembersInTheServiceSFormats) {
  ports::Certificate certificate;
  certificate.subject_text = "CN=dev-x509-1, O=Example, C=US";
  certificate.issuer_text = "CN=ca";
  certificate.serial = *from_hex("0A0B0C0D0E");
  certificate.version = 3;
  certificate.not_before = from_unix_seconds(1767225600);
  certificate.not_after = from_unix_seconds(2398377600);
  certificate.sha1.fill(0xAB);
  certificate.sha256.fill(0xCD);
  std::string sha1;
  std::string sha256;
  for (int i = 0; i < 20; ++i) sha1 += "AB";
  for (int i = 0; i < 32; ++i) sha256 += "CD";
  STRCMP_EQUAL((R"({"subjectName":"CN=dev-x509-1, O=Example, C=US","sha1Thumbprint":")" + sha1 +
                R"(","sha256Thumbprint":")" + sha256 +
                R"(","issuerName":"CN=ca","notBeforeUtc":"2026-01-01T00:00:00Z",)"
                R"("notAfterUtc":"2046-01-01T00:00:00Z","serialNumber":"0A0B0C0D0E","version":3})")
                   .c_str(),
               json::serialize(json::certificate_info(certificate)).c_str());
}
