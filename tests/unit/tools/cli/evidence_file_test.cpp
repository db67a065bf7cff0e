#include "tools/cli/evidence_file.hpp"

#include <fstream>

#include <CppUTest/TestHarness.h>

#include "shared/base/encoding.hpp"
#include "shared/base/secret_bytes.hpp"
#include "shared/crypto/wolfssl/wolfssl.hpp"
#include "shared/domain/attestation/symmetric_key.hpp"
#include "shared/json/json_text.hpp"
#include "shared/protocol/sas_token.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/unit/shared/json/x509_vector.hpp"

using namespace berth;
using namespace berth::cli;

TEST_GROUP(EvidenceFile) {
  berth::testing::TemporaryFolder folder;
  int scopes_asked = 0;
  EvidenceSubject subject{"dev-1",
                          [this]() -> Result<std::string> {
                            ++scopes_asked;
                            return std::string("0ne0000000A");
                          },
                          1767225600};

  Result<boost::json::object> read(const std::string& content) {
    const std::string path = folder.file("evidence");
    std::ofstream(path, std::ios::binary) << content;
    return read_evidence_file(path, subject);
  }
  std::string text(const std::string& content) {
    const auto evidence = read(content);
    return evidence ? berth::json::serialize(*evidence) : evidence.error().reason;
  }
};

TEST(EvidenceFile, TakesATokenAsItIs) {
  STRCMP_EQUAL(R"({"sasToken":"SharedAccessSignature sr=a&sig=b&se=1"})",
               text("SharedAccessSignature sr=a&sig=b&se=1\n").c_str());
}

TEST(EvidenceFile, SignsATokenSoThatTheKeyStaysHere) {
  const Bytes key(32, 'k');
  const auto evidence = read(R"({"symmetricKey":")" + to_base64(key) + "\"}");
  const auto token = berth::json::find_string(*evidence, "sasToken");
  const auto parsed = protocol::parse_sas_token(**token);
  const auto crypto = crypto::make_wolfssl_crypto();
  CHECK_TRUE(domain::check_device_token(*parsed, domain::IdScope("0ne0000000A"),
                                        *domain::RegistrationId::parse("dev-1"),
                                        from_unix_seconds(subject.now))
                 .has_value());
  CHECK_TRUE(domain::signature_fits(*parsed, SecretBytes(Bytes(key)), *crypto));
  CHECK_TRUE(berth::json::serialize(*evidence).find(to_base64(key)) == std::string::npos);
  CHECK_EQUAL(1, scopes_asked);
}

TEST(EvidenceFile, GoesByTheScopeThatTheFileNames) {
  CHECK_TRUE(text(R"({"idScope":"0neFFFFFFFF","symmetricKey":"AQID"})").find("0neFFFFFFFF") !=
             std::string::npos);
  CHECK_EQUAL(0, scopes_asked);
}

TEST(EvidenceFile, RefusesTheKeyOfAnotherDeviceAndDoesNotRepeatIt) {
  const std::string refused = text(R"({"registrationId":"dev-2","symmetricKey":"c2VjcmV0"})");
  CHECK_TRUE(refused.find("dev-2") != std::string::npos);
  CHECK_TRUE(refused.find("c2VjcmV0") == std::string::npos);
  CHECK_TRUE(text(R"({"symmetricKey":"not base64!"})").find("not base64!") == std::string::npos);
}

TEST(EvidenceFile, SendsCertificatesAndNoPrivateKey) {
  const std::string sent =
      text(std::string(berth::testing::kVectorPem) +
           "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n");
  CHECK_TRUE(sent.find(R"({"certificateChain":["MII)") == 0);
  CHECK_TRUE(sent.find("c2VjcmV0") == std::string::npos);
}

TEST(EvidenceFile, TakesATpmsKeysWithOrWithoutAFrame) {
  const char* framed = R"({"tpm":{"endorsementKey":"AAEL"}})";
  STRCMP_EQUAL(framed, text(R"({"endorsementKey":"AAEL"})").c_str());
  STRCMP_EQUAL(framed, text(framed).c_str());
}

TEST(EvidenceFile, SaysWhatAFileMayHold) {
  CHECK_TRUE(text("nonsense").find("symmetricKey") != std::string::npos);
  CHECK_TRUE(read_evidence_file("/nonexistent/file", subject).error().code == Errc::io);
}

TEST(EvidenceFile, IsReadUpToItsLimit) {
  const std::string token = "SharedAccessSignature ";
  CHECK_TRUE(read(token + std::string(kMaxEvidenceFile - token.size(), 'a')).has_value());
  CHECK_TRUE(read(token + std::string(kMaxEvidenceFile - token.size() + 1, 'a')).error().code ==
             Errc::too_large);
}
