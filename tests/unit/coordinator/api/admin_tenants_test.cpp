#include <chrono>
#include <string>

#include <CppUTest/TestHarness.h>

#include "shared/base/encoding.hpp"
#include "tests/unit/coordinator/api/api_fixture.hpp"

using namespace berth;
using berth::testing::Answer;

namespace {

const std::string kTenants = "/berth/v1/tenants";
constexpr const char* kAcme = R"({"name":"acme","hostNames":["ACME.example.test"]})";

}  // namespace

TEST_GROUP(AdminTenants) {
  berth::testing::ApiFixture fixture;

  void setup() override {
    fixture.clock.advance(std::chrono::seconds(1));
  }
};

TEST(AdminTenants, MakesATenantWhoseOwnerIsShownOnceAndWorks) {
  const Answer made = fixture.call_as_operator("POST", kTenants, kAcme);
  CHECK_EQUAL(201, made.status);
  CHECK(domain::parse_id_scope(made.member("idScope")).has_value());
  const auto& owner = *made.object().if_contains("accessPolicies")->if_array()->at(0).if_object();
  const std::string key = owner.if_contains("primaryKey")->if_string()->c_str();
  const std::string token = protocol::make_sas_token(
      "acme.example.test", SecretBytes(*from_base64(key)), unix_seconds(fixture.clock.wall()) + 60,
      "provisioningserviceowner", *fixture.crypto);
  const Answer settings = fixture.send("GET", "/berth/v1/settings", {},
                                       {{"Authorization", token}, {"Host", "acme.example.test"}});
  STRCMP_EQUAL(made.member("idScope").c_str(), settings.member("idScope").c_str());
  CHECK_FALSE(fixture.call_as_operator("GET", kTenants + "/" + made.member("idScope"))
                  .has("accessPolicies"));
}

TEST(AdminTenants, ListsTheDefaultTenantFirst) {
  fixture.call_as_operator("POST", kTenants, kAcme);
  const Answer listed = fixture.call_as_operator("GET", kTenants);
  CHECK_EQUAL(2U, listed.rows().size());
  CHECK(*listed.rows()[0].if_object()->if_contains("isDefault")->if_bool());
  CHECK_FALSE(*listed.rows()[1].if_object()->if_contains("isDefault")->if_bool());
}

TEST(AdminTenants, MakesAnotherTenantTheDefaultWhichThenCannotBeDeleted) {
  const std::string scope = fixture.call_as_operator("POST", kTenants, kAcme).member("idScope");
  const std::string acme = kTenants + "/" + scope;
  CHECK_EQUAL(400, fixture
                       .call_as_operator("PUT", kTenants + "/" + fixture.tenant.str(),
                                         R"({"isDefault":false})")
                       .status);
  const Answer changed = fixture.call_as_operator("PUT", acme, R"({"isDefault":true})");
  CHECK(*changed.object().if_contains("isDefault")->if_bool());
  CHECK_EQUAL(409, fixture.call_as_operator("DELETE", acme).status);
  // The host that nobody claims is now the other tenant's: the first one's keys open nothing there.
  CHECK_EQUAL(401, fixture.call("GET", "/berth/v1/settings").status);
  CHECK_EQUAL(204,
              fixture.call_as_operator("DELETE", kTenants + "/" + fixture.tenant.str()).status);
}

TEST(AdminTenants, MakesATenantTheDefaultAtOnce) {
  const Answer made = fixture.call_as_operator(
      "POST", kTenants, R"({"name":"acme","hostNames":[],"isDefault":true})");
  CHECK_EQUAL(201, made.status);
  CHECK(*made.object().if_contains("isDefault")->if_bool());
  CHECK_FALSE(*fixture.call_as_operator("GET", kTenants + "/" + fixture.tenant.str())
                   .object()
                   .if_contains("isDefault")
                   ->if_bool());
}

TEST(AdminTenants, ListsKeysForTheOperator) {
  const Answer keys =
      fixture.call_as_operator("POST", kTenants + "/" + fixture.tenant.str() + "/listKeys");
  CHECK_EQUAL(1U, keys.rows().size());
  CHECK(keys.text.find("primaryKey") != std::string::npos);
}

TEST(AdminTenants, ChangesNamesAndKeepsWhatIsLeftOut) {
  const std::string scope = fixture.call_as_operator("POST", kTenants, kAcme).member("idScope");
  const Answer changed =
      fixture.call_as_operator("PUT", kTenants + "/" + to_lower(scope), R"({"name":"acme 2"})");
  CHECK_EQUAL(200, changed.status);
  STRCMP_EQUAL("acme 2", changed.member("name").c_str());
  STRCMP_EQUAL(R"(["acme.example.test"])", changed.text_of("hostNames").c_str());
}

TEST(AdminTenants, DeletesATenantButNotTheDefaultOne) {
  const std::string scope = fixture.call_as_operator("POST", kTenants, kAcme).member("idScope");
  CHECK_EQUAL(204, fixture.call_as_operator("DELETE", kTenants + "/" + scope).status);
  CHECK_EQUAL(409,
              fixture.call_as_operator("DELETE", kTenants + "/" + fixture.tenant.str()).status);
  CHECK_EQUAL(404, fixture.call_as_operator("GET", kTenants + "/" + scope).status);
}

TEST(AdminTenants, RefusesWhatCannotBeATenant) {
  for (const char* body :
       {"{}", R"({"name":""})", R"({"name":"a","hostNames":["a:443"]})",
        R"({"name":"a","hostNames":"a"})", R"({"name":"a","allocationPolicy":"custom"})"}) {
    CHECK_EQUAL_TEXT(400, fixture.call_as_operator("POST", kTenants, body).status, body);
  }
  CHECK_EQUAL(400, fixture.call_as_operator("GET", kTenants + "/nonsense").status);
  CHECK_EQUAL(
      201,
      fixture.call_as_operator("POST", kTenants, R"({"name":")" + std::string(64, 'n') + R"("})")
          .status);
  CHECK_EQUAL(
      400,
      fixture.call_as_operator("POST", kTenants, R"({"name":")" + std::string(65, 'n') + R"("})")
          .status);
}

TEST(AdminTenants, LetsATenantSetItsAllocationPolicyButNotItsNames) {
  const Answer changed = fixture.call("PUT", "/berth/v1/settings",
                                      R"({"allocationPolicy":"GeoLatency","name":"mine"})");
  STRCMP_EQUAL("geoLatency", changed.member("allocationPolicy").c_str());
  STRCMP_EQUAL("default", changed.member("name").c_str());
  CHECK_EQUAL(412, fixture
                       .call("PUT", "/berth/v1/settings", R"({"allocationPolicy":"static"})",
                             {{"If-Match", "\"stale\""}})
                       .status);
}
