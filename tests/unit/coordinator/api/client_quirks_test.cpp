// What Microsoft's other service clients send and insist on, by hand: the C SDK, both C# SDKs, the
// Java SDK and the Azure CLI (service API 1.2 to 1.11, 2.3, 2.4). Node's runs itself, in
// tests/integration.
#include <set>
#include <string>

#include <CppUTest/TestHarness.h>

#include "shared/base/encoding.hpp"
#include "shared/json/certificate_text.hpp"
#include "tests/support/test_pki.hpp"
#include "tests/unit/coordinator/api/api_fixture.hpp"
#include "tests/unit/shared/json/x509_vector.hpp"

using namespace berth;
using berth::testing::Answer;

namespace {

using HeaderList = berth::testing::ApiFixture::HeaderList;

constexpr const char* kC = "?api-version=2018-04-01";
constexpr const char* kCSharp = "?api-version=2019-03-31";
constexpr const char* kJava = "?api-version=2019-03-31";
constexpr const char* kCli = "?api-version=2021-10-01";

const std::string kBase64Pem = to_base64(as_bytes(std::string_view(berth::testing::kVectorPem)));
const std::string kBase64Der = to_base64(*json::read_certificate_text(berth::testing::kVectorPem));

std::string x509(const std::string& slots) {
  return R"({"registrationId":"dev-x509-1","attestation":{"type":"x509","x509":)"
         R"({"clientCertificates":)" +
         slots + "}}}";
}
std::string certificate(const std::string& text) {
  return R"({"certificate":")" + text + R"("})";
}
std::string symmetric(const std::string& id, const std::string& more = {}) {
  return R"({"registrationId":")" + id + R"(","attestation":{"type":"symmetricKey"})" + more + "}";
}

}  // namespace

TEST_GROUP(ClientQuirks) {
  berth::testing::ApiFixture fixture;

  // With a token, and nothing else than what is given.
  Answer send(const std::string& method, const std::string& target, const std::string& body,
              HeaderList headers) {
    headers.emplace_back("Authorization", fixture.token(coordinator::kOwnerKeyName));
    return fixture.send(method, target, body, headers);
  }
  Answer get(const std::string& path) {
    return send("GET", path, {}, {});
  }
};

// ---- C ----

TEST(ClientQuirks, TheCSdkSpellsItsUserAgentAsOneWordAndSendsBase64OfPem) {
  const Answer made = send("PUT", std::string("/enrollments/dev-x509-1") + kC,
                           x509(R"({"primary":)" + certificate(kBase64Pem) + "}"),
                           {{"UserAgent", "iothub_c_sdk"}, {"Content-Type", "application/json"}});
  CHECK_EQUAL(200, made.status);
  const std::string expected = R"({"type":"x509","x509":{"clientCertificates":{"primary":)" +
                               std::string(berth::testing::kVectorInfo) + "}}}";
  STRCMP_EQUAL(expected.c_str(), made.text_of("attestation").c_str());
}

TEST(ClientQuirks, TheCSdkPostsBulkRequestsToATrailingSlash) {
  const Answer answer = send("POST", std::string("/enrollments/") + kC,
                             R"({"mode":"create","enrollments":[)" + symmetric("dev-1") + "]}",
                             {{"Content-Type", "application/json"}});
  STRCMP_EQUAL(R"({"isSuccessful":true,"errors":[]})", answer.text.c_str());
}

TEST(ClientQuirks, TheCSdkComparesTheItemTypeCaseSensitively) {
  for (const auto& [path, type] : {std::pair("/enrollments/query", "Enrollment"),
                                   std::pair("/enrollmentGroups/query", "EnrollmentGroup"),
                                   std::pair("/registrations/g/query", "DeviceRegistration")}) {
    const Answer answer = send("POST", std::string(path) + kC, R"({"query":"*"})",
                               {{"Content-Type", "application/json"}});
    STRCMP_EQUAL(type, std::string(answer.headers.get("x-ms-item-type")).c_str());
  }
}

TEST(ClientQuirks, TheCSdkDropsPoliciesThatItsModelsDoNotKnowAndTheyStay) {
  const std::string path = "/enrollments/dev-1";
  send("PUT", path + kCli,
       symmetric("dev-1", R"(,"reprovisionPolicy":{"updateHubAssignment":false,)"
                          R"("migrateDeviceData":false},"allocationPolicy":"static",)"
                          R"("iotHubs":["hub-a.test"],"customAllocationDefinition":)"
                          R"({"webhookUrl":"https://a.test/","apiVersion":"2021-10-01"})"),
       {});
  const Answer read = get(path + kC);
  const Answer written = send("PUT", path + kC,
                              R"({"registrationId":"dev-1","provisioningStatus":"disabled",)"
                              R"("etag":)" +
                                  read.text_of("etag") + "}",
                              {{"If-Match", read.member("etag")}});
  CHECK_EQUAL(200, written.status);
  STRCMP_EQUAL("disabled", written.member("provisioningStatus").c_str());
  for (const char* member :
       {"reprovisionPolicy", "allocationPolicy", "iotHubs", "customAllocationDefinition"}) {
    STRCMP_EQUAL(read.text_of(member).c_str(), written.text_of(member).c_str());
    CHECK_TRUE_TEXT(written.has(member), member);
  }
}

// ---- C# ----

TEST(ClientQuirks, CSharpLooksUpHeadersByTheirLowerCaseNames) {
  send("PUT", std::string("/enrollments/dev-1") + kCSharp, symmetric("dev-1"), {});
  send("PUT", std::string("/enrollments/dev-2") + kCSharp, symmetric("dev-2"), {});
  const Answer page = send("POST", std::string("/enrollments/query") + kCSharp,
                           R"({"query":"SELECT * FROM enrollments"})",
                           {{"Accept", "application/json"}, {"x-ms-max-item-count", "1"}});
  std::set<std::string> names;
  for (const auto& [name, value] : page.headers.all()) names.insert(name);
  CHECK(names.contains("x-ms-item-type"));
  CHECK(names.contains("x-ms-continuation"));
}

TEST(ClientQuirks, CSharpLeavesThePageSizeOutForZeroAndGetsADefaultPage) {
  const Answer page = send("POST", std::string("/enrollments/query") + kCSharp,
                           R"({"query":"SELECT * FROM enrollments"})", {});
  STRCMP_EQUAL("100", std::string(page.headers.get("x-ms-max-item-count")).c_str());
}

TEST(ClientQuirks, CSharpQuotesTheStarAndTheEtagsThatLackQuotes) {
  const std::string path = std::string("/enrollments/dev-1") + kCSharp;
  const std::string etag = send("PUT", path, symmetric("dev-1"), {}).member("etag");
  STRCMP_EQUAL("\"", etag.substr(0, 1).c_str());
  CHECK_EQUAL(200, send("PUT", path, symmetric("dev-1"), {{"If-Match", etag}}).status);
  CHECK_EQUAL(200, send("PUT", path, symmetric("dev-1"), {{"If-Match", "\"*\""}}).status);
  CHECK_EQUAL(412, send("DELETE", path, {}, {{"If-Match", etag}}).status);
  CHECK_EQUAL(204, send("DELETE", path, {}, {{"If-Match", "\"*\""}}).status);
}

TEST(ClientQuirks, CSharpSendsACertificateObjectAsBase64OfDer) {
  const Answer made = send("PUT", std::string("/enrollments/dev-x509-1") + kCSharp,
                           x509(R"({"primary":)" + certificate(kBase64Der) + "}"), {});
  CHECK(made.text_of("attestation").find(berth::testing::kVectorInfo) != std::string::npos);
}

TEST(ClientQuirks, CSharpInsistsOnAttestationAndOnEveryMemberOfBulkResults) {
  send("PUT", std::string("/enrollments/dev-1") + kCSharp, symmetric("dev-1"), {});
  CHECK(get(std::string("/enrollments/dev-1") + kCSharp).has("attestation"));
  const Answer answer = send("POST", std::string("/enrollments") + kCSharp,
                             R"({"mode":"create","enrollments":[)" + symmetric("dev-1") + "]}", {});
  CHECK(answer.has("isSuccessful"));
  const auto& error = *answer.object().if_contains("errors")->if_array()->at(0).if_object();
  for (const char* member : {"registrationId", "errorCode", "errorStatus"}) {
    CHECK_TRUE_TEXT(error.contains(member), member);
  }
}

TEST(ClientQuirks, CSharpRefusesTwoKindsOfX509AndSoDoWe) {
  CHECK_EQUAL(400, send("PUT", std::string("/enrollmentGroups/grp-1") + kCSharp,
                        R"({"enrollmentGroupId":"grp-1","attestation":{"type":"x509","x509":)"
                        R"({"signingCertificates":{"primary":{"certificate":")" +
                            kBase64Der + R"("}},"caReferences":{"primary":"ca"}}}})",
                        {})
                       .status);
  // Nulls beside the one that counts are what its serializer writes.
  CHECK_EQUAL(200, send("PUT", std::string("/enrollmentGroups/grp-1") + kCSharp,
                        R"({"enrollmentGroupId":"grp-1","attestation":{"tpm":null,"type":"x509",)"
                        R"("x509":{"clientCertificates":null,"signingCertificates":{"primary":)" +
                            certificate(kBase64Der) +
                            R"(,"secondary":null},"caReferences":null},"symmetricKey":null},)"
                            R"("iotHubHostName":null,"initialTwin":null,"etag":null})",
                        {})
                       .status);
}

TEST(ClientQuirks, CSharpTwoReadsTheErrorInLowerCaseMembers) {
  const Answer answer = get(std::string("/enrollments/none") + kCSharp);
  for (const char* member : {"errorCode", "trackingId", "message", "timestampUtc"}) {
    CHECK_TRUE_TEXT(answer.has(member), member);
  }
}

// ---- Java ----

TEST(ClientQuirks, JavaAttachesAnEmptyBodyToEveryGetAndAConstantRequestId) {
  send("PUT", std::string("/enrollments/dev-1") + kJava, symmetric("dev-1"), {});
  const HeaderList headers{{"Content-Length", "0"},        {"charset", "utf-8"},
                           {"Request-Id", "1001"},         {"Content-Type", "application/json"},
                           {"Accept", "application/json"}, {"User-Agent", "com.microsoft.azure"}};
  CHECK_EQUAL(200, send("GET", std::string("/enrollments/dev-1") + kJava, {}, headers).status);
  CHECK_EQUAL(204, send("DELETE", std::string("/enrollments/dev-1") + kJava, {}, headers).status);
}

TEST(ClientQuirks, JavaLeavesTheIdInThePathUnescaped) {
  CHECK_EQUAL(200,
              send("PUT", std::string("/enrollments/Dev:1._-a") + kJava, symmetric("Dev:1._-a"), {})
                  .status);
  CHECK_EQUAL(200, get(std::string("/enrollments/Dev%3A1._-a") + kJava).status);
}

TEST(ClientQuirks, JavaLowersTheHostInItsToken) {
  const std::string token = fixture.token(coordinator::kOwnerKeyName, "mydps.example.test");
  const Answer answer = fixture.send("GET", std::string("/enrollments/none") + kJava, {},
                                     {{"Host", "MyDps.Example.Test"}, {"Authorization", token}});
  CHECK_EQUAL(404, answer.status);
}

TEST(ClientQuirks, JavaAsksForKeysWithEmptyStrings) {
  const Answer made = send("PUT", std::string("/enrollments/dev-1") + kJava,
                           R"({"registrationId":"dev-1","attestation":{"type":"symmetricKey",)"
                           R"("symmetricKey":{"primaryKey":"","secondaryKey":""}}})",
                           {});
  const auto keys = json::parse_object(made.text_of("attestation"), {4096, 8});
  const auto* symmetric_key = keys->if_contains("symmetricKey")->if_object();
  CHECK_EQUAL(64U,
              from_base64(symmetric_key->if_contains("primaryKey")->if_string()->c_str())->size());
}

TEST(ClientQuirks, JavaPostsBulkRequestsWithoutASlashAndReadsNoNullBody) {
  const Answer answer = send("POST", std::string("/enrollments") + kJava,
                             R"({"mode":"create","enrollments":[)" + symmetric("dev-1") + "]}", {});
  CHECK_EQUAL(200, answer.status);
  const Answer rows = send("POST", std::string("/enrollmentGroups/query") + kJava,
                           R"({"query":"select * from enrollmentGroups"})", {});
  STRCMP_EQUAL("[]", rows.text.c_str());
}

TEST(ClientQuirks, JavaReadsDatesInIso8601) {
  const Answer made =
      send("PUT", std::string("/enrollments/dev-1") + kJava, symmetric("dev-1"), {});
  STRCMP_EQUAL("2026-01-01T00:00:00.0000000Z", made.member("createdDateTimeUtc").c_str());
}

// ---- Azure CLI ----

TEST(ClientQuirks, TheCliSendsAContentTypeWithEverythingAndAStarToDelete) {
  send("PUT", std::string("/enrollments/dev-1") + kCli, symmetric("dev-1"), {});
  const HeaderList headers{{"Content-Type", "application/json; charset=utf-8"},
                           {"x-ms-client-request-id", "1"},
                           {"accept-language", "en-US"},
                           {"If-Match", "*"}};
  CHECK_EQUAL(200, send("GET", std::string("/enrollments/dev-1") + kCli, {}, headers).status);
  CHECK_EQUAL(204, send("DELETE", std::string("/enrollments/dev-1") + kCli, {}, headers).status);
}

TEST(ClientQuirks, TheCliQueriesTheStatesOfAGroupWithoutABody) {
  const Answer answer =
      send("POST", std::string("/registrations/grp-1/query") + kCli, {},
           {{"Cache-Control", "no-cache, must-revalidate"}, {"Content-Type", "application/json"}});
  CHECK_EQUAL(200, answer.status);
  STRCMP_EQUAL("[]", answer.text.c_str());
}

TEST(ClientQuirks, TheCliLoopsOverPagesUntilNoHeaderIsLeft) {
  for (const char* id : {"a", "b", "c"}) {
    send("PUT", std::string("/enrollments/") + id + kCli, symmetric(id), {});
  }
  const std::string path = std::string("/enrollments/query") + kCli;
  const Answer first =
      send("POST", path, R"({"query":"SELECT *"})", {{"x-ms-max-item-count", "2"}});
  CHECK_EQUAL(2U, first.rows().size());
  // It lowers the count for the last page.
  const Answer last =
      send("POST", path, R"({"query":"SELECT *"})",
           {{"x-ms-max-item-count", "1"},
            {"x-ms-continuation", std::string(first.headers.get("x-ms-continuation"))}});
  CHECK_EQUAL(1U, last.rows().size());
  CHECK_FALSE(last.headers.has("x-ms-continuation"));
}

TEST(ClientQuirks, TheCliPutsTheKeysOfTheAttestationOperationBackIn) {
  const std::string path = std::string("/enrollments/dev-1") + kCli;
  const Answer made = send("PUT", path, symmetric("dev-1"), {});
  const Answer keys =
      send("POST", std::string("/enrollments/dev-1/attestationmechanism") + kCli, {}, {});
  const Answer updated =
      send("PUT", path,
           R"({"registrationId":"dev-1","deviceId":"press","attestation":)" + keys.text + "}",
           {{"If-Match", "*"}});
  STRCMP_EQUAL(made.text_of("attestation").c_str(), updated.text_of("attestation").c_str());
  STRCMP_EQUAL("press", updated.member("deviceId").c_str());
}

TEST(ClientQuirks, TheCliNullsThePrimaryCertificateAndSendsTheSecondaryAsInfo) {
  const std::string path = std::string("/enrollments/dev-x509-1") + kCli;
  const std::string slot = certificate(kBase64Der);
  send("PUT", path, x509(R"({"primary":)" + slot + R"(,"secondary":)" + slot + "}"), {});
  const Answer updated =
      send("PUT", path,
           x509(R"({"primary":null,"secondary":)" + std::string(berth::testing::kVectorInfo) + "}"),
           {{"If-Match", "*"}});
  CHECK_EQUAL(200, updated.status);
  const std::string expected = R"({"type":"x509","x509":{"clientCertificates":{"secondary":)" +
                               std::string(berth::testing::kVectorInfo) + "}}}";
  STRCMP_EQUAL(expected.c_str(), updated.text_of("attestation").c_str());
}

TEST(ClientQuirks, TheCliWritesPolicyNamesInItsOwnLetterCase) {
  const Answer made = send("PUT", std::string("/enrollments/dev-1") + kCli,
                           symmetric("dev-1", R"(,"allocationPolicy":"geolatency")"), {});
  STRCMP_EQUAL("geoLatency", made.member("allocationPolicy").c_str());
}

TEST(ClientQuirks, TheCliGetsTwinsBackAsItWroteThemWhateverTheirMembersAreCalled) {
  const std::string path = std::string("/enrollments/dev-1") + kCli;
  const std::string twin =
      R"({"tags":{"version":"7","count":2,"metadata":{"a":1}},"properties":{"desired":)"
      R"({"list":[{"a":1},{"b":[true,null]}],"number":-7}}})";
  const std::string information = R"({"note":["x",{"version":1}]})";
  send("PUT", path,
       symmetric("dev-1",
                 R"(,"initialTwin":)" + twin + R"(,"optionalDeviceInformation":)" + information),
       {});
  const Answer read = get(path);
  STRCMP_EQUAL(twin.c_str(), read.text_of("initialTwin").c_str());
  STRCMP_EQUAL(information.c_str(), read.text_of("optionalDeviceInformation").c_str());
  const Answer again = send("PUT", path, read.text, {{"If-Match", "*"}});
  STRCMP_EQUAL(twin.c_str(), again.text_of("initialTwin").c_str());
  STRCMP_EQUAL(information.c_str(), again.text_of("optionalDeviceInformation").c_str());
}

TEST(ClientQuirks, TheCliSwitchesAGroupFromItsCertificatesToAnUnverifiedCa) {
  const std::string path = std::string("/enrollmentGroups/grp-1") + kCli;
  const auto body = [](const std::string& x509) {
    return R"({"enrollmentGroupId":"grp-1","attestation":{"type":"x509","x509":)" + x509 + "}}";
  };
  const auto root = berth::testing::make_root({.common_name = "cli root"});
  const std::string der = to_base64(root.certificate);
  CHECK_EQUAL(201, send("PUT", "/berth/v1/certificates/cli-root", certificate(der), {}).status);
  CHECK_EQUAL(200, send("PUT", path,
                        body(R"({"signingCertificates":{"primary":)" + certificate(der) + "}}"), {})
                       .status);
  const Answer switched =
      send("PUT", path, body(R"({"caReferences":{"primary":"cli-root"}})"), {{"If-Match", "*"}});
  STRCMP_EQUAL(R"({"type":"x509","x509":{"caReferences":{"primary":"cli-root"}}})",
               switched.text_of("attestation").c_str());
}

TEST(ClientQuirks, TheCliFormEncodesThePolicyInItsToken) {
  CHECK_EQUAL(201, fixture
                       .call("POST", "/berth/v1/accessPolicies",
                             R"({"keyName":"ops@plant_1","rights":"EnrollmentRead"})")
                       .status);
  std::string token = fixture.token("ops@plant_1");
  const std::size_t at = token.find("skn=ops");
  CHECK(at != std::string::npos);
  token.replace(at, std::string::npos, "skn=ops%40plant_1");
  CHECK_EQUAL(
      404,
      fixture.send("GET", std::string("/enrollments/none") + kCli, {}, {{"Authorization", token}})
          .status);
}

// ---- Node, where a sample says more than the package ----

TEST(ClientQuirks, NodesBulkSampleEnrollsTwoTpmsByTheSameKeyThatIsNone) {
  const auto tpm = [](const std::string& id) {
    return R"({"registrationId":")" + id +
           R"(","attestation":{"type":"tpm","tpm":{"endorsementKey":"a"}}})";
  };
  const Answer answer =
      send("POST", std::string("/enrollments/") + kCli,
           R"({"mode":"create","enrollments":[)" + tpm("first") + "," + tpm("second") + "]}", {});
  STRCMP_EQUAL(R"({"isSuccessful":true,"errors":[]})", answer.text.c_str());
  STRCMP_EQUAL(R"({"type":"tpm","tpm":{"endorsementKey":"a"}})",
               get(std::string("/enrollments/first") + kCli).text_of("attestation").c_str());
}
