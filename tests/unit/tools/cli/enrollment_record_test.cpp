#include "tools/cli/enrollment_record.hpp"

#include <fstream>
#include <string>

#include <CppUTest/TestHarness.h>
#include <boost/json/parse.hpp>

#include "shared/json/json_text.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace berth;
using namespace berth::cli;

TEST_GROUP(EnrollmentRecord) {
  EnrollmentOptions options;
  boost::json::object record;

  void setup() override {
    options.id = "dev-1";
  }

  void check(const char* expected, EnrollmentKind kind = EnrollmentKind::individual) {
    const auto applied = apply_options(options, kind, record);
    CHECK_TRUE_TEXT(applied.has_value(), applied ? "" : applied.error().reason.c_str());
    STRCMP_EQUAL(expected, json::serialize(record).c_str());
  }
  void check_refused(EnrollmentKind kind = EnrollmentKind::individual) {
    CHECK(apply_options(options, kind, record).error().code == Errc::invalid);
  }
  void start_from(const char* text) {
    record = *boost::json::parse(text).if_object();
  }
};

TEST(EnrollmentRecord, LetsTheServiceMakeSymmetricKeys) {
  options.attestation_type = "symmetricKey";
  check(R"({"registrationId":"dev-1","attestation":{"type":"symmetricKey"}})");
}

TEST(EnrollmentRecord, TakesTheTypeFromWhatIsGiven) {
  options.primary_key = "AQID";
  check(R"({"registrationId":"dev-1","attestation":{"type":"symmetricKey",)"
        R"("symmetricKey":{"primaryKey":"AQID"}}})");
}

TEST(EnrollmentRecord, AsksHowADeviceAttests) {
  check_refused();
}

TEST(EnrollmentRecord, TakesASymmetricKeyForAGroupThatSaysNothing) {
  check(R"({"enrollmentGroupId":"dev-1","attestation":{"type":"symmetricKey"}})",
        EnrollmentKind::group);
}

TEST(EnrollmentRecord, PutsCertificatesWhereTheKindHasThem) {
  const berth::testing::TemporaryFolder folder;
  options.certificate_path = (folder.path() / "a.pem").string();
  std::ofstream(options.certificate_path) << "PEM";
  check(R"({"enrollmentGroupId":"dev-1","attestation":{"type":"x509","x509":)"
        R"({"signingCertificates":{"primary":{"certificate":"PEM"}}}}})",
        EnrollmentKind::group);
}

TEST(EnrollmentRecord, AGroupOfTpmsMayHaveAListAlone) {
  options.attestation_type = "tpm";
  check(R"({"enrollmentGroupId":"dev-1","attestation":{"type":"tpm","tpmGroup":{}}})",
        EnrollmentKind::group);
}

TEST(EnrollmentRecord, AGroupOfTpmsNamesItsCas) {
  const berth::testing::TemporaryFolder folder;
  options.tpm_ca_paths = {(folder.path() / "a.pem").string(), (folder.path() / "b.pem").string()};
  std::ofstream(options.tpm_ca_paths.front()) << "A";
  std::ofstream(options.tpm_ca_paths.back()) << "B";
  check(R"({"enrollmentGroupId":"dev-1","attestation":{"type":"tpm","tpmGroup":)"
        R"({"certificates":[{"certificate":"A"},{"certificate":"B"}]}}})",
        EnrollmentKind::group);
}

TEST(EnrollmentRecord, AnUpdateKeepsTheCasOfAGroupOfTpms) {
  start_from(
      R"({"attestation":{"type":"symmetricKey","tpmGroup":{"certificates":[{"info":{}}]}}})");
  options.provisioning_status = "disabled";
  check(R"({"attestation":{"type":"tpm","tpmGroup":{"certificates":[{"info":{}}]}},)"
        R"("enrollmentGroupId":"dev-1","provisioningStatus":"disabled"})",
        EnrollmentKind::group);
}

// The service takes such a record from clients that drop what they do not know, and keeps the
// group.
TEST(EnrollmentRecord, AGroupOfTpmsBecomesOneBySymmetricKeyOnlyWithKeys) {
  const char* const stored = R"({"attestation":{"type":"symmetricKey","tpmGroup":{}}})";
  start_from(stored);
  options.attestation_type = "symmetricKey";
  const auto applied = apply_options(options, EnrollmentKind::group, record);
  CHECK(applied.error().code == Errc::invalid);
  STRCMP_CONTAINS("give --primary-key", applied.error().reason.c_str());
  start_from(stored);
  options.primary_key = "AQID";
  check(R"({"attestation":{"type":"symmetricKey","symmetricKey":{"primaryKey":"AQID"}},)"
        R"("enrollmentGroupId":"dev-1"})",
        EnrollmentKind::group);
}

TEST(EnrollmentRecord, RefusesAFileThatIsNotThere) {
  options.certificate_path = "/nonexistent/a.pem";
  CHECK(apply_options(options, EnrollmentKind::individual, record).error().code == Errc::io);
}

TEST(EnrollmentRecord, WritesAllThatTheOptionsSay) {
  options.attestation_type = "tpm";
  options.endorsement_key = "AQID";
  options.device_id = "device-1";
  options.initial_twin_tags = R"({"site":"a"})";
  options.initial_twin_properties = R"({"interval":30})";
  options.device_information = R"({"note":"x"})";
  options.provisioning_status = "disabled";
  options.reprovision_policy = "reprovisionandresetdata";
  options.allocation_policy = "custom";
  options.iot_hubs = {"hub-a.test", "hub-b.test"};
  options.webhook_url = "https://a.test";
  options.api_version = "2021-10-01";
  options.edge_enabled = true;
  options.sites = {"plant-1"};
  check(R"({"registrationId":"dev-1","attestation":{"type":"tpm","tpm":{"endorsementKey":"AQID"}},)"
        R"("deviceId":"device-1","initialTwin":{"tags":{"site":"a"},"properties":)"
        R"({"desired":{"interval":30}}},"optionalDeviceInformation":{"note":"x"},)"
        R"("provisioningStatus":"disabled","reprovisionPolicy":{"updateHubAssignment":true,)"
        R"("migrateDeviceData":false},"allocationPolicy":"custom","iotHubs":["hub-a.test",)"
        R"("hub-b.test"],"customAllocationDefinition":{"webhookUrl":"https://a.test",)"
        R"("apiVersion":"2021-10-01"},"capabilities":{"iotEdge":true},"sites":["plant-1"]})");
}

TEST(EnrollmentRecord, LeavesWhatTheOptionsDoNotSay) {
  start_from(R"({"registrationId":"dev-1","attestation":{"type":"symmetricKey"},"iotHubs":["h"],)"
             R"("etag":"e"})");
  options.provisioning_status = "disabled";
  check(R"({"registrationId":"dev-1","attestation":{"type":"symmetricKey"},"iotHubs":["h"],)"
        R"("etag":"e","provisioningStatus":"disabled"})");
}

TEST(EnrollmentRecord, RemovesOneCertificateAndSendsTheOtherBack) {
  start_from(R"({"attestation":{"type":"x509","x509":{"clientCertificates":{"primary":{"info":{}},)"
             R"("secondary":{"info":{}}}}}})");
  options.remove_certificate = true;
  check(R"({"attestation":{"type":"x509","x509":{"clientCertificates":{"primary":null,)"
        R"("secondary":{"info":{}}}}},"registrationId":"dev-1"})");
}

TEST(EnrollmentRecord, DropsTheLegacyHubWhenAPolicyIsChosen) {
  start_from(R"({"attestation":{"type":"symmetricKey"},"iotHubHostName":"h"})");
  options.allocation_policy = "hashed";
  check(R"({"attestation":{"type":"symmetricKey"},"allocationPolicy":"hashed",)"
        R"("registrationId":"dev-1"})");
}

TEST(EnrollmentRecord, RefusesOptionsThatDoNotGoTogether) {
  options.attestation_type = "symmetricKey";
  options.webhook_url = "https://a.test";
  check_refused();
  options.webhook_url.clear();
  options.allocation_policy = "static";
  options.iot_hubs = {"a", "b"};
  check_refused();
  options.iot_hubs = {"a"};
  options.certificate_path = "a.pem";
  options.root_ca_name = "root";
  check_refused();
}

TEST(EnrollmentRecord, RefusesATwinThatIsNoJsonObject) {
  options.attestation_type = "symmetricKey";
  options.initial_twin_tags = "site=a";
  check_refused();
}
