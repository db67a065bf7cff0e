#include "shared/json/device_json.hpp"

#include <string>

#include <CppUTest/TestHarness.h>

#include "shared/base/encoding.hpp"

using namespace berth;

namespace {

// 2026-01-01T00:00:00Z.
const WallTime kNow = from_unix_seconds(1767225600);

domain::RegistrationId id(std::string_view text) {
  return *domain::RegistrationId::parse(text);
}

protocol::RegistrationResult assigned_result() {
  protocol::RegistrationResult result;
  result.registration.registration_id = id("Dev-1");
  result.registration.status = domain::RegistrationStatus::assigned;
  result.registration.substatus = domain::RegistrationSubstatus::initial_assignment;
  result.registration.assigned_hub = "hub-a.example.test";
  result.registration.device_id = domain::DeviceId("dev-1");
  result.registration.created = kNow;
  result.registration.updated = kNow + std::chrono::microseconds(3447817 / 10);
  result.etag = "61008d46-0000-0100-0000-5e8fe3d10000";
  return result;
}

ports::Certificate certificate() {
  ports::Certificate leaf;
  leaf.subject_text = "CN=dev-1";
  leaf.issuer_text = "CN=ca";
  leaf.serial = *from_hex("0A0B");
  leaf.not_before = kNow;
  leaf.not_after = kNow + std::chrono::hours(24);
  return leaf;
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_GROUP(DpsBodyCodec) {
  json::DpsBodyCodec codec;
};

TEST(DpsBodyCodec, TakesABlankTextForAnEmptyBody) {
  for (const std::string_view text : {"", " ", "\r\n"}) {
    const auto body = codec.read_register(text);
    CHECK(body.has_value());
    CHECK_FALSE(body->registration_id.has_value());
    CHECK(body->payload.empty());
  }
}

TEST(DpsBodyCodec, ReadsRegistrationIdAndPayload) {
  const auto body =
      codec.read_register(R"({"registrationId":"dev-1","payload":{"model":"m1"},"other":[1]})");
  STRCMP_EQUAL("dev-1", body->registration_id->c_str());
  STRCMP_EQUAL(R"({"model":"m1"})", body->payload.c_str());
  CHECK_FALSE(body->has_csr);
}

TEST(DpsBodyCodec, TakesANullPayloadForAbsent) {
  const auto body = codec.read_register(R"({"registrationId":"dev-1","payload":null})");
  CHECK(body.has_value());
  CHECK(body->payload.empty());
}

TEST(DpsBodyCodec, RefusesAPayloadThatIsNoObject) {
  CHECK(codec.read_register(R"({"payload":[1]})").error().code == Errc::malformed);
  CHECK(codec.read_register(R"({"payload":"x"})").error().code == Errc::malformed);
}

TEST(DpsBodyCodec, RefusesABodyThatIsNoObject) {
  for (const std::string_view text : {"[]", "1", "{\"a\"", "\"dev-1\""}) {
    CHECK(codec.read_register(text).error().code == Errc::malformed);
  }
}

TEST(DpsBodyCodec, AcceptsTheLargestBodyAndRefusesOneByteMore) {
  std::string text = R"({"registrationId":"dev-1"})";
  text.resize(protocol::kMaxDeviceBody, ' ');
  CHECK(codec.read_register(text).has_value());
  CHECK(codec.read_register(text + ' ').error().code == Errc::too_large);
  CHECK(codec.read_register(std::string(protocol::kMaxDeviceBody + 1, ' ')).error().code ==
        Errc::too_large);
}

TEST(DpsBodyCodec, AcceptsTheDeepestNestingAndRefusesOneLevelMore) {
  const auto nested = [](std::size_t levels) {
    std::string text = "1";
    for (std::size_t i = 0; i < levels; ++i) text = R"({"payload":)" + text + "}";
    return text;
  };
  CHECK(codec.read_register(nested(protocol::kMaxJsonDepth)).has_value());
  CHECK(codec.read_register(nested(protocol::kMaxJsonDepth + 1)).error().code == Errc::too_large);
}

TEST(DpsBodyCodec, ReadsTpmKeys) {
  const auto body =
      codec.read_register(R"({"tpm":{"endorsementKey":"AQID","storageRootKey":"BAU="}})");
  CHECK(body->tpm->endorsement_key == (Bytes{1, 2, 3}));
  CHECK(body->tpm->storage_root_key == (Bytes{4, 5}));
}

TEST(DpsBodyCodec, ReadsTheCertificatesOfATpm) {
  const auto body = codec.read_register(
      R"({"tpm":{"endorsementKey":"AQID","endorsementKeyCertificates":["BAU=","Bg=="]}})");
  CHECK(body->tpm->certificates == (std::vector<Bytes>{{4, 5}, {6}}));
  for (const char* list : {"\"BAU=\"", "[1]", "[\"!\"]"}) {
    const std::string text = R"({"tpm":{"endorsementKey":"AQID","endorsementKeyCertificates":)" +
                             std::string(list) + "}}";
    CHECK_TEXT(codec.read_register(text).error().code == Errc::malformed, list);
  }
}

TEST(DpsBodyCodec, RefusesTpmWithoutAnEndorsementKey) {
  CHECK(codec.read_register(R"({"tpm":{}})").error().code == Errc::malformed);
  CHECK(codec.read_register(R"({"tpm":{"endorsementKey":"!"}})").error().code == Errc::malformed);
}

TEST(DpsBodyCodec, SeesACsrOfEitherGeneration) {
  CHECK(codec.read_register(R"({"csr":"MIIB"})")->has_csr);
  CHECK(codec.read_register(R"({"clientCertificateCsr":"MIIB"})")->has_csr);
  CHECK_FALSE(codec.read_register(R"({"csr":null})")->has_csr);
}

TEST(DpsBodyCodec, LeavesTheRegistrationStateOutWhereThereIsNone) {
  protocol::OperationStatus status;
  status.operation_id = "5.ab.cd";
  STRCMP_EQUAL(R"({"operationId":"5.ab.cd","status":"assigning"})", codec.write(status).c_str());
}

TEST(DpsBodyCodec, WritesAnAssignedSymmetricIndividual) {
  STRCMP_EQUAL(
      R"({"registrationId":"Dev-1","createdDateTimeUtc":"2026-01-01T00:00:00.0000000Z",)"
      R"("assignedHub":"hub-a.example.test","deviceId":"dev-1","status":"assigned",)"
      R"("substatus":"initialAssignment","lastUpdatedDateTimeUtc":"2026-01-01T00:00:00.3447810Z",)"
      R"("etag":"IjYxMDA4ZDQ2LTAwMDAtMDEwMC0wMDAwLTVlOGZlM2QxMDAwMCI="})",
      codec.write(assigned_result()).c_str());
}

TEST(DpsBodyCodec, WritesTheStateInsideTheOperation) {
  protocol::OperationStatus status;
  status.operation_id = "5.ab.cd";
  status.status = domain::RegistrationStatus::assigned;
  status.result = assigned_result();
  const std::string text = codec.write(status);
  CHECK(text.starts_with(
      R"({"operationId":"5.ab.cd","status":"assigned","registrationState":{"registrationId":)"));
}

TEST(DpsBodyCodec, LeavesHubAndDeviceOutUnlessAssigned) {
  protocol::RegistrationResult result = assigned_result();
  result.registration.status = domain::RegistrationStatus::failed;
  result.error_code = 401002;
  result.error_message = "Unauthorized";
  const std::string text = codec.write(result);
  CHECK_FALSE(contains(text, "assignedHub"));
  CHECK_FALSE(contains(text, "deviceId"));
  CHECK(contains(text, R"("errorCode":401002,"errorMessage":"Unauthorized")"));
}

TEST(DpsBodyCodec, NamesTheGroupOfASymmetricKeyDevice) {
  protocol::RegistrationResult result = assigned_result();
  result.registration.enrollment = {.is_group = true, .id = "grp-1"};
  CHECK(contains(codec.write(result), R"("symmetricKey":{"enrollmentGroupId":"grp-1"})"));
}

TEST(DpsBodyCodec, WritesAnEmptyX509ObjectWhereNoCertificateIsKnown) {
  protocol::RegistrationResult result = assigned_result();
  result.registration.attestation = domain::AttestationType::x509;
  CHECK(contains(codec.write(result), R"("x509":{})"));
}

TEST(DpsBodyCodec, WritesCertificateInfoComplete) {
  protocol::RegistrationResult result = assigned_result();
  result.registration.attestation = domain::AttestationType::x509;
  result.certificate = certificate();
  const std::string text = codec.write(result);
  CHECK(contains(text, R"("subjectName":"CN=dev-1")"));
  CHECK(contains(text, R"("issuerName":"CN=ca")"));
  CHECK(contains(text, R"("sha1Thumbprint":"0000000000000000000000000000000000000000")"));
  CHECK(contains(text, R"("sha256Thumbprint":")"));
  CHECK(contains(text, R"("notBeforeUtc":"2026-01-01T00:00:00Z")"));
  CHECK(contains(text, R"("notAfterUtc":"2026-01-02T00:00:00Z")"));
  CHECK(contains(text, R"("serialNumber":"0A0B")"));
  CHECK(contains(text, R"("version":3)"));
}

TEST(DpsBodyCodec, WritesTheAuthenticationKeyOfATpmDevice) {
  protocol::RegistrationResult result = assigned_result();
  result.registration.attestation = domain::AttestationType::tpm;
  result.tpm_authentication_key = {1, 2, 3};
  CHECK(contains(codec.write(result), R"("tpm":{"authenticationKey":"AQID"})"));
}

TEST(DpsBodyCodec, WritesATpmsChallengeWithoutAStatus) {
  STRCMP_EQUAL(
      R"({"message":"Authorization required","keyName":"registration","authenticationKey":"AQID"})",
      codec.write(protocol::TpmChallengeBody{{1, 2, 3}}).c_str());
}

TEST(DpsBodyCodec, GivesThePayloadBackAsAnObject) {
  protocol::RegistrationResult result = assigned_result();
  result.registration.payload = "{\"greeting\":\"gr\xC3\xBC\xC3\x9F\"}";
  CHECK(contains(codec.write(result), R"("payload":{"greeting":"gr\u00fc\u00df"})"));
}

TEST(DpsBodyCodec, NeverWritesNull) {
  protocol::RegistrationResult result = assigned_result();
  result.registration.status = domain::RegistrationStatus::assigning;
  result.registration.substatus = domain::RegistrationSubstatus::none;
  CHECK_FALSE(contains(codec.write(result), "null"));
}

TEST(DpsBodyCodec, WritesErrorsAsTheServiceDoes) {
  protocol::ErrorDocument error;
  error.error_code = 404201;
  error.tracking_id = "6f1c0a7e-2f0b-4d9e-9d4c-0a1b2c3d4e5f";
  error.message = "Not found";
  error.timestamp = kNow;
  STRCMP_EQUAL(R"({"errorCode":404201,"trackingId":"6f1c0a7e-2f0b-4d9e-9d4c-0a1b2c3d4e5f",)"
               R"("message":"Not found","timestampUtc":"2026-01-01T00:00:00.0000000Z"})",
               codec.write(error).c_str());
}
