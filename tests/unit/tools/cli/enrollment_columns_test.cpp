#include "tools/cli/enrollment_columns.hpp"

#include <fstream>
#include <string>
#include <vector>

#include <CppUTest/TestHarness.h>

#include "shared/json/json_text.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace berth;
using namespace berth::cli;

namespace {

constexpr auto kIndividual = EnrollmentKind::individual;
constexpr auto kGroup = EnrollmentKind::group;

// A certificate with its text, as an export has it, and as a cell has it.
constexpr const char* kPem = "-----BEGIN CERTIFICATE-----\\nAQID\\n-----END CERTIFICATE-----\\n";
constexpr const char* kDer = "AQID";

std::string text_of(const boost::json::object& record) {
  return json::serialize(record);
}

boost::json::object object_of(const std::string& text) {
  return *json::parse_object(text, {64 * 1024, 32});
}

}  // namespace

TEST_GROUP(EnrollmentColumns) {
  testing::TemporaryFolder folder;

  Result<boost::json::object> read(const std::vector<std::string>& header,
                                   const std::vector<std::string>& cells,
                                   EnrollmentKind kind = kIndividual) {
    const auto columns = read_header(header, kind);
    CHECK(columns.has_value());
    return record_of_cells(*columns, cells, kind, folder.path().string());
  }
  std::string cell(const boost::json::object& record, const std::string& name,
                   EnrollmentKind kind = kIndividual) {
    const auto cells = cells_of_record(record, kind);
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (columns_of(kind)[i].name == name) return cells[i];
    }
    return "no such column";
  }
  void check_same_after_writing(const std::string& text, EnrollmentKind kind) {
    std::vector<std::string> header;
    for (const CellColumn& column : columns_of(kind)) header.emplace_back(column.name);
    const auto back = read(header, cells_of_record(object_of(text), kind), kind);
    CHECK(back.has_value());
    CHECK_TRUE_TEXT(*back == object_of(text), text_of(*back).c_str());
  }
};

TEST(EnrollmentColumns, KnowsColumnsInAnyOrderAndLetterCase) {
  const auto record = read({"ALLOCATIONPOLICY", "registrationid"}, {"static", "dev-1"});
  STRCMP_EQUAL(R"({"allocationPolicy":"static","registrationId":"dev-1"})",
               text_of(*record).c_str());
}

TEST(EnrollmentColumns, RefusesAHeaderThatIsNone) {
  CHECK(read_header({"registrationId", "colour"}, kIndividual).error().code == Errc::invalid);
  CHECK(read_header({"registrationId", "registrationid"}, kIndividual).error().code ==
        Errc::invalid);
  CHECK(read_header({"primaryKey"}, kIndividual).error().code == Errc::invalid);
  CHECK(read_header({"registrationId"}, kGroup).error().code == Errc::invalid);
  CHECK(read_header({"enrollmentGroupId", "deviceId"}, kGroup).error().code == Errc::invalid);
}

TEST(EnrollmentColumns, RefusesARowThatIsShorterOrLongerThanTheHeader) {
  CHECK(read({"registrationId", "deviceId"}, {"dev-1"}).error().code == Errc::invalid);
  CHECK(read({"registrationId"}, {"dev-1", "more"}).error().code == Errc::invalid);
}

TEST(EnrollmentColumns, TakesTheAttestationFromWhatIsFilledIn) {
  const auto type = [&](const std::vector<std::string>& header,
                        const std::vector<std::string>& cells, EnrollmentKind kind) {
    return cell(*read(header, cells, kind), "attestationType", kind);
  };
  STRCMP_EQUAL("symmetricKey",
               type({"registrationId", "primaryKey"}, {"d", "AQID"}, kIndividual).c_str());
  STRCMP_EQUAL("tpm", type({"registrationId", "endorsementKey"}, {"d", "a"}, kIndividual).c_str());
  STRCMP_EQUAL("x509", type({"registrationId", "certificate"}, {"d", kDer}, kIndividual).c_str());
  STRCMP_EQUAL("x509", type({"enrollmentGroupId", "caReference"}, {"g", "root"}, kGroup).c_str());
  STRCMP_EQUAL("symmetricKey", type({"enrollmentGroupId"}, {"g"}, kGroup).c_str());
  STRCMP_EQUAL("", type({"registrationId", "primaryKey"}, {"d", ""}, kIndividual).c_str());
}

TEST(EnrollmentColumns, PutsCertificatesWhereTheKindHasThem) {
  const auto device = read({"registrationId", "certificate"}, {"d", kDer});
  CHECK(text_of(*device).find(R"("clientCertificates":{"primary":{"certificate":"AQID"}})") !=
        std::string::npos);
  const auto group = read({"enrollmentGroupId", "secondaryCertificate"}, {"g", kDer}, kGroup);
  CHECK(text_of(*group).find(R"("signingCertificates":{"secondary":{"certificate":"AQID"}})") !=
        std::string::npos);
}

TEST(EnrollmentColumns, ReadsACertificateFromAFileBesideTheImportedOne) {
  std::ofstream(folder.file("dev.pem")) << "text of a certificate";
  const auto record = read({"registrationId", "certificate"}, {"d", "@dev.pem"});
  CHECK(text_of(*record).find("text of a certificate") != std::string::npos);
  const auto missing = read({"registrationId", "certificate"}, {"d", "@none.pem"});
  CHECK(missing.error().code == Errc::invalid);
  CHECK(missing.error().reason.find("certificate: ") == 0);
}

TEST(EnrollmentColumns, SplitsNamesAtSemicolons) {
  STRCMP_EQUAL(
      R"({"registrationId":"d","iotHubs":["a.example","b.example"]})",
      text_of(*read({"registrationId", "iotHubs"}, {"d", "a.example; b.example;"})).c_str());
  STRCMP_EQUAL(R"({"registrationId":"d","sites":["one;two"]})",
               text_of(*read({"registrationId", "sites"}, {"d", R"(["one;two"])"})).c_str());
  CHECK(read({"registrationId", "sites"}, {"d", "[\"one\""}).error().code == Errc::invalid);
}

TEST(EnrollmentColumns, NamesTheColumnWhoseCellMeansNothing) {
  for (const auto& [column, text] : std::vector<std::pair<std::string, std::string>>{
           {"iotEdge", "perhaps"}, {"tags", "{"}, {"desiredProperties", "[]"}}) {
    const auto record = read({"registrationId", column}, {"d", text});
    CHECK(record.error().code == Errc::invalid);
    CHECK_TRUE_TEXT(record.error().reason.find(column) == 0, record.error().reason.c_str());
  }
}

TEST(EnrollmentColumns, KeepAWholeRecord) {
  check_same_after_writing(
      R"({"registrationId":"d","attestation":{"type":"symmetricKey","symmetricKey":)"
      R"({"primaryKey":"AQID","secondaryKey":"BAUG"}},"deviceId":"d1","provisioningStatus":)"
      R"("disabled","reprovisionPolicy":{"updateHubAssignment":false,"migrateDeviceData":true},)"
      R"("allocationPolicy":"custom","iotHubs":["a","b"],"customAllocationDefinition":)"
      R"({"webhookUrl":"https://w","apiVersion":"2021-10-01"},"capabilities":{"iotEdge":true},)"
      R"("sites":["s;1"],"initialTwin":{"tags":{"a":[1,"x,\"y\""]},"properties":{"desired":{}}},)"
      R"("optionalDeviceInformation":{"n":1.5},"etag":"\"1\""})",
      kIndividual);
  check_same_after_writing(
      R"({"registrationId":"t","attestation":{"type":"tpm","tpm":{"endorsementKey":"a",)"
      R"("storageRootKey":"b"}}})",
      kIndividual);
  check_same_after_writing(
      R"({"enrollmentGroupId":"g","attestation":{"type":"x509","x509":{"caReferences":)"
      R"({"primary":"root","secondary":"next"}}},"iotHubs":[]})",
      kGroup);
}

TEST(EnrollmentColumns, KeepWhatNoColumnHolds) {
  check_same_after_writing(
      R"({"registrationId":"d","attestation":{"type":"symmetricKey","later":{"a":1}},)"
      R"("iotHubHostName":"a","namespaceName":"n","deviceId":5})",
      kIndividual);
}

TEST(EnrollmentColumns, LeaveOutWhatTheServiceAloneWrites) {
  const auto record = object_of(
      std::string(R"({"registrationId":"d","createdDateTimeUtc":"t","registrationState":{},)") +
      R"("lastUpdatedDateTimeUtc":"t","attestation":{"type":"x509","x509":{"clientCertificates":)" +
      R"({"primary":{"info":{"version":3},"certificate":")" + kPem + R"("}}}}})");
  STRCMP_EQUAL(kDer, cell(record, "certificate").c_str());
  STRCMP_EQUAL("", cell(record, "otherMembers").c_str());
}
