#include <string>

#include <CppUTest/TestHarness.h>

#include "tests/unit/coordinator/api/api_fixture.hpp"

using namespace berth;
using berth::testing::Answer;

namespace {

const std::string kPolicies = "/berth/v1/accessPolicies";
constexpr const char* kReader =
    R"({"keyName":"reader","rights":"EnrollmentRead, registrationstatusread"})";

}  // namespace

TEST_GROUP(AdminAccessPolicies) {
  berth::testing::ApiFixture fixture;
};

TEST(AdminAccessPolicies, MakesAPolicyThatWorks) {
  const Answer made = fixture.call("POST", kPolicies, kReader);
  CHECK_EQUAL(201, made.status);
  CHECK_EQUAL(88U, made.member("primaryKey").size());
  STRCMP_EQUAL("EnrollmentRead, RegistrationStatusRead", made.member("rights").c_str());
  CHECK_EQUAL(404, fixture
                       .send("GET", std::string("/enrollments/x") + berth::testing::kVersion, {},
                             {{"Authorization", fixture.token("reader")}})
                       .status);
}

TEST(AdminAccessPolicies, ShowsKeysOnlyWhenAsked) {
  const Answer made = fixture.call("POST", kPolicies, kReader);
  CHECK_FALSE(fixture.call("GET", kPolicies + "/reader").has("primaryKey"));
  CHECK(fixture.call("GET", kPolicies).text.find("primaryKey") == std::string::npos);
  STRCMP_EQUAL(made.member("primaryKey").c_str(),
               fixture.call("POST", kPolicies + "/reader/listKeys").member("primaryKey").c_str());
}

TEST(AdminAccessPolicies, RegeneratesOneKeyAndKeepsTheOther) {
  const Answer made = fixture.call("POST", kPolicies, kReader);
  const Answer rolled =
      fixture.call("POST", kPolicies + "/reader/regenerateKey", R"({"key":"primary"})");
  CHECK_EQUAL(200, rolled.status);
  CHECK(rolled.member("primaryKey") != made.member("primaryKey"));
  STRCMP_EQUAL(made.member("secondaryKey").c_str(), rolled.member("secondaryKey").c_str());
  CHECK_EQUAL(
      400, fixture.call("POST", kPolicies + "/reader/regenerateKey", R"({"key":"both"})").status);
}

TEST(AdminAccessPolicies, RefusesToLockTheTenantOut) {
  const std::string owner = kPolicies + "/provisioningserviceowner";
  CHECK_EQUAL(409, fixture.call("DELETE", owner).status);
  CHECK_EQUAL(409, fixture.call("PUT", owner, R"({"rights":"EnrollmentRead"})").status);
  CHECK_EQUAL(
      201,
      fixture.call("POST", kPolicies, R"({"keyName":"admin","rights":"ServiceConfig"})").status);
  CHECK_EQUAL(204, fixture.call("DELETE", owner).status);
}

TEST(AdminAccessPolicies, ChangesRights) {
  fixture.call("POST", kPolicies, kReader);
  const Answer changed =
      fixture.call("PUT", kPolicies + "/reader", R"({"rights":"EnrollmentWrite"})");
  STRCMP_EQUAL("EnrollmentWrite", changed.member("rights").c_str());
  CHECK_EQUAL(412, fixture
                       .call("PUT", kPolicies + "/reader", R"({"rights":"EnrollmentRead"})",
                             {{"If-Match", "\"stale\""}})
                       .status);
}

TEST(AdminAccessPolicies, RefusesWhatCannotBeAPolicy) {
  for (const char* body : {"{}", R"({"keyName":"a"})", R"({"keyName":"a","rights":""})",
                           R"({"keyName":"a","rights":"Everything"})",
                           R"({"keyName":"a b","rights":"EnrollmentRead"})",
                           R"({"keyName":"operator","rights":"EnrollmentRead"})",
                           R"({"keyName":"a","rights":"EnrollmentRead","primaryKey":"AQID"})"}) {
    CHECK_EQUAL_TEXT(400, fixture.call("POST", kPolicies, body).status, body);
  }
  fixture.call("POST", kPolicies, kReader);
  CHECK_EQUAL(409, fixture.call("POST", kPolicies, kReader).status);
  CHECK_EQUAL(404, fixture.call("GET", kPolicies + "/nobody").status);
}
