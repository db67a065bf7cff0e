#include <string>

#include <CppUTest/TestHarness.h>

#include "shared/base/encoding.hpp"
#include "shared/json/join_json.hpp"
#include "tests/unit/coordinator/api/api_fixture.hpp"

using namespace berth;
using berth::testing::Answer;

namespace {

const std::string kGateways = "/berth/v1/gateways";
const std::string kSites = "/berth/v1/sites";
constexpr const char* kGateway = R"({"name":"gw-1","site":"plant-1"})";

}  // namespace

TEST_GROUP(AdminGateways) {
  berth::testing::ApiFixture fixture;

  void setup() override {
    CHECK_EQUAL(201, fixture.call_as_operator("POST", kSites, R"({"siteId":"plant-1"})").status);
  }
  Answer create() {
    return fixture.call_as_operator("POST", kGateways, kGateway);
  }
  Answer join(const std::string& token, const SecretBytes& key) {
    const auto csr = fixture.x509->make_csr("gateway", key);
    return fixture.send("POST", "/berth/v1/gateways:join",
                        R"({"token":")" + token + R"(","csr":")" + to_base64(*csr) + R"("})", {});
  }
  std::string status() {
    return fixture.call_as_operator("GET", kGateways + "/gw-1").member("status");
  }
};

TEST(AdminGateways, ShowsTheJoinTokenOnCreateOnly) {
  const Answer made = create();
  CHECK_EQUAL(201, made.status);
  CHECK(made.member("joinToken").starts_with("berth1."));
  CHECK_EQUAL(32U, made.member("gatewayId").size());
  STRCMP_EQUAL("joining", made.member("status").c_str());
  STRCMP_EQUAL(("[\"" + fixture.tenant.str() + "\"]").c_str(), made.text_of("tenants").c_str());
  CHECK_FALSE(fixture.call_as_operator("GET", kGateways + "/gw-1").has("joinToken"));
  CHECK(fixture.call_as_operator("GET", kGateways).text.find("joinToken\"") == std::string::npos);
}

TEST(AdminGateways, CertifiesAGatewaySKeyForItsToken) {
  const std::string token = create().member("joinToken");
  const auto key = fixture.x509->generate_p256();
  const Answer joined = join(token, key->private_key);
  CHECK_EQUAL(200, joined.status);
  const auto certificate =
      fixture.crypto->parse_certificate(*from_base64(joined.member("certificate")));
  CHECK(certificate->public_key == key->public_key);
  CHECK(*from_base64(joined.member("caCertificate")) == fixture.ca->certificate());
  STRCMP_EQUAL("coordinator.example.test", joined.member("syncHost").c_str());
  STRCMP_EQUAL("active", status().c_str());
  CHECK(fixture.call_as_operator("GET", kGateways + "/gw-1").has("certificateExpiryUtc"));
}

TEST(AdminGateways, GivesTheSameKeyItsCertificateAgainAndAlarmsAtAnother) {
  const std::string token = create().member("joinToken");
  const auto key = fixture.x509->generate_p256();
  const auto other = fixture.x509->generate_p256();
  CHECK_EQUAL(200, join(token, key->private_key).status);
  CHECK_EQUAL(200, join(token, key->private_key).status);
  CHECK_EQUAL(401, join(token, other->private_key).status);
  STRCMP_EQUAL(
      "true",
      fixture.call_as_operator("GET", kGateways + "/gw-1").text_of("joinTokenReused").c_str());
}

TEST(AdminGateways, TellsAnIntruderNothingAndTheLogWhy) {
  const std::string token = create().member("joinToken");
  CHECK_EQUAL(200, join(token, fixture.x509->generate_p256()->private_key).status);
  const Answer refused = join(token, fixture.x509->generate_p256()->private_key);
  STRCMP_EQUAL("Unauthorized", refused.member("message").c_str());
  CHECK(fixture.refusals.back().reason.find("gw-1") != std::string::npos);
}

TEST(AdminGateways, RefusesAJoinRequestThatIsNone) {
  for (const char* body : {"", "{}", R"({"token":"x","csr":"AQID"})"}) {
    const Answer refused = fixture.send("POST", "/berth/v1/gateways:join", body, {});
    CHECK_EQUAL_TEXT(400, refused.status, body);
  }
}

TEST(AdminGateways, DisablesEnablesAndRemoves) {
  const std::string token = create().member("joinToken");
  join(token, fixture.x509->generate_p256()->private_key);
  CHECK_EQUAL(200, fixture.call_as_operator("POST", kGateways + "/gw-1/disable").status);
  STRCMP_EQUAL("disabled", status().c_str());
  CHECK_EQUAL(200, fixture.call_as_operator("POST", kGateways + "/GW-1/enable").status);
  STRCMP_EQUAL("active", status().c_str());
  const std::string id = fixture.call_as_operator("GET", kGateways + "/gw-1").member("gatewayId");
  CHECK_EQUAL(204, fixture.call_as_operator("DELETE", kGateways + "/gw-1").status);
  CHECK_EQUAL(404, fixture.call_as_operator("GET", kGateways + "/gw-1").status);
  STRCMP_EQUAL("removed",
               fixture.call_as_operator("GET", kGateways + "/" + id).member("status").c_str());
  CHECK_EQUAL(409, fixture.call_as_operator("PUT", kGateways + "/" + id, "{}").status);
}

TEST(AdminGateways, MakesAnotherTokenThatVoidsTheFirst) {
  const std::string first = create().member("joinToken");
  const Answer again = fixture.call_as_operator("POST", kGateways + "/gw-1/joinToken");
  CHECK_EQUAL(200, again.status);
  CHECK_EQUAL(401, join(first, fixture.x509->generate_p256()->private_key).status);
  CHECK_EQUAL(200,
              join(again.member("joinToken"), fixture.x509->generate_p256()->private_key).status);
}

TEST(AdminGateways, StartsANewScopeWithAnotherSite) {
  create();
  fixture.call_as_operator("POST", kSites, R"({"siteId":"plant-2"})");
  const auto before = (*fixture.catalog.gateways.find_by_name("gw-1"))->record.scope_version;
  CHECK_EQUAL(200,
              fixture.call_as_operator("PUT", kGateways + "/gw-1", R"({"site":"plant-2"})").status);
  CHECK_EQUAL(before + 1, (*fixture.catalog.gateways.find_by_name("gw-1"))->record.scope_version);
  CHECK_EQUAL(200,
              fixture.call_as_operator("PUT", kGateways + "/gw-1", R"({"name":"gw-2"})").status);
  CHECK_EQUAL(before + 1, (*fixture.catalog.gateways.find_by_name("gw-2"))->record.scope_version);
}

TEST(AdminGateways, RefusesWhatCannotBeAGateway) {
  for (const char* body : {"{}", R"({"name":"gw-1"})", R"({"name":"gw 1","site":"plant-1"})",
                           R"({"name":"gw-1","site":"nowhere"})",
                           R"({"name":"gw-1","site":"plant-1","tenants":["0neFFFFFFFF"]})",
                           R"({"name":"gw-1","site":"plant-1","tenants":[]})"}) {
    CHECK_EQUAL_TEXT(400, fixture.call_as_operator("POST", kGateways, body).status, body);
  }
  create();
  CHECK_EQUAL(409, create().status);
}

TEST(AdminGateways, KeepsASiteWhereAGatewayStands) {
  create();
  CHECK_EQUAL(409, fixture.call_as_operator("DELETE", kSites + "/plant-1").status);
  CHECK_EQUAL(204, fixture.call_as_operator("DELETE", kGateways + "/gw-1").status);
  CHECK_EQUAL(200, fixture.call_as_operator("GET", kSites + "/plant-1").status);
  CHECK_EQUAL(204, fixture.call_as_operator("DELETE", kSites + "/plant-1").status);
  CHECK_EQUAL(404, fixture.call_as_operator("GET", kSites + "/plant-1").status);
  CHECK(fixture.call_as_operator("GET", kSites).rows().empty());
}

TEST(AdminGateways, PutsASiteOnce) {
  CHECK_EQUAL(201, fixture.call_as_operator("PUT", kSites + "/plant-2", "{}").status);
  CHECK_EQUAL(200, fixture.call_as_operator("PUT", kSites + "/plant-2", "{}").status);
  CHECK_EQUAL(400, fixture.call_as_operator("PUT", kSites + "/no%20site", "{}").status);
  CHECK_EQUAL(2U, fixture.call_as_operator("GET", kSites).rows().size());
}
