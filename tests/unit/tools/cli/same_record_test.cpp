#include "tools/cli/same_record.hpp"

#include <string>

#include <CppUTest/TestHarness.h>

#include "shared/crypto/wolfssl/wolfssl.hpp"
#include "shared/json/json_text.hpp"

using namespace berth;
using namespace berth::cli;

namespace {

boost::json::object object_of(const std::string& text) {
  return *json::parse_object(text, {64 * 1024, 32});
}

const std::string kStored =
    R"({"registrationId":"Dev-1","attestation":{"type":"symmetricKey"},"deviceId":"x",)"
    R"("provisioningStatus":"enabled","initialTwin":{"tags":{"n":1}},"etag":"\"1\""})";

// SHA-256 of the bytes 1, 2, 3, which "AQID" is.
const std::string kThumbprint = "039058C6F2C0CB492C533B0A4D14EF77CC0F78ABCCCED5287D84A1A2011CFB81";

std::string with_certificate(const std::string& slot) {
  return R"({"attestation":{"type":"x509","x509":{"clientCertificates":{"primary":)" + slot +
         "}}}}";
}

}  // namespace

TEST_GROUP(SameRecord) {
  std::unique_ptr<ports::Crypto> crypto = crypto::make_wolfssl_crypto();

  bool is_same(const std::string& row, const std::string& stored) {
    return says_the_same(object_of(row), object_of(stored), *crypto);
  }
};

TEST(SameRecord, IsWhatTheRowAsksForWhateverElseItHolds) {
  CHECK(is_same(R"({"registrationId":"DEV-1","attestation":{"type":"symmetricKey"},)"
                R"("deviceId":"x","initialTwin":{"tags":{"n":1}},"etag":"\"other\""})",
                kStored));
  CHECK(is_same(R"({"registrationId":"dev-1","attestation":{"type":"SYMMETRICKEY"}})", kStored));
}

TEST(SameRecord, IsAnotherIfOneMemberDiffers) {
  for (const char* row : {
           R"({"registrationId":"dev-2","attestation":{"type":"symmetricKey"}})",
           R"({"registrationId":"dev-1","attestation":{"type":"tpm"}})",
           R"({"registrationId":"dev-1","attestation":{"type":"symmetricKey"},"deviceId":"X"})",
           R"({"registrationId":"dev-1","attestation":{"type":"symmetricKey"},"sites":["a"]})",
           R"({"attestation":{"type":"symmetricKey"},"initialTwin":{"tags":{"n":2}}})",
       }) {
    CHECK_FALSE_TEXT(is_same(row, kStored), row);
  }
}

TEST(SameRecord, ComparesCertificatesByTheirThumbprint) {
  const std::string stored =
      with_certificate(R"({"info":{"sha256Thumbprint":")" + kThumbprint + "\"}}");
  CHECK(is_same(with_certificate(R"({"certificate":"AQID"})"), stored));
  CHECK_FALSE(is_same(with_certificate(R"({"certificate":"AQIE"})"), stored));
}

TEST(SameRecord, ComparesEndorsementKeysAndCaNames) {
  const std::string tpm = R"({"attestation":{"type":"tpm","tpm":{"endorsementKey":"a"}}})";
  CHECK(is_same(tpm, tpm));
  CHECK_FALSE(is_same(tpm, R"({"attestation":{"type":"tpm","tpm":{"endorsementKey":"b"}}})"));
  CHECK_FALSE(is_same(tpm, R"({"attestation":{"type":"tpm"}})"));
  const std::string ca =
      R"({"attestation":{"type":"x509","x509":{"caReferences":{"primary":"r"}}}})";
  CHECK(is_same(ca, ca));
  CHECK_FALSE(is_same(ca, with_certificate(R"({"info":{}})")));
}

TEST(SameRecord, KnowsGroupsOfTpmsThoughAnswersShowThemAsSymmetricKey) {
  const auto group = [](const std::string& type, const std::string& members) {
    return R"({"enrollmentGroupId":"chips","attestation":{"type":")" + type + R"(","tpmGroup":{)" +
           members + "}}}";
  };
  const std::string shown = R"({"info":{"sha256Thumbprint":")" + kThumbprint + R"("}})";
  const std::string stored = group("symmetricKey", R"("certificates":[)" + shown + "]");
  const std::string none = group("symmetricKey", R"("certificates":[])");
  const std::string own = group("tpm", R"("certificates":[{"certificate":"AQID"}])");
  CHECK(is_same(own, stored));
  CHECK(is_same(group("tpm", R"("certificates":[)" + shown + "]"), stored));
  CHECK(is_same(stored, stored));
  CHECK(is_same(group("tpm", ""), none));
  CHECK_FALSE(is_same(own, none));
  CHECK_FALSE(is_same(group("tpm", ""), stored));
  CHECK_FALSE(is_same(group("tpm", R"("certificates":[{"certificate":"AQIE"}])"), stored));
  CHECK_FALSE(is_same(group("tpm", R"("certificates":[{"certificate":"AQID"},{}])"), stored));
  CHECK_FALSE(is_same(own, R"({"enrollmentGroupId":"chips","attestation":)"
                           R"({"type":"symmetricKey"}})"));
  CHECK_FALSE(is_same(R"({"attestation":{"type":"symmetricKey"}})", stored));
}

TEST(SameRecord, ComparesTheKeysThatTheRowHas) {
  const auto row = [](const std::string& keys) {
    return object_of(R"({"attestation":{"type":"symmetricKey","symmetricKey":)" + keys + "}}");
  };
  const auto mechanism = object_of(
      R"({"type":"symmetricKey","symmetricKey":{"primaryKey":"AQID","secondaryKey":"BAUG"}})");
  CHECK_FALSE(has_own_keys(row(R"({"primaryKey":""})")));
  CHECK(has_own_keys(row(R"({"secondaryKey":"BAUG"})")));
  CHECK(has_same_keys(row(R"({"primaryKey":"AQID"})"), mechanism));
  CHECK_FALSE(has_same_keys(row(R"({"primaryKey":"AQIE"})"), mechanism));
  CHECK_FALSE(has_same_keys(row(R"({"secondaryKey":"AQID"})"), mechanism));
}
