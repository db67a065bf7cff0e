#include "shared/json/enrollment_json.hpp"

#include <memory>
#include <string>
#include <variant>

#include <CppUTest/TestHarness.h>

#include "shared/crypto/mbedtls/mbedtls.hpp"
#include "shared/json/json_text.hpp"
#include "tests/support/fake_entropy.hpp"

using namespace berth;
using json::Dialect;
using json::Keys;

namespace {

constexpr json::TextLimits kLimits{256 * 1024, 32};
constexpr const char* kEtag = "\"00000001-0000-0100-0000-000000000000\"";

// All that a client can write into an individual enrollment.
constexpr const char* kFullIndividual =
    R"({"registrationId":"Dev-1","deviceId":"device-1","optionalDeviceInformation":{"note":"x"},)"
    R"("attestation":{"type":"tpm","tpm":{"endorsementKey":"AQID"}},)"
    R"("capabilities":{"iotEdge":true},"iotHubHostName":"hub-a.example.test",)"
    R"("initialTwin":{"tags":{"site":"a"},"properties":{"desired":{"list":[{"a":1}]}}},)"
    R"("etag":"\"00000001-0000-0100-0000-000000000000\"","provisioningStatus":"disabled",)"
    R"("reprovisionPolicy":{"updateHubAssignment":false,"migrateDeviceData":true},)"
    R"("createdDateTimeUtc":"2026-01-01T00:00:00.0000000Z",)"
    R"("lastUpdatedDateTimeUtc":"2026-01-02T00:00:00.0000000Z",)"
    R"("allocationPolicy":"geoLatency","iotHubs":["hub-a.example.test","hub-b.example.test"],)"
    R"("customAllocationDefinition":{"webhookUrl":"https://alloc.example.test/pick",)"
    R"("apiVersion":"2021-10-01"},"sites":["plant-1"],"credentialPolicyName":"p"})";

const std::string kMinimalAttestation = R"("attestation":{"type":"symmetricKey"})";

std::string individual(const std::string& more) {
  return R"({"registrationId":"dev-1",)" + kMinimalAttestation + more + "}";
}
std::string group(const std::string& more) {
  return R"({"enrollmentGroupId":"grp-1",)" + kMinimalAttestation + more + "}";
}

}  // namespace

TEST_GROUP(EnrollmentJson) {
  std::unique_ptr<ports::Crypto> crypto = crypto::make_mbedtls_crypto();
  berth::testing::FakeEntropy entropy;
  json::EnrollmentJson json{*crypto, entropy};

  Result<domain::IndividualEnrollment> read(const std::string& text,
                                            const domain::IndividualEnrollment* stored = nullptr,
                                            Dialect dialect = Dialect::current) {
    return json.read_individual(*json::parse_object(text, kLimits), stored, dialect);
  }
  Result<domain::EnrollmentGroup> read_group(const std::string& text,
                                             const domain::EnrollmentGroup* stored = nullptr) {
    return json.read_group(*json::parse_object(text, kLimits), stored, Dialect::current);
  }
  std::string write(const domain::IndividualEnrollment& record) {
    return json::serialize(json.write(record, kEtag, Keys::hidden));
  }
  void check_refused(const std::string& more) {
    const auto refused = read(individual(more));
    CHECK_FALSE_TEXT(refused.has_value(), more.c_str());
    CHECK(refused.error().code == Errc::invalid || refused.error().code == Errc::malformed);
  }
};

TEST(EnrollmentJson, GivesBackAllThatItRead) {
  auto record = read(kFullIndividual);
  CHECK(record.has_value());
  record->stamps.created = from_unix_seconds(1767225600);
  record->stamps.updated = from_unix_seconds(1767312000);
  STRCMP_EQUAL(kFullIndividual, write(*record).c_str());
}

TEST(EnrollmentJson, LeavesOutWhatWasNeverSaid) {
  STRCMP_EQUAL(
      R"({"registrationId":"dev-1","attestation":{"type":"symmetricKey"},)"
      R"("etag":"\"00000001-0000-0100-0000-000000000000\"","provisioningStatus":"enabled",)"
      R"("createdDateTimeUtc":"1970-01-01T00:00:00.0000000Z",)"
      R"("lastUpdatedDateTimeUtc":"1970-01-01T00:00:00.0000000Z"})",
      write(*read(individual(""))).c_str());
}

TEST(EnrollmentJson, TakesNullForAbsent) {
  const auto record =
      read(individual(R"(,"deviceId":null,"iotHubHostName":null,"iotHubs":null,"initialTwin":null,)"
                      R"("allocationPolicy":null,"capabilities":null,"reprovisionPolicy":null,)"
                      R"("customAllocationDefinition":null,"later":null)"));
  CHECK(record.has_value());
  CHECK_FALSE(record->device_id.has_value());
  CHECK_FALSE(record->provisioning.allocation_policy.has_value());
  CHECK(record->provisioning.unknown_members.empty());
}

TEST(EnrollmentJson, PassesReadOnlyMembersOver) {
  const auto record = read(individual(
      R"(,"etag":"x","createdDateTimeUtc":"y","lastUpdatedDateTimeUtc":"z","registrationState":{})"));
  CHECK(record.has_value());
  CHECK(record->provisioning.unknown_members.empty());
}

TEST(EnrollmentJson, KeepsTheStoredSpellingAndTimeOfCreation) {
  auto stored = read(individual(""));
  stored->stamps.created = from_unix_seconds(1767225600);
  const auto changed =
      read(R"({"registrationId":"DEV-1","attestation":{"type":"symmetricKey"}})", &*stored);
  STRCMP_EQUAL("dev-1", changed->registration_id.str().c_str());
  CHECK(changed->stamps.created == stored->stamps.created);
}

TEST(EnrollmentJson, KeepsStoredKeysOfAnUpdateThatShowsNone) {
  const auto stored = read(individual(""));
  const auto changed = read(individual(R"(,"provisioningStatus":"disabled")"), &*stored);
  const auto& before = std::get<domain::SymmetricKeyAttestation>(stored->attestation);
  const auto& after = std::get<domain::SymmetricKeyAttestation>(changed->attestation);
  CHECK(before.primary == after.primary);
  CHECK(before.secondary == after.secondary);
  CHECK(changed->provisioning.status == domain::ProvisioningStatus::disabled);
}

TEST(EnrollmentJson, KeepsSitesThatAzureSdksDoNotSendBack) {
  const auto stored = read(individual(R"(,"sites":["plant-1"])"));
  CHECK_EQUAL(1U, read(individual(""), &*stored)->provisioning.sites.size());
  CHECK(read(individual(R"(,"sites":[])"), &*stored)->provisioning.sites.empty());
}

TEST(EnrollmentJson, DropsPoliciesThatAnUpdateLeavesOut) {
  const auto stored = read(individual(R"(,"allocationPolicy":"static","iotHubs":["h"])"));
  const auto changed = read(individual(""), &*stored);
  CHECK_FALSE(changed->provisioning.allocation_policy.has_value());
  CHECK(changed->provisioning.iot_hubs.empty());
}

TEST(EnrollmentJson, KeepsWhatTheFirstApiVersionCannotSay) {
  const auto stored =
      read(individual(R"(,"allocationPolicy":"static","iotHubs":["h"],"reprovisionPolicy":)"
                      R"({"updateHubAssignment":false,"migrateDeviceData":false},"later":1)"));
  const auto changed = read(R"({"registrationId":"dev-1","provisioningStatus":"disabled"})",
                            &*stored, Dialect::first);
  CHECK(changed.has_value());
  CHECK(changed->provisioning.allocation_policy == domain::AllocationPolicy::static_hub);
  CHECK_EQUAL(1U, changed->provisioning.iot_hubs.size());
  CHECK(changed->provisioning.reprovision_policy.has_value());
  STRCMP_EQUAL(R"({"later":1})", changed->provisioning.unknown_members.c_str());
  CHECK(std::holds_alternative<domain::SymmetricKeyAttestation>(changed->attestation));
}

TEST(EnrollmentJson, LetsNothingMoveWhatTheFirstApiVersionEnrolls) {
  const auto first = read(individual(""), nullptr, Dialect::first);
  CHECK(first->provisioning.reprovision_policy == (domain::ReprovisionPolicy{false, false}));
  CHECK_FALSE(read(individual(""))->provisioning.reprovision_policy.has_value());
}

TEST(EnrollmentJson, ReadsPolicyNamesInAnyLetterCase) {
  const auto record =
      read(individual(R"(,"allocationPolicy":"GEOlatency","provisioningStatus":"Disabled")"));
  CHECK(record->provisioning.allocation_policy == domain::AllocationPolicy::geo_latency);
  CHECK(record->provisioning.status == domain::ProvisioningStatus::disabled);
}

TEST(EnrollmentJson, RefusesMembersThatMeanNothing) {
  check_refused(R"(,"deviceId":"has space")");
  check_refused(R"(,"provisioningStatus":"on")");
  check_refused(R"(,"allocationPolicy":"fastest")");
  check_refused(R"(,"reprovisionPolicy":{"updateHubAssignment":true})");
  check_refused(R"(,"capabilities":{})");
  check_refused(R"(,"customAllocationDefinition":{"webhookUrl":"https://a.test"})");
  check_refused(R"(,"iotHubs":"hub-a")");
  check_refused(R"(,"iotHubs":[7])");
  check_refused(R"(,"iotHubs":[""])");
  check_refused(R"(,"sites":["no/site"])");
  check_refused(R"(,"initialTwin":{"tags":[]})");
  check_refused(R"(,"initialTwin":{"properties":{"desired":"x"}})");
  check_refused(R"(,"optionalDeviceInformation":"x")");
}

TEST(EnrollmentJson, RefusesOneHubMoreThanTheLimit) {
  std::string hubs = R"("h")";
  for (std::size_t i = 1; i < json::kMaxListedNames; ++i) hubs += R"(,"h")";
  CHECK(read(individual(R"(,"iotHubs":[)" + hubs + "]")).has_value());
  check_refused(R"(,"iotHubs":[)" + hubs + R"(,"h"])");
}

TEST(EnrollmentJson, RefusesARecordWithoutIdOrAttestation) {
  CHECK_FALSE(read("{" + kMinimalAttestation + "}").has_value());
  CHECK_FALSE(read(R"({"registrationId":"dev-1"})").has_value());
  CHECK_FALSE(read(R"({"registrationId":"dev 1",)" + kMinimalAttestation + "}").has_value());
  CHECK_FALSE(read_group("{" + kMinimalAttestation + "}").has_value());
}

TEST(EnrollmentJson, RefusesAnUpdateThatNamesAnotherRecord) {
  const auto stored = read(individual(""));
  CHECK_FALSE(
      read(R"({"registrationId":"dev-2",)" + kMinimalAttestation + "}", &*stored).has_value());
}

TEST(EnrollmentJson, ReadsAndWritesGroups) {
  const auto record = read_group(group(R"(,"iotHubs":["hub-a.example.test"],"later":true)"));
  STRCMP_EQUAL(
      R"({"enrollmentGroupId":"grp-1","attestation":{"type":"symmetricKey"},)"
      R"("etag":"\"00000001-0000-0100-0000-000000000000\"","provisioningStatus":"enabled",)"
      R"("createdDateTimeUtc":"1970-01-01T00:00:00.0000000Z",)"
      R"("lastUpdatedDateTimeUtc":"1970-01-01T00:00:00.0000000Z",)"
      R"("iotHubs":["hub-a.example.test"],"later":true})",
      json::serialize(json.write(*record, kEtag, Keys::hidden)).c_str());
}

TEST(EnrollmentJson, KeepsTheCustodyOfAGroupSKeysUnlessTold) {
  const auto stored = read_group(group(R"(,"keyCustody":"onlineOnly")"));
  CHECK(stored->key_custody == domain::GroupKeyCustody::online_only);
  CHECK(read_group(group(""), &*stored)->key_custody == domain::GroupKeyCustody::online_only);
  CHECK(read_group(group(R"(,"keyCustody":"onGateway")"), &*stored)->key_custody ==
        domain::GroupKeyCustody::on_gateway);
  CHECK_FALSE(read_group(group(R"(,"keyCustody":"nowhere")")).has_value());
}

TEST(EnrollmentJson, NeverLetsAnUnknownMemberReplaceAKnownOne) {
  auto record = read(individual(""));
  record->provisioning.unknown_members = R"({"etag":"forged","later":1})";
  const std::string text = write(*record);
  CHECK(text.find("forged") == std::string::npos);
  CHECK(text.find(R"("later":1)") != std::string::npos);
}
