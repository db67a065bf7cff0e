#include <string>

#include <CppUTest/TestHarness.h>

#include "coordinator/api/limits.hpp"
#include "shared/base/encoding.hpp"
#include "tests/unit/coordinator/api/audited_api_fixture.hpp"
#include "tests/vectors/tpm/keys.hpp"

using namespace berth;
using berth::testing::Answer;
using berth::testing::kVersion;

TEST_GROUP(AdminAdmittedTpms) {
  berth::testing::AuditedApiFixture fixture;
  const std::string tpms = "/berth/v1/enrollmentGroups/fleet/tpms";
  const std::string hash = std::string(62, 'a') + "01";
  const std::string other = std::string(62, 'a') + "02";

  void setup() override {
    make_group("fleet");
  }

  void make_group(const std::string& name) {
    const Answer made = fixture.call(
        "PUT", "/enrollmentGroups/" + name + kVersion,
        R"({"enrollmentGroupId":")" + name + R"(","attestation":{"type":"tpm","tpmGroup":{}}})");
    CHECK_EQUAL(200, made.status);
  }
  static std::string by_hash(const std::string& text, const std::string& id = {}) {
    return R"({"endorsementKeyHash":")" + text + "\"" +
           (id.empty() ? "" : R"(,"registrationId":")" + id + "\"") + "}";
  }
  Answer admit(const std::string& list) {
    return fixture.call("POST", tpms, R"({"tpms":[)" + list + "]}");
  }
  // The reason of each refusal, with its place.
  void check_refused(const std::string& item, const char* reason) {
    const Answer answer = admit(by_hash(hash) + "," + item);
    CHECK_EQUAL(200, answer.status);
    STRCMP_CONTAINS(R"("refused":[{"index":1,"reason":")", answer.text.c_str());
    STRCMP_CONTAINS(reason, answer.text.c_str());
  }
};

TEST(AdminAdmittedTpms, AreAdmittedListedAndTakenOff) {
  const Answer answer = admit(by_hash(hash) + "," + by_hash(other, "Press-7"));
  STRCMP_EQUAL(R"({"admitted":2,"alreadyAdmitted":0,"refused":[]})", answer.text.c_str());
  STRCMP_EQUAL(R"({"admitted":0,"alreadyAdmitted":1,"refused":[]})",
               admit(by_hash(to_upper_hex(*from_hex(hash)))).text.c_str());

  const Answer list = fixture.call("GET", tpms);
  CHECK_EQUAL(2U, list.rows().size());
  STRCMP_CONTAINS(hash.c_str(), list.text.c_str());
  STRCMP_CONTAINS("\"registrationId\":\"Press-7\"", list.text.c_str());
  // Without one of its own, the one that its key makes.
  STRCMP_CONTAINS(to_base32(*from_hex(hash)).c_str(), list.text.c_str());

  CHECK_EQUAL(204, fixture.call("DELETE", tpms + "/" + hash).status);
  CHECK_EQUAL(404, fixture.call("DELETE", tpms + "/" + hash).status);
  CHECK_EQUAL(1U, fixture.call("GET", tpms).rows().size());
}

TEST(AdminAdmittedTpms, AreListedByPages) {
  admit(by_hash(hash) + "," + by_hash(other));
  const Answer first = fixture.call("GET", tpms + "?maxItemCount=1");
  CHECK_EQUAL(1U, first.rows().size());
  const Answer second =
      fixture.call("GET", tpms + "?maxItemCount=1&continuation=" + first.member("continuation"));
  CHECK_EQUAL(1U, second.rows().size());
  CHECK_FALSE(second.has("continuation"));
  CHECK_FALSE(first.text == second.text);
}

TEST(AdminAdmittedTpms, MayBeGivenByTheirKey) {
  const std::string key(vectors::kEndorsementKey);
  STRCMP_EQUAL(R"({"admitted":1,"alreadyAdmitted":0,"refused":[]})",
               admit(R"({"endorsementKey":")" + key + R"("})").text.c_str());
  STRCMP_CONTAINS(std::string(vectors::kEndorsementKeyRegistrationId).c_str(),
                  fixture.call("GET", tpms).text.c_str());
  check_refused(R"({"endorsementKey":"AQID"})", "is no TPM2B_PUBLIC");
  check_refused(R"({"endorsementKey":"!"})", "is not base64");
}

TEST(AdminAdmittedTpms, TheIdThatTheKeyMakesIsNoneOfItsOwn) {
  admit(by_hash(hash, to_base32(*from_hex(hash))));
  STRCMP_EQUAL(R"({"admitted":0,"alreadyAdmitted":1,"refused":[]})",
               admit(by_hash(hash)).text.c_str());
}

TEST(AdminAdmittedTpms, AreRefusedOneByOne) {
  check_refused(by_hash("abcd"), "64 hex digits");
  check_refused(by_hash(std::string(64, 'g')), "64 hex digits");
  check_refused(by_hash(std::string(66, 'a')), "64 hex digits");
  check_refused("{}", "an 'endorsementKeyHash' or an 'endorsementKey'");
  check_refused(R"({"endorsementKeyHash":")" + hash + R"(","endorsementKey":"AQID"})",
                "an 'endorsementKeyHash' or an 'endorsementKey'");
  check_refused(by_hash(other, "no good!"), "registrationId");
  check_refused("7", "is an object");
}

TEST(AdminAdmittedTpms, ARequestHasAsManyAsItsLimitAndNoMore) {
  std::string list = by_hash(hash);
  for (std::size_t i = 1; i < coordinator::kMaxTpmsPerRequest; ++i) list += "," + by_hash(hash);
  CHECK_EQUAL(200, admit(list).status);
  const Answer refused = admit(list + "," + by_hash(hash));
  CHECK_EQUAL(400, refused.status);
  STRCMP_CONTAINS("at most 500 TPMs", refused.text.c_str());
}

TEST(AdminAdmittedTpms, NeedAGroupOfTpms) {
  CHECK_EQUAL(404, fixture.call("GET", "/berth/v1/enrollmentGroups/nobody/tpms").status);
  CHECK_EQUAL(200,
              fixture
                  .call("PUT", std::string("/enrollmentGroups/keys") + kVersion,
                        R"({"enrollmentGroupId":"keys","attestation":{"type":"symmetricKey"}})")
                  .status);
  const Answer refused = fixture.call("GET", "/berth/v1/enrollmentGroups/keys/tpms");
  CHECK_EQUAL(400, refused.status);
  STRCMP_CONTAINS("is not a group of TPMs", refused.text.c_str());
}

TEST(AdminAdmittedTpms, GoWithTheirGroup) {
  admit(by_hash(hash));
  CHECK_EQUAL(204,
              fixture.call("DELETE", std::string("/enrollmentGroups/fleet") + kVersion).status);
  make_group("fleet");
  CHECK_EQUAL(0U, fixture.call("GET", tpms).rows().size());
}

TEST(AdminAdmittedTpms, EachIsToldToTheAuditLog) {
  admit(by_hash(hash, "Press-7"));
  bool told = false;
  for (const domain::AuditNote& note : fixture.notes()) {
    if (fixture.field(note, "object") != "admitted_tpm") continue;
    told = true;
    STRCMP_EQUAL(hash.c_str(), fixture.field(note, "id").c_str());
    STRCMP_EQUAL("created", fixture.field(note, "change").c_str());
    STRCMP_CONTAINS("Press-7", fixture.field(note, "after").c_str());
  }
  CHECK_TRUE(told);
}

// What Azure's SDKs see of such a group, and send back.
TEST(AdminAdmittedTpms, TheGroupOutlivesAnSdkThatDoesNotKnowIt) {
  const std::string path = std::string("/enrollmentGroups/fleet") + kVersion;
  const Answer seen = fixture.call("GET", path);
  STRCMP_EQUAL(R"({"type":"symmetricKey","tpmGroup":{"certificates":[]}})",
               seen.text_of("attestation").c_str());
  const Answer written = fixture.call(
      "PUT", path,
      R"({"enrollmentGroupId":"fleet","attestation":{"type":"symmetricKey"},"provisioningStatus":"disabled"})",
      {{"If-Match", seen.member("etag")}});
  CHECK_EQUAL(200, written.status);
  STRCMP_EQUAL("disabled", written.member("provisioningStatus").c_str());
  STRCMP_EQUAL(R"({"type":"symmetricKey","tpmGroup":{"certificates":[]}})",
               written.text_of("attestation").c_str());
}
