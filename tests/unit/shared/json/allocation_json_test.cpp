#include "shared/json/allocation_json.hpp"

#include <memory>

#include <CppUTest/TestHarness.h>

#include "shared/crypto/mbedtls/mbedtls.hpp"
#include "shared/json/json_text.hpp"
#include "tests/support/fake_entropy.hpp"

using namespace berth;

TEST_GROUP(AllocationJson) {
  std::unique_ptr<ports::Crypto> crypto = crypto::make_mbedtls_crypto();
  testing::FakeEntropy entropy;
  json::EnrollmentJson enrollments{*crypto, entropy};
  std::vector<domain::LinkedHub> hubs;

  void setup() override {
    for (const char* name : {"a", "b"}) {
      domain::LinkedHub hub;
      hub.hub_id = domain::HubId(name);
      hub.host_name = std::string("hub-") + name + ".example.test";
      hubs.push_back(hub);
    }
  }
  // The vector of service API 12.6.
  domain::CustomAllocationRequest vector() {
    domain::EnrollmentGroup group;
    group.group_id = *domain::EnrollmentGroupId::parse("grp-1");
    group.attestation =
        domain::SymmetricKeyAttestation{SecretBytes(Bytes(64, 1)), SecretBytes(Bytes(64, 2))};
    group.provisioning.iot_edge = false;
    group.provisioning.reprovision_policy = domain::ReprovisionPolicy{true, true};
    group.provisioning.allocation_policy = domain::AllocationPolicy::custom;
    group.provisioning.iot_hubs = {"hub-a.example.test", "hub-b.example.test"};
    group.provisioning.custom_allocation =
        domain::CustomAllocation{"https://alloc.example.test/api/pick?code=s", "2021-10-01"};
    group.stamps.created = from_unix_seconds(1767225600);
    group.stamps.updated = group.stamps.created;
    auto request = domain::custom_allocation_request(group, hubs);
    CHECK_TRUE(request.has_value());
    request->enrollment_ref = {true, "grp-1", 9};
    request->enrollment_etag = "\"00000009-0000-0300-0000-000000000000\"";
    request->registration_id = *domain::RegistrationId::parse("dev-1");
    request->payload = R"({"model":"m1"})";
    return std::move(*request);
  }
  boost::json::object written(const domain::CustomAllocationRequest& request) {
    const auto text = json::write_allocation_request(enrollments, request);
    CHECK_TRUE(text.has_value());
    return *json::parse_object(*text, {domain::kMaxAllocationRequest, 32});
  }
  Errc refused(std::string_view text) {
    const auto answer = json::read_allocation_answer(text);
    CHECK_FALSE(answer.has_value());
    return answer.error().code;
  }
};

TEST(AllocationJson, WritesTheVectorOfTheDossier) {
  const auto expected = json::parse_object(
      R"({"enrollmentGroup":{"enrollmentGroupId":"grp-1","attestation":{"type":"symmetricKey"},)"
      R"("capabilities":{"iotEdge":false},)"
      R"("etag":"\"00000009-0000-0300-0000-000000000000\"","provisioningStatus":"enabled",)"
      R"("reprovisionPolicy":{"updateHubAssignment":true,"migrateDeviceData":true},)"
      R"("createdDateTimeUtc":"2026-01-01T00:00:00.0000000Z",)"
      R"("lastUpdatedDateTimeUtc":"2026-01-01T00:00:00.0000000Z",)"
      R"("allocationPolicy":"custom","iotHubs":["hub-a.example.test","hub-b.example.test"],)"
      R"("customAllocationDefinition":{"webhookUrl":"https://alloc.example.test/api/pick?****",)"
      R"("apiVersion":"2021-10-01"}},"deviceRuntimeContext":{"registrationId":"dev-1",)"
      R"("symmetricKey":{},"payload":{"model":"m1"}},)"
      R"("linkedHubs":["hub-a.example.test","hub-b.example.test"]})",
      {64 * 1024, 32});
  const auto body = written(vector());
  STRCMP_EQUAL(json::serialize(*expected).c_str(), json::serialize(body).c_str());
  CHECK_TRUE(*expected == body);
}

TEST(AllocationJson, TellsWhereADeviceIsThatIsProvisionedAgain) {
  auto request = vector();
  request.current_hub = "hub-a.example.test";
  request.current_device_id = domain::DeviceId("Dev-1");
  const auto body = written(request);
  const auto& context = body.at("deviceRuntimeContext").as_object();
  CHECK_TRUE(context.at("currentIotHubHostName").as_string() == "hub-a.example.test");
  CHECK_TRUE(context.at("currentDeviceId").as_string() == "Dev-1");
}

TEST(AllocationJson, ShowsATpmsKeys) {
  auto request = vector();
  request.attestation = domain::AttestationType::tpm;
  request.endorsement_key = {1, 2, 3};
  request.storage_root_key = {4, 5, 6};
  const auto body = written(request);
  const auto& tpm = body.at("deviceRuntimeContext").as_object().at("tpm").as_object();
  CHECK_TRUE(tpm.at("endorsementKey").as_string() == "AQID");
  CHECK_TRUE(tpm.at("storageRootKey").as_string() == "BAUG");
}

TEST(AllocationJson, ShowsTheCertificateAndItsIssuer) {
  auto request = vector();
  request.attestation = domain::AttestationType::x509;
  request.leaf.emplace().subject_text = "CN=dev-1";
  request.signing_certificate.emplace().subject_text = "CN=ca";
  const auto body = written(request);
  const auto& x509 = body.at("deviceRuntimeContext").as_object().at("x509").as_object();
  CHECK_TRUE(x509.at("enrollmentGroupId").as_string() == "grp-1");
  CHECK_TRUE(x509.at("certificateInfo").as_object().at("subjectName").as_string() == "CN=dev-1");
  CHECK_TRUE(x509.at("signingCertificateInfo").as_object().at("subjectName").as_string() ==
             "CN=ca");
}

TEST(AllocationJson, WritesAnIndividualEnrollmentAndNothingOverTheLimit) {
  domain::IndividualEnrollment individual;
  individual.registration_id = *domain::RegistrationId::parse("dev-1");
  individual.attestation = domain::SymmetricKeyAttestation{};
  auto request = vector();
  request.enrollment = individual;
  CHECK_TRUE(written(request).contains("individualEnrollment"));
  CHECK_FALSE(written(request).contains("enrollmentGroup"));
  request.payload = R"({"x":")" + std::string(domain::kMaxAllocationRequest, 'x') + R"("})";
  CHECK_TRUE(json::write_allocation_request(enrollments, request).error().code == Errc::too_large);
}

TEST(AllocationJson, ReadsTheAnswerInAnyLetterCase) {
  const auto answer = json::read_allocation_answer(
      R"({"iotHubHostname":"hub-b.example.test","initialTwin":{"tags":{"m":"m1"},)"
      R"("properties":{"desired":{"x":1}}},"Payload":{"hello":1},"more":0})");
  CHECK_TRUE(answer.has_value());
  STRCMP_EQUAL("hub-b.example.test", answer->host_name.c_str());
  STRCMP_EQUAL(R"({"m":"m1"})", answer->initial_twin->tags.c_str());
  STRCMP_EQUAL(R"({"x":1})", answer->initial_twin->desired.c_str());
  STRCMP_EQUAL(R"({"hello":1})", answer->payload.c_str());
}

TEST(AllocationJson, ReadsAnAnswerThatLacksEverything) {
  for (const char* text : {"{}", R"({"iotHubHostName":null,"initialTwin":null,"payload":null})",
                           R"({"iotHubHostName":""})"}) {
    const auto answer = json::read_allocation_answer(text);
    CHECK_TRUE(answer.has_value());
    CHECK_TRUE(answer->host_name.empty());
    CHECK_FALSE(answer->initial_twin.has_value());
    CHECK_TRUE(answer->payload.empty());
  }
}

TEST(AllocationJson, RefusesWhatIsNoAnswer) {
  for (const char* text :
       {"", "[]", "hub-a", R"({"iotHubHostName":7})", R"({"payload":[1]})", R"({"payload":"x"})",
        R"({"initialTwin":"x"})", R"({"initialTwin":{"properties":{"desired":[]}}})", "{"}) {
    CHECK_TEXT(refused(text) == Errc::allocation_failed, text);
  }
  const std::string filler(domain::kMaxAllocationAnswer - 11, ' ');
  CHECK_TRUE(json::read_allocation_answer(R"({"more":1})" + filler + " ").has_value());
  CHECK_TRUE(refused(R"({"more":1})" + filler + "  ") == Errc::allocation_failed);
}
