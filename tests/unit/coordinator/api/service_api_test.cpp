#include "coordinator/api/service_api.hpp"

#include <chrono>
#include <set>
#include <string>
#include <vector>

#include <CppUTest/TestHarness.h>

#include "coordinator/store/record_writes.hpp"
#include "shared/protocol/errors.hpp"
#include "shared/protocol/sync/record_codec.hpp"
#include "shared/store/index_terms.hpp"
#include "tests/unit/coordinator/api/api_fixture.hpp"
#include "tests/unit/shared/json/x509_vector.hpp"
#include "tests/vectors/tpm/keys.hpp"

using namespace berth;
using berth::testing::Answer;
using berth::testing::kVersion;

namespace {

constexpr const char* kK1 =
    "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAhIiMkJSYnKCkqKywtLi8wMTIzNDU2Nzg5Ojs8PT4/QA==";
constexpr const char* kK2 =
    "QD8+PTw7Ojk4NzY1NDMyMTAvLi0sKyopKCcmJSQjIiEgHx4dHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQ==";

// The record of the round trip that Node's SDK was observed in (service API 12.2).
const std::string kBody =
    R"({"registrationId":"dev-1","deviceId":"dev-1","attestation":{"type":"symmetricKey",)"
    R"("symmetricKey":{"primaryKey":")" +
    std::string(kK1) + R"(","secondaryKey":")" + kK2 +
    R"("}},"capabilities":{"iotEdge":false},"initialTwin":{"tags":{"site":"a"},)"
    R"("properties":{"desired":{"interval":30}}},"provisioningStatus":"enabled",)"
    R"("reprovisionPolicy":{"updateHubAssignment":true,"migrateDeviceData":true},)"
    R"("allocationPolicy":"hashed","iotHubs":["hub-a.example.test"]})";

const std::string kKeys = R"({"type":"symmetricKey","symmetricKey":{"primaryKey":")" +
                          std::string(kK1) + R"(","secondaryKey":")" + kK2 + R"("}})";

std::string minimal(const std::string& id) {
  return R"({"registrationId":")" + id + R"(","attestation":{"type":"symmetricKey"}})";
}
std::string minimal_group(const std::string& id) {
  return R"({"enrollmentGroupId":")" + id + R"(","attestation":{"type":"symmetricKey"}})";
}

}  // namespace

TEST_GROUP(ServiceApi) {
  berth::testing::ApiFixture fixture;

  Answer put(const std::string& id, const std::string& body, const std::string& if_match = {}) {
    berth::testing::ApiFixture::HeaderList headers;
    if (!if_match.empty()) headers.emplace_back("If-Match", if_match);
    return fixture.call("PUT", "/enrollments/" + id + kVersion, body, headers);
  }
  Answer get(const std::string& id) {
    return fixture.call("GET", "/enrollments/" + id + kVersion);
  }
  void take_in(const std::string& id, const std::string& group) {
    domain::Registration record;
    record.registration_id = *domain::RegistrationId::parse(id);
    record.status = domain::RegistrationStatus::assigned;
    record.assigned_hub = "hub-a.example.test";
    record.device_id = domain::DeviceId(id);
    record.enrollment.is_group = !group.empty();
    record.enrollment.id = group;
    store::Change change;
    change.table = store::Table::registration;
    change.id = record.registration_id.folded();
    change.body = sync::encode(record);
    change.terms = store::terms_of(record);
    CHECK(coordinator::commit_change(fixture.store, fixture.tenant, change).has_value());
  }
};

TEST(ServiceApi, CreatesWithTheKeysInTheAnswer) {
  const Answer answer = put("dev-1", kBody);
  CHECK_EQUAL(200, answer.status);
  STRCMP_EQUAL("application/json; charset=utf-8",
               std::string(answer.headers.get("content-type")).c_str());
  STRCMP_EQUAL(kKeys.c_str(), answer.text_of("attestation").c_str());
  STRCMP_EQUAL(R"({"tags":{"site":"a"},"properties":{"desired":{"interval":30}}})",
               answer.text_of("initialTwin").c_str());
  CHECK(answer.member("etag").starts_with("\"00000001-"));
  STRCMP_EQUAL("2026-01-01T00:00:00.0000000Z", answer.member("createdDateTimeUtc").c_str());
}

TEST(ServiceApi, ShowsNoKeysWhenARecordIsRead) {
  put("dev-1", kBody);
  const Answer answer = get("DEV-1");
  CHECK_EQUAL(200, answer.status);
  STRCMP_EQUAL(R"({"type":"symmetricKey"})", answer.text_of("attestation").c_str());
  CHECK_FALSE(answer.has("registrationState"));
}

TEST(ServiceApi, RefusesToCreateWhatExists) {
  put("dev-1", kBody);
  const Answer answer = put("dev-1", kBody);
  CHECK_EQUAL(409, answer.status);
  CHECK_EQUAL(409201, answer.error_code());
  STRCMP_EQUAL("409201", std::string(answer.headers.get("x-ms-error-code")).c_str());
  STRCMP_EQUAL(answer.member("trackingId").c_str(),
               std::string(answer.headers.get("x-ms-request-id")).c_str());
  STRCMP_EQUAL("2026-01-01T00:00:00.0000000Z", answer.member("timestampUtc").c_str());
}

TEST(ServiceApi, UpdatesWhatGetGaveAndKeepsTheKeys) {
  put("dev-1", kBody);
  const Answer read = get("dev-1");
  std::string changed = read.text;
  changed.replace(changed.find("enabled"), 7, "disabled");
  fixture.clock.advance(std::chrono::seconds(5));
  const Answer updated = put("dev-1", changed, read.member("etag"));
  CHECK_EQUAL(200, updated.status);
  STRCMP_EQUAL(kKeys.c_str(), updated.text_of("attestation").c_str());
  STRCMP_EQUAL("disabled", updated.member("provisioningStatus").c_str());
  CHECK(updated.member("etag") != read.member("etag"));
  STRCMP_EQUAL("2026-01-01T00:00:00.0000000Z", updated.member("createdDateTimeUtc").c_str());
  STRCMP_EQUAL("2026-01-01T00:00:05.0000000Z", updated.member("lastUpdatedDateTimeUtc").c_str());
}

TEST(ServiceApi, RefusesAStaleEtagAndChangesNothing) {
  put("dev-1", kBody);
  const std::string etag = get("dev-1").member("etag");
  CHECK_EQUAL(200, put("dev-1", kBody, etag).status);
  const std::string now = get("dev-1").member("etag");
  CHECK_EQUAL(412, put("dev-1", kBody, etag).status);
  STRCMP_EQUAL(now.c_str(), get("dev-1").member("etag").c_str());
}

TEST(ServiceApi, TakesAnyEtagForAStarQuotedOrNot) {
  put("dev-1", kBody);
  CHECK_EQUAL(200, put("dev-1", kBody, "*").status);
  CHECK_EQUAL(200, put("dev-1", kBody, "\"*\"").status);
}

TEST(ServiceApi, AnswersNotFoundToAnUpdateOfNothing) {
  const Answer answer = put("dev-1", kBody, "*");
  CHECK_EQUAL(404, answer.status);
  CHECK_EQUAL(404201, answer.error_code());
  CHECK_EQUAL(404201, get("dev-1").error_code());
}

TEST(ServiceApi, RevealsTheKeysToAttestationMechanism) {
  put("dev-1", kBody);
  const Answer answer =
      fixture.call("POST", std::string("/enrollments/dev-1/attestationmechanism") + kVersion);
  CHECK_EQUAL(200, answer.status);
  STRCMP_EQUAL(kKeys.c_str(), answer.text.c_str());
}

TEST(ServiceApi, DeletesWithAndWithoutAnEtag) {
  put("dev-1", kBody);
  const std::string path = std::string("/enrollments/dev-1") + kVersion;
  CHECK_EQUAL(412, fixture.call("DELETE", path, {}, {{"If-Match", "\"stale\""}}).status);
  const Answer deleted = fixture.call("DELETE", path);
  CHECK_EQUAL(204, deleted.status);
  CHECK(deleted.text.empty());
  CHECK_FALSE(deleted.headers.has("content-type"));
  CHECK_EQUAL(404, fixture.call("DELETE", path).status);
}

TEST(ServiceApi, NeverGivesAnEtagTwice) {
  const std::string first = put("dev-1", kBody).member("etag");
  fixture.call("DELETE", std::string("/enrollments/dev-1") + kVersion);
  fixture.clock.advance(std::chrono::milliseconds(1));
  CHECK(put("dev-1", kBody).member("etag") != first);
}

TEST(ServiceApi, ShowsTheX509VectorAsInfoOnly) {
  std::string pem;
  for (const char* c = berth::testing::kVectorPem; *c != '\0'; ++c) {
    pem += *c == '\n' ? std::string("\\n") : std::string(1, *c);
  }
  const Answer answer =
      put("dev-x509-1", R"({"registrationId":"dev-x509-1","attestation":{"type":"x509","x509":)"
                        R"({"clientCertificates":{"primary":{"certificate":")" +
                            pem + R"("}}}}})");
  const std::string expected = R"({"type":"x509","x509":{"clientCertificates":{"primary":)" +
                               std::string(berth::testing::kVectorInfo) + "}}}";
  STRCMP_EQUAL(expected.c_str(), answer.text_of("attestation").c_str());
  STRCMP_EQUAL(expected.c_str(), get("dev-x509-1").text_of("attestation").c_str());
}

TEST(ServiceApi, RefusesABodyThatNamesAnotherId) {
  const Answer answer = put("dev-2", kBody);
  CHECK_EQUAL(400, answer.status);
  CHECK_EQUAL(400201, answer.error_code());
}

TEST(ServiceApi, RefusesWhatIsNoJsonObjectOrNoJson) {
  CHECK_EQUAL(400, put("dev-1", "{").status);
  CHECK_EQUAL(400, put("dev-1", "[]").status);
  CHECK_EQUAL(400, fixture.call("PUT", std::string("/enrollments/dev-1") + kVersion).status);
  const Answer xml = fixture.send(
      "PUT", std::string("/enrollments/dev-1") + kVersion, "<a/>",
      {{"Authorization", fixture.token("provisioningserviceowner")}, {"Content-Type", "text/xml"}});
  CHECK_EQUAL(415, xml.status);
  CHECK_EQUAL(415001, xml.error_code());
}

TEST(ServiceApi, NamesTheCodeOfACustomPolicyWithoutDefinition) {
  const Answer answer =
      put("dev-1", R"({"registrationId":"dev-1","attestation":{"type":"symmetricKey"},)"
                   R"("allocationPolicy":"custom"})");
  CHECK_EQUAL(400, answer.status);
  CHECK_EQUAL(400004, answer.error_code());
}

// Device API 4: DPS's code and words.
TEST(ServiceApi, RefusesAnEndorsementKeyThatIsNone) {
  const auto tpm = [](const std::string& key) {
    return R"({"registrationId":"dev-1","attestation":{"type":"tpm","tpm":{"endorsementKey":")" +
           key + R"("}}})";
  };
  const Answer answer = put("dev-1", tpm("AQID"));
  CHECK_EQUAL(400, answer.status);
  CHECK_EQUAL(400004, answer.error_code());
  STRCMP_CONTAINS("Endorsement key is invalid, or does not match the Enrollment.",
                  answer.text.c_str());
  STRCMP_CONTAINS("is no TPM2B_PUBLIC", answer.text.c_str());
  CHECK_EQUAL(200, put("dev-1", tpm(std::string(vectors::kEndorsementKey))).status);
}

TEST(ServiceApi, RefusesAWebhookThatMayNotBeCalled) {
  const auto with_webhook = [](const std::string& url) {
    return R"({"registrationId":"dev-1","attestation":{"type":"symmetricKey"},)"
           R"("customAllocationDefinition":{"webhookUrl":")" +
           url + R"(","apiVersion":"2021-10-01"}})";
  };
  CHECK_EQUAL(400, put("dev-1", with_webhook("http://a.test")).status);
  CHECK_EQUAL(400, put("dev-1", with_webhook("https://127.0.0.1/")).status);
  CHECK_EQUAL(200, put("dev-1", with_webhook("https://a.test/pick?code=x")).status);
}

TEST(ServiceApi, RefusesSitesAndCaCertificatesThatDoNotExist) {
  CHECK_EQUAL(400, put("dev-1", R"({"registrationId":"dev-1","sites":["plant-1"],)"
                                R"("attestation":{"type":"symmetricKey"}})")
                       .status);
  CHECK_EQUAL(400, fixture
                       .call("PUT", std::string("/enrollmentGroups/grp-1") + kVersion,
                             R"({"enrollmentGroupId":"grp-1","attestation":{"type":"x509",)"
                             R"("x509":{"caReferences":{"primary":"root"}}}})")
                       .status);
}

TEST(ServiceApi, GivesBackWhatNewerSdksSendAndPassesOverWhatAGroupDoesNotHave) {
  const Answer made =
      fixture.call("PUT", "/enrollmentGroups/grp-1?api-version=2026-11-01",
                   R"({"enrollmentGroupId":"grp-1","attestation":{"type":"symmetricKey"},)"
                   R"("clientCertificateIssuancePolicy":{"certificateAuthorityName":"ca-1"},)"
                   R"("namespaceName":"plant","deviceId":"x","optionalDeviceInformation":{"a":1},)"
                   R"("registrationState":{"status":"assigned"}})");
  CHECK_EQUAL(200, made.status);
  STRCMP_EQUAL(R"({"certificateAuthorityName":"ca-1"})",
               made.text_of("clientCertificateIssuancePolicy").c_str());
  STRCMP_EQUAL("plant", made.member("namespaceName").c_str());
  for (const char* member : {"deviceId", "optionalDeviceInformation", "registrationState"}) {
    CHECK_FALSE_TEXT(made.has(member), member);
  }
}

TEST(ServiceApi, OmitsWhatARecordDoesNotSay) {
  const Answer made = put("dev-1", minimal("dev-1"));
  STRCMP_EQUAL("enabled", made.member("provisioningStatus").c_str());
  for (const char* member :
       {"deviceId", "allocationPolicy", "iotHubs", "iotHubHostName", "reprovisionPolicy",
        "capabilities", "initialTwin", "customAllocationDefinition", "optionalDeviceInformation"}) {
    CHECK_FALSE_TEXT(made.has(member), member);
  }
}

TEST(ServiceApi, KeepsADefinitionWhateverThePolicyAndAStaticPolicyWithoutHub) {
  const Answer made =
      put("dev-1", R"({"registrationId":"dev-1","attestation":{"type":"symmetricKey"},)"
                   R"("allocationPolicy":"static","customAllocationDefinition":)"
                   R"({"webhookUrl":"https://a.test/pick","apiVersion":"2019-03-31"}})");
  CHECK_EQUAL(200, made.status);
  STRCMP_EQUAL(R"({"webhookUrl":"https://a.test/pick","apiVersion":"2019-03-31"})",
               made.text_of("customAllocationDefinition").c_str());
}

TEST(ServiceApi, ChangesTheKindOfAttestation) {
  put("dev-1", minimal("dev-1"));
  const std::string tpm = R"({"type":"tpm","tpm":{"endorsementKey":")" +
                          std::string(vectors::kEndorsementKey) + R"("}})";
  const Answer changed =
      put("dev-1", R"({"registrationId":"dev-1","attestation":)" + tpm + "}", "*");
  CHECK_EQUAL(200, changed.status);
  STRCMP_EQUAL(tpm.c_str(), changed.text_of("attestation").c_str());
}

TEST(ServiceApi, AcceptsTheListedApiVersionsOnly) {
  for (const char* version :
       {"2018-04-01", "2018-09-01-preview", "2019-03-31", "2021-10-01", "2021-11-01-preview",
        "2025-07-01-preview", "2026-04-01", "2026-11-01"}) {
    CHECK_EQUAL(404,
                fixture.call("GET", std::string("/enrollments/x?api-version=") + version).status);
  }
  const Answer refused = fixture.call("GET", "/enrollments/x?api-version=2017-01-01");
  CHECK_EQUAL(400, refused.status);
  CHECK(refused.member("message").find("2021-10-01") != std::string::npos);
  CHECK_EQUAL(400, fixture.call("GET", "/enrollments/x").status);
}

TEST(ServiceApi, KeepsWhatTheFirstApiVersionCannotSay) {
  put("dev-1", kBody);
  const Answer read = fixture.call("GET", "/enrollments/dev-1?api-version=2018-04-01");
  const Answer updated =
      fixture.call("PUT", "/enrollments/dev-1?api-version=2018-04-01",
                   R"({"registrationId":"dev-1","provisioningStatus":"disabled"})",
                   {{"If-Match", read.member("etag")}});
  CHECK_EQUAL(200, updated.status);
  STRCMP_EQUAL(R"(["hub-a.example.test"])", updated.text_of("iotHubs").c_str());
  STRCMP_EQUAL(kKeys.c_str(), updated.text_of("attestation").c_str());
}

TEST(ServiceApi, AnswersUnknownPathsMethodsAndMissingIds) {
  CHECK_EQUAL(404, fixture.call("GET", "/nothing").status);
  CHECK_EQUAL(405, fixture.call("PATCH", "/enrollments/dev-1").status);
  CHECK_EQUAL(405, fixture.call("GET", "/registrations").status);
  CHECK_EQUAL(400, fixture.call("GET", "/enrollments/%zz").status);
}

TEST(ServiceApi, RefusesAnIdThatIsNone) {
  CHECK_EQUAL(400, get("has%20space").status);
  CHECK_EQUAL(400, get(std::string(129, 'a')).status);
  CHECK_EQUAL(404, get(std::string(128, 'a')).status);
}

TEST(ServiceApi, QueriesEveryRecordByPages) {
  for (const char* id : {"dev-1", "dev-2", "dev-3"}) put(id, minimal(id));
  std::set<std::string> seen;
  std::string continuation;
  int pages = 0;
  do {
    berth::testing::ApiFixture::HeaderList headers{{"x-ms-max-item-count", "2"}};
    if (!continuation.empty()) headers.emplace_back("x-ms-continuation", continuation);
    const Answer page = fixture.call("POST", std::string("/enrollments/query") + kVersion,
                                     R"({"query":"SELECT * WHERE nonsense"})", headers);
    CHECK_EQUAL(200, page.status);
    STRCMP_EQUAL("Enrollment", std::string(page.headers.get("x-ms-item-type")).c_str());
    for (const auto& row : page.rows()) {
      seen.insert(row.if_object()->if_contains("registrationId")->if_string()->c_str());
      CHECK(row.if_object()->if_contains("attestation")->if_object()->if_contains("symmetricKey") ==
            nullptr);
    }
    continuation = std::string(page.headers.get("x-ms-continuation"));
    ++pages;
  } while (!continuation.empty());
  CHECK_EQUAL(3U, seen.size());
  CHECK_EQUAL(2, pages);
}

TEST(ServiceApi, AnswersAnEmptyQueryWithAnEmptyArray) {
  const Answer answer =
      fixture.call("POST", std::string("/enrollmentGroups/query") + kVersion, R"({"query":""})");
  STRCMP_EQUAL("[]", answer.text.c_str());
  STRCMP_EQUAL("EnrollmentGroup", std::string(answer.headers.get("x-ms-item-type")).c_str());
  CHECK_FALSE(answer.headers.has("x-ms-continuation"));
}

TEST(ServiceApi, CreatesReadsUpdatesAndDeletesGroups) {
  const std::string path = std::string("/enrollmentGroups/grp-1") + kVersion;
  const Answer made = fixture.call("PUT", path, minimal_group("grp-1"));
  CHECK_EQUAL(200, made.status);
  CHECK(made.text.find("primaryKey") != std::string::npos);
  CHECK_EQUAL(200, fixture.call("GET", path).status);
  const Answer mechanism =
      fixture.call("POST", std::string("/enrollmentgroups/grp-1/attestationmechanism") + kVersion);
  STRCMP_EQUAL(made.text_of("attestation").c_str(), mechanism.text.c_str());
  CHECK_EQUAL(409, fixture.call("PUT", path, minimal_group("grp-1")).status);
  CHECK_EQUAL(200, fixture.call("PUT", path, minimal_group("grp-1"), {{"If-Match", "*"}}).status);
  CHECK_EQUAL(204, fixture.call("DELETE", path).status);
  CHECK_EQUAL(404204, fixture.call("GET", path).error_code());
}

TEST(ServiceApi, RunsBulkItemsOneByOne) {
  put("dev-2", minimal("dev-2"));
  const std::string path = std::string("/enrollments/") + kVersion;
  const Answer answer =
      fixture.call("POST", path,
                   R"({"mode":"create","enrollments":[)" + minimal("dev-1") + "," +
                       minimal("dev-2") + R"(,{"registrationId":"dev-3"}]})");
  CHECK_EQUAL(200, answer.status);
  STRCMP_EQUAL("false", answer.text_of("isSuccessful").c_str());
  const auto& errors = *answer.object().if_contains("errors")->if_array();
  CHECK_EQUAL(2U, errors.size());
  CHECK_EQUAL(409201, *errors[0].if_object()->if_contains("errorCode")->if_int64());
  CHECK_EQUAL(400201, *errors[1].if_object()->if_contains("errorCode")->if_int64());
  CHECK_EQUAL(200, get("dev-1").status);
}

TEST(ServiceApi, NamesABulkItemWhoseIdIsNoneAndRefusesOneWithout) {
  const std::string path = std::string("/enrollments") + kVersion;
  const Answer answer = fixture.call(
      "POST", path,
      R"({"mode":"create","enrollments":[)" + minimal("a b") + "," + minimal("dev-1") + "]}");
  CHECK_EQUAL(200, answer.status);
  const auto& errors = *answer.object().if_contains("errors")->if_array();
  CHECK_EQUAL(1U, errors.size());
  STRCMP_EQUAL("a b", errors[0].if_object()->if_contains("registrationId")->if_string()->c_str());
  CHECK_EQUAL(200, get("dev-1").status);
  CHECK_EQUAL(400, fixture
                       .call("POST", path,
                             R"({"mode":"delete","enrollments":[{"registrationId":"dev-1"},{}]})")
                       .status);
  CHECK_EQUAL(200, get("dev-1").status);
}

TEST(ServiceApi, RunsBulkRequestsOnGroupsInEveryMode) {
  const std::string path = std::string("/enrollmentGroups") + kVersion;
  const auto bulk = [&](const std::string& mode, const std::string& item) {
    return fixture.call("POST", path,
                        R"({"mode":")" + mode + R"(","enrollmentGroups":[)" + item + "]}");
  };
  STRCMP_EQUAL(R"({"isSuccessful":true,"errors":[]})",
               bulk("create", minimal_group("grp-1")).text.c_str());
  const Answer again = bulk("create", minimal_group("grp-1"));
  CHECK(again.text.find(R"("enrollmentGroupId":"grp-1","errorCode":409201)") != std::string::npos);
  STRCMP_EQUAL("true", bulk("update", minimal_group("grp-1")).text_of("isSuccessful").c_str());
  STRCMP_EQUAL("false",
               bulk("updateIfMatchETag", minimal_group("grp-1")).text_of("isSuccessful").c_str());
  CHECK(bulk("update", minimal_group("none")).text.find("404204") != std::string::npos);
  STRCMP_EQUAL("true",
               bulk("delete", R"({"enrollmentGroupId":"GRP-1"})").text_of("isSuccessful").c_str());
}

TEST(ServiceApi, AnswersASuccessfulBulkWithAnEmptyErrorList) {
  put("dev-1", minimal("dev-1"));
  const Answer answer =
      fixture.call("POST", std::string("/enrollments") + kVersion,
                   R"({"mode":"DELETE","enrollments":[{"registrationId":"dev-1"}]})");
  STRCMP_EQUAL(R"({"isSuccessful":true,"errors":[]})", answer.text.c_str());
  CHECK_EQUAL(404, get("dev-1").status);
}

TEST(ServiceApi, ComparesEtagsInBulkOnlyWhenAsked) {
  const std::string etag = put("dev-1", minimal("dev-1")).text_of("etag");
  const auto bulk = [&](const std::string& mode, const std::string& item_etag) {
    return fixture
        .call("POST", std::string("/enrollments") + kVersion,
              R"({"mode":")" + mode + R"(","enrollments":[{"registrationId":"dev-1",)" +
                  R"("attestation":{"type":"symmetricKey"},"etag":)" + item_etag + "}]}")
        .text_of("isSuccessful");
  };
  STRCMP_EQUAL("false", bulk("updateIfMatchEtag", R"("stale")").c_str());
  STRCMP_EQUAL("true", bulk("updateIfMatchETag", etag).c_str());
  STRCMP_EQUAL("true", bulk("update", R"("stale")").c_str());
}

TEST(ServiceApi, RefusesABulkRequestThatIsWrongAsAWhole) {
  const std::string path = std::string("/enrollments") + kVersion;
  CHECK_EQUAL(400, fixture
                       .call("POST", path,
                             R"({"mode":"create","enrollments":[)" + minimal("dev-1") + "," +
                                 minimal("DEV-1") + "]}")
                       .status);
  CHECK_EQUAL(404, get("dev-1").status);
  CHECK_EQUAL(400, fixture.call("POST", path, R"({"mode":"create"})").status);
  CHECK_EQUAL(400, fixture.call("POST", path, R"({"mode":"merge","enrollments":[]})").status);
}

TEST(ServiceApi, RefusesOneBulkItemMoreThanTheLimit) {
  std::string items = minimal("dev-0");
  for (int i = 1; i < 10; ++i) items += "," + minimal("dev-" + std::to_string(i));
  const std::string path = std::string("/enrollments") + kVersion;
  CHECK_EQUAL(
      200, fixture.call("POST", path, R"({"mode":"create","enrollments":[)" + items + "]}").status);
  CHECK_EQUAL(
      400, fixture
               .call("POST", path,
                     R"({"mode":"update","enrollments":[)" + items + "," + minimal("dev-10") + "]}")
               .status);
}

TEST(ServiceApi, ReadsAndDeletesRegistrationStates) {
  take_in("Dev-1", "");
  const std::string path = std::string("/registrations/dev-1") + kVersion;
  const Answer state = fixture.call("GET", path);
  CHECK_EQUAL(200, state.status);
  STRCMP_EQUAL("Dev-1", state.member("registrationId").c_str());
  STRCMP_EQUAL("hub-a.example.test", state.member("assignedHub").c_str());
  CHECK_EQUAL(412, fixture.call("DELETE", path, {}, {{"If-Match", "\"stale\""}}).status);
  CHECK_EQUAL(204, fixture.call("DELETE", path, {}, {{"If-Match", state.member("etag")}}).status);
  CHECK_EQUAL(404201, fixture.call("GET", path).error_code());
  CHECK_EQUAL(404, fixture.call("DELETE", path).status);
}

TEST(ServiceApi, ShowsAndForgetsTheStateOfADeviceThatWasOnlyEverRefused) {
  const auto refuse = [this](Errc code) {
    const auto& told = protocol::device_error(code);
    domain::LastAttempt last;
    last.registration_id = *domain::RegistrationId::parse("Dev-9");
    last.attempt = {fixture.clock.wall(), told.error_code, std::string(told.message), "why"};
    store::Change change;
    change.table = store::Table::last_attempt;
    change.id = "dev-9";
    change.body = sync::encode(last);
    CHECK(coordinator::commit_change(fixture.store, fixture.tenant, change).has_value());
  };
  const std::string path = std::string("/registrations/dev-9") + kVersion;
  refuse(Errc::disabled);
  const Answer disabled = fixture.call("GET", path);
  STRCMP_EQUAL("Dev-9", disabled.member("registrationId").c_str());
  STRCMP_EQUAL("disabled", disabled.member("status").c_str());
  STRCMP_EQUAL("2026-01-01T00:00:00.0000000Z", disabled.member("lastUpdatedDateTimeUtc").c_str());
  refuse(Errc::no_hub);
  const Answer failed = fixture.call("GET", path);
  STRCMP_EQUAL("failed", failed.member("status").c_str());
  CHECK_EQUAL(400208, failed.error_code());
  CHECK(failed.member("etag") != disabled.member("etag"));
  CHECK_EQUAL(412,
              fixture.call("DELETE", path, {}, {{"If-Match", disabled.member("etag")}}).status);
  CHECK_EQUAL(204, fixture.call("DELETE", path, {}, {{"If-Match", failed.member("etag")}}).status);
  CHECK_EQUAL(404, fixture.call("GET", path).status);

  // Also an attempt from before the assignment goes with it.
  refuse(Errc::no_hub);
  take_in("Dev-9", "");
  STRCMP_EQUAL("assigned", fixture.call("GET", path).member("status").c_str());
  CHECK_EQUAL(204, fixture.call("DELETE", path).status);
  CHECK_EQUAL(404, fixture.call("GET", path).status);
}

TEST(ServiceApi, ShowsTheRegistrationInAnEnrollment) {
  put("dev-1", kBody);
  take_in("dev-1", "");
  CHECK(get("dev-1").text_of("registrationState").find(R"("status":"assigned")") !=
        std::string::npos);
}

TEST(ServiceApi, QueriesTheRegistrationsOfAGroupWithoutABody) {
  take_in("dev-1", "grp-1");
  take_in("dev-2", "grp-2");
  const Answer answer = fixture.call("POST", std::string("/registrations/GRP-1/query") + kVersion);
  CHECK_EQUAL(200, answer.status);
  CHECK_EQUAL(1U, answer.rows().size());
  STRCMP_EQUAL("DeviceRegistration", std::string(answer.headers.get("x-ms-item-type")).c_str());
}

TEST(ServiceApi, QueriesTheRefusedDevicesOfAGroupTooPageByPage) {
  const auto refuse = [this](const std::string& id, const std::string& group, Errc code) {
    const auto& told = protocol::device_error(code);
    domain::LastAttempt last;
    last.registration_id = *domain::RegistrationId::parse(id);
    last.attempt = {fixture.clock.wall(), told.error_code, std::string(told.message), "why"};
    last.enrollment = {true, group, 1};
    store::Change change;
    change.table = store::Table::last_attempt;
    change.id = id;
    change.body = sync::encode(last);
    change.terms = store::terms_of(last);
    CHECK(coordinator::commit_change(fixture.store, fixture.tenant, change).has_value());
  };
  take_in("dev-1", "grp-1");
  take_in("dev-2", "grp-1");
  refuse("dev-3", "Grp-1", Errc::disabled);
  refuse("dev-4", "grp-1", Errc::no_hub);
  refuse("dev-5", "grp-2", Errc::no_hub);
  const auto statuses = [this](const std::string& size) {
    std::vector<std::string> pages;
    std::string continuation;
    do {
      const Answer page =
          fixture.call("POST", std::string("/registrations/grp-1/query") + kVersion, {},
                       {{"x-ms-max-item-count", size}, {"x-ms-continuation", continuation}});
      CHECK_EQUAL(200, page.status);
      std::string& texts = pages.emplace_back();
      for (const auto& row : page.rows()) {
        texts += std::string(row.if_object()->if_contains("status")->if_string()->c_str()) + " ";
      }
      continuation = page.headers.get("x-ms-continuation");
    } while (!continuation.empty());
    return pages;
  };
  using Pages = std::vector<std::string>;
  CHECK(statuses("100") == (Pages{"assigned assigned disabled failed "}));
  CHECK(statuses("2") == (Pages{"assigned assigned ", "disabled failed "}));
  CHECK(statuses("3") == (Pages{"assigned assigned disabled ", "failed "}));
  CHECK(statuses("1") == (Pages{"assigned ", "assigned ", "disabled ", "failed "}));
}

TEST(ServiceApi, TellsTheLogButNotTheCallerWhatIsBroken) {
  fixture.store.fail_next(Errc::corrupt);
  const Answer answer = fixture.send("GET", std::string("/enrollments/x") + kVersion, {},
                                     {{"Authorization",
                                       "SharedAccessSignature sr=mydps.example.test"
                                       "&sig=" +
                                           std::string(43, 'A') + "%3D&se=1767229200&skn=a"}});
  CHECK_EQUAL(500, answer.status);
  STRCMP_EQUAL("Internal error", answer.member("message").c_str());
  CHECK_EQUAL(1U, fixture.refusals.size());
  CHECK(fixture.refusals[0].code == Errc::corrupt);
}

TEST(ServiceApi, AnswersForTheListenerToo) {
  const Answer answer = berth::testing::ApiFixture::read(fixture.api->refuse(413));
  CHECK_EQUAL(413, answer.status);
  CHECK_EQUAL(413001, answer.error_code());
}
