#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>

#include <CppUTest/TestHarness.h>

#include "coordinator/store/record_writes.hpp"
#include "shared/base/encoding.hpp"
#include "tests/support/test_pki.hpp"
#include "tests/unit/coordinator/api/audited_api_fixture.hpp"

using namespace berth;
using berth::testing::Answer;
using berth::testing::AuditedApiFixture;
using berth::testing::kVersion;

namespace {

const std::string kKeyOne(44, 'A');
constexpr const char* kSite = R"({"siteId":"plant-1"})";
constexpr const char* kGateway = R"({"name":"gw-1","site":"plant-1"})";

std::string hub_body(const std::string& key) {
  return R"({"connectionString":"HostName=hub-a.test;SharedAccessKeyName=iothubowner;)"
         R"(SharedAccessKey=)" +
         key + R"("})";
}

std::string enrollment_body(const std::string& id, const std::string& primary) {
  return R"({"registrationId":")" + id +
         R"(","attestation":{"type":"symmetricKey","symmetricKey":{"primaryKey":")" + primary +
         R"(","secondaryKey":")" + to_base64(Bytes(32, 9)) + R"("}}})";
}

std::string group_body(const std::string& id) {
  return R"({"enrollmentGroupId":")" + id +
         R"(","attestation":{"type":"symmetricKey","symmetricKey":{"primaryKey":")" +
         to_base64(Bytes(32, 5)) + R"(","secondaryKey":")" + to_base64(Bytes(32, 6)) + R"("}}})";
}

}  // namespace

TEST_GROUP(AdminAudit) {
  AuditedApiFixture fixture;
  berth::testing::PkiNode root = berth::testing::make_root({.common_name = "Root"});

  Answer put_enrollment(const std::string& id, const std::string& key,
                        const std::string& if_match = {}) {
    AuditedApiFixture::HeaderList headers;
    if (!if_match.empty()) headers.emplace_back("If-Match", if_match);
    return fixture.call("PUT", "/enrollments/" + id + kVersion, enrollment_body(id, key), headers);
  }
  Answer put_group(const std::string& id) {
    return fixture.call("PUT", "/enrollmentGroups/" + id + kVersion, group_body(id));
  }
  Answer put_with_twin(const std::string& id, const std::string& tag, const std::string& desired,
                       const std::string& information, const std::string& if_match = {}) {
    AuditedApiFixture::HeaderList headers;
    if (!if_match.empty()) headers.emplace_back("If-Match", if_match);
    return fixture.call("PUT", "/enrollments/" + id + kVersion,
                        R"({"registrationId":")" + id +
                            R"(","attestation":{"type":"symmetricKey"},"initialTwin":{"tags":)"
                            R"({"wifi":")" +
                            tag + R"("},"properties":{"desired":{"password":")" + desired +
                            R"("}}},"optionalDeviceInformation":{"note":")" + information +
                            R"("}})",
                        headers);
  }
  const std::string chips = "/berth/v1/enrollmentGroups/chips/tpms";
  static std::string chip(const std::string& number) {
    return std::string(62, 'a') + number;
  }
  // On the list of a group that is made if it is not there.
  Answer admit(const std::string& number) {
    fixture.call("PUT", std::string("/enrollmentGroups/chips") + kVersion,
                 R"({"enrollmentGroupId":"chips","attestation":{"tpmGroup":{}}})");
    return fixture.call("POST", chips,
                        R"({"tpms":[{"endorsementKeyHash":")" + chip(number) + R"("}]})");
  }
  // That step of a roll, in a group and in an enrollment made for it.
  Answer roll_group(const std::string& step) {
    put_group("roll-" + step);
    const std::string roll = "/berth/v1/enrollmentGroups/roll-" + step + "/keyRoll/";
    if (step != "start") fixture.call("POST", roll + "start", "{}");
    return fixture.call("POST", roll + step, "{}");
  }
  Answer roll_enrollment(const std::string& step) {
    put_enrollment("roll-" + step, to_base64(Bytes(32, 1)));
    const std::string roll = "/berth/v1/enrollments/roll-" + step + "/keyRoll/";
    if (step != "start") fixture.call("POST", roll + "start", "{}");
    return fixture.call("POST", roll + step, "{}");
  }
  Answer make_site() {
    return fixture.call_as_operator("POST", "/berth/v1/sites", kSite);
  }
  Answer make_gateway() {
    make_site();
    return fixture.call_as_operator("POST", "/berth/v1/gateways", kGateway);
  }
  Answer link_hub() {
    return fixture.call("POST", "/berth/v1/linkedHubs", hub_body(to_base64(Bytes(32, 3))));
  }
  Answer make_policy() {
    return fixture.call("POST", "/berth/v1/accessPolicies",
                        R"({"keyName":"reader","rights":"EnrollmentRead"})");
  }
  std::string make_tenant() {
    return fixture.call_as_operator("POST", "/berth/v1/tenants", R"({"name":"second"})")
        .member("idScope");
  }
  void register_device(const std::string& id) {
    domain::Registration registration;
    registration.registration_id = domain::RegistrationId::parse(id).value();
    registration.status = domain::RegistrationStatus::assigned;
    store::ChangeSet set;
    set.tenant = fixture.tenant;
    set.changes.push_back(coordinator::put_change(store::Table::registration, id,
                                                  berth::sync::encode(registration), 0));
    CHECK(store::commit_one(fixture.store, std::move(set)).has_value());
  }

  // One that is not uploaded yet, since nobody needs one under two names.
  Answer upload(const std::string& name) {
    root = berth::testing::make_root({.common_name = name});
    return fixture.call("PUT", "/berth/v1/certificates/" + name,
                        R"({"certificate":")" + to_base64(root.certificate) + R"("})");
  }
  Answer ask_for_code(const std::string& name) {
    const std::string etag = upload(name).member("etag");
    return fixture.call("POST", "/berth/v1/certificates/" + name + "/generateVerificationCode", {},
                        {{"If-Match", etag}});
  }

  // A log with some of everything.
  void live() {
    put_enrollment("dev-1", to_base64(Bytes(32, 1)));
    put_group("group-1");
    link_hub();
    make_gateway();
    fixture.call("DELETE", std::string("/enrollments/dev-1") + kVersion);
  }
};

// Whoever adds a route says here how it is called, or that it changes nothing.
TEST(AdminAudit, HasAnEntryForEveryRouteThatChangesSomething) {
  const std::set<std::string> reading{
      "POST /enrollments/query",
      "POST /enrollmentGroups/query",
      "POST /registrations/{enrollmentGroupId}/query",
      "POST /berth/v1/registrations:explain",
      "POST /berth/v1/allocation:dryRun",
  };
  const std::map<std::string, std::function<Answer()>> changing{
      {"PUT /enrollments/{id}",
       [this] { return put_enrollment("dev-a", to_base64(Bytes(32, 1))); }},
      {"DELETE /enrollments/{id}",
       [this] {
         put_enrollment("dev-b", to_base64(Bytes(32, 1)));
         return fixture.call("DELETE", std::string("/enrollments/dev-b") + kVersion);
       }},
      {"POST /enrollments",
       [this] {
         return fixture.call("POST", std::string("/enrollments") + kVersion,
                             R"({"mode":"create","enrollments":[)" +
                                 enrollment_body("dev-c", to_base64(Bytes(32, 1))) + "]}");
       }},
      {"PUT /enrollmentGroups/{id}", [this] { return put_group("group-a"); }},
      {"DELETE /enrollmentGroups/{id}",
       [this] {
         put_group("group-b");
         return fixture.call("DELETE", std::string("/enrollmentGroups/group-b") + kVersion);
       }},
      {"POST /enrollmentGroups",
       [this] {
         return fixture.call(
             "POST", std::string("/enrollmentGroups") + kVersion,
             R"({"mode":"create","enrollmentGroups":[)" + group_body("group-c") + "]}");
       }},
      {"DELETE /registrations/{id}",
       [this] {
         register_device("dev-r");
         return fixture.call("DELETE", std::string("/registrations/dev-r") + kVersion);
       }},
      {"POST /berth/v1/enrollmentGroups/{enrollmentGroupId}/keyRoll/start",
       [this] { return roll_group("start"); }},
      {"POST /berth/v1/enrollmentGroups/{enrollmentGroupId}/keyRoll/finish",
       [this] { return roll_group("finish"); }},
      {"POST /berth/v1/enrollmentGroups/{enrollmentGroupId}/keyRoll/abort",
       [this] { return roll_group("abort"); }},
      {"POST /berth/v1/enrollments/{registrationId}/keyRoll/start",
       [this] { return roll_enrollment("start"); }},
      {"POST /berth/v1/enrollments/{registrationId}/keyRoll/finish",
       [this] { return roll_enrollment("finish"); }},
      {"POST /berth/v1/enrollments/{registrationId}/keyRoll/abort",
       [this] { return roll_enrollment("abort"); }},
      {"POST /berth/v1/enrollmentGroups/{enrollmentGroupId}/tpms", [this] { return admit("01"); }},
      {"DELETE /berth/v1/enrollmentGroups/{enrollmentGroupId}/tpms/{endorsementKeyHash}",
       [this] {
         admit("02");
         return fixture.call("DELETE", chips + "/" + chip("02"));
       }},
      {"POST /berth/v1/tenants",
       [this] {
         return fixture.call_as_operator("POST", "/berth/v1/tenants", R"({"name":"t-1"})");
       }},
      {"PUT /berth/v1/tenants/{idScope}",
       [this] {
         return fixture.call_as_operator("PUT", "/berth/v1/tenants/" + fixture.tenant.str(),
                                         R"({"name":"renamed"})");
       }},
      {"DELETE /berth/v1/tenants/{idScope}",
       [this] { return fixture.call_as_operator("DELETE", "/berth/v1/tenants/" + make_tenant()); }},
      {"POST /berth/v1/sites", [this] { return make_site(); }},
      {"PUT /berth/v1/sites/{siteId}",
       [this] { return fixture.call_as_operator("PUT", "/berth/v1/sites/plant-2", "{}"); }},
      {"DELETE /berth/v1/sites/{siteId}",
       [this] {
         fixture.call_as_operator("POST", "/berth/v1/sites", R"({"siteId":"plant-3"})");
         return fixture.call_as_operator("DELETE", "/berth/v1/sites/plant-3");
       }},
      {"POST /berth/v1/gateways", [this] { return make_gateway(); }},
      {"POST /berth/v1/gateways:join",
       [this] {
         const std::string token =
             fixture.call_as_operator("POST", "/berth/v1/gateways/gw-1/joinToken")
                 .member("joinToken");
         const auto key = fixture.x509->generate_p256();
         const auto csr = fixture.x509->make_csr("gateway", key->private_key);
         return fixture.send("POST", "/berth/v1/gateways:join",
                             R"({"token":")" + token + R"(","csr":")" + to_base64(*csr) + R"("})",
                             {});
       }},
      {"POST /berth/v1/gateways/{gateway}/joinToken",
       [this] { return fixture.call_as_operator("POST", "/berth/v1/gateways/gw-1/joinToken"); }},
      {"PUT /berth/v1/gateways/{gateway}",
       [this] {
         return fixture.call_as_operator("PUT", "/berth/v1/gateways/gw-1",
                                         R"({"name":"gw-1","site":"plant-1"})");
       }},
      {"POST /berth/v1/gateways/{gateway}/disable",
       [this] { return fixture.call_as_operator("POST", "/berth/v1/gateways/gw-1/disable"); }},
      {"POST /berth/v1/gateways/{gateway}/enable",
       [this] { return fixture.call_as_operator("POST", "/berth/v1/gateways/gw-1/enable"); }},
      {"DELETE /berth/v1/gateways/{gateway}",
       [this] { return fixture.call_as_operator("DELETE", "/berth/v1/gateways/gw-1"); }},
      {"POST /berth/v1/linkedHubs", [this] { return link_hub(); }},
      {"PUT /berth/v1/linkedHubs/{hub}",
       [this] {
         return fixture.call("PUT", "/berth/v1/linkedHubs/hub-a.test", R"({"allocationWeight":5})");
       }},
      {"DELETE /berth/v1/linkedHubs/{hub}",
       [this] { return fixture.call("DELETE", "/berth/v1/linkedHubs/hub-a.test"); }},
      {"PUT /berth/v1/settings",
       [this] { return fixture.call("PUT", "/berth/v1/settings", R"({"name":"again"})"); }},
      {"PUT /berth/v1/certificates/{name}", [this] { return upload("root-a"); }},
      {"DELETE /berth/v1/certificates/{name}",
       [this] {
         const std::string etag = upload("root-b").member("etag");
         return fixture.call("DELETE", "/berth/v1/certificates/root-b", {}, {{"If-Match", etag}});
       }},
      {"POST /berth/v1/certificates/{name}/generateVerificationCode",
       [this] { return ask_for_code("root-c"); }},
      {"POST /berth/v1/certificates/{name}/verify",
       [this] {
         const Answer asked = ask_for_code("root-d");
         const auto proof =
             berth::testing::make_leaf(root, {.common_name = asked.member("verificationCode")});
         return fixture.call("POST", "/berth/v1/certificates/root-d/verify",
                             R"({"certificate":")" + to_base64(proof.certificate) + R"("})",
                             {{"If-Match", asked.member("etag")}});
       }},
      {"POST /berth/v1/accessPolicies", [this] { return make_policy(); }},
      {"PUT /berth/v1/accessPolicies/{keyName}",
       [this] {
         return fixture.call("PUT", "/berth/v1/accessPolicies/reader",
                             R"({"rights":"EnrollmentRead, EnrollmentWrite"})");
       }},
      {"POST /berth/v1/accessPolicies/{keyName}/regenerateKey",
       [this] {
         return fixture.call("POST", "/berth/v1/accessPolicies/reader/regenerateKey",
                             R"({"key":"primary"})");
       }},
      {"DELETE /berth/v1/accessPolicies/{keyName}",
       [this] { return fixture.call("DELETE", "/berth/v1/accessPolicies/reader"); }},
  };
  // Those that show keys and change nothing.
  const std::map<std::string, std::function<Answer()>> showing{
      {"POST /enrollments/{id}/attestationmechanism",
       [this] {
         put_enrollment("dev-s", to_base64(Bytes(32, 1)));
         return fixture.call("POST",
                             std::string("/enrollments/dev-s/attestationmechanism") + kVersion);
       }},
      {"POST /enrollmentGroups/{id}/attestationmechanism",
       [this] {
         put_group("group-s");
         return fixture.call(
             "POST", std::string("/enrollmentGroups/group-s/attestationmechanism") + kVersion);
       }},
      {"POST /berth/v1/tenants/{idScope}/listKeys",
       [this] {
         return fixture.call_as_operator("POST",
                                         "/berth/v1/tenants/" + fixture.tenant.str() + "/listKeys");
       }},
      {"POST /berth/v1/accessPolicies/{keyName}/listKeys",
       [this] {
         return fixture.call("POST", std::string("/berth/v1/accessPolicies/") +
                                         coordinator::kOwnerKeyName + "/listKeys");
       }},
      {"POST /berth/v1/enrollments/listKeys",
       [this] { return fixture.call("POST", "/berth/v1/enrollments/listKeys"); }},
      {"POST /berth/v1/enrollmentGroups/listKeys",
       [this] { return fixture.call("POST", "/berth/v1/enrollmentGroups/listKeys"); }},
  };
  // In an order in which one makes what the next needs.
  const std::vector<std::string> last{"DELETE /berth/v1/gateways/{gateway}",
                                      "DELETE /berth/v1/linkedHubs/{hub}",
                                      "PUT /berth/v1/accessPolicies/{keyName}",
                                      "POST /berth/v1/accessPolicies/{keyName}/regenerateKey",
                                      "DELETE /berth/v1/accessPolicies/{keyName}"};
  make_gateway();
  link_hub();
  std::vector<std::string> routes;
  for (const coordinator::Endpoint& endpoint : fixture.api->endpoints()) {
    const std::string route = endpoint.method + " " + endpoint.path;
    if (endpoint.method == "GET" || reading.contains(route)) continue;
    CHECK_TRUE_TEXT(changing.contains(route) || showing.contains(route),
                    ("how is " + route + " called, and has it an entry in the audit log?").c_str());
    if (std::find(last.begin(), last.end(), route) == last.end()) routes.push_back(route);
  }
  routes.insert(routes.end(), last.begin(), last.end());
  for (const std::string& route : routes) {
    const bool exists_already = route == "POST /berth/v1/gateways" ||
                                route == "POST /berth/v1/linkedHubs" ||
                                route == "POST /berth/v1/sites";
    const bool shows = showing.contains(route);
    const Answer answer = shows ? showing.at(route)() : changing.at(route)();
    if (!exists_already) {
      CHECK_TRUE_TEXT(answer.status < 300, (route + ": " + answer.text).c_str());
    }
    bool has_entry = false;
    for (const domain::AuditNote& note : fixture.notes()) {
      has_entry = has_entry || (note.kind == (shows ? "disclosure" : "change") &&
                                AuditedApiFixture::field(note, "operation") == route);
    }
    CHECK_TRUE_TEXT(has_entry, (route + " has no entry in the audit log").c_str());
  }
}

TEST(AdminAudit, SaysWhoDidWhatAndWhatStoodThereBefore) {
  const Answer made = put_enrollment("dev-1", to_base64(Bytes(32, 1)));
  const std::string etag = made.member("etag");
  const Answer replaced = put_enrollment("dev-1", to_base64(Bytes(32, 2)), etag);
  CHECK_EQUAL(200, replaced.status);
  const auto notes = fixture.notes();
  CHECK_EQUAL(2, notes.size());
  const auto field = [&notes](std::size_t at, const std::string& name) {
    return AuditedApiFixture::field(notes[at], name);
  };
  STRCMP_EQUAL(fixture.tenant.str().c_str(), notes[0].tenant.str().c_str());
  STRCMP_EQUAL((std::string("policy ") + coordinator::kOwnerKeyName).c_str(),
               field(0, "actor").c_str());
  STRCMP_EQUAL("PUT /enrollments/{id}", field(0, "operation").c_str());
  STRCMP_EQUAL("individual_enrollment", field(0, "object").c_str());
  STRCMP_EQUAL("dev-1", field(0, "id").c_str());
  STRCMP_EQUAL("created", field(0, "change").c_str());
  STRCMP_EQUAL("", field(0, "before").c_str());
  STRCMP_EQUAL("set", field(0, "secrets").c_str());
  STRCMP_EQUAL("updated", field(1, "change").c_str());
  STRCMP_EQUAL(field(0, "after").c_str(), field(1, "before").c_str());
  CHECK(field(1, "after").find("\"registrationId\":\"dev-1\"") != std::string::npos);
  STRCMP_EQUAL("changed", field(1, "secrets").c_str());
  STRCMP_EQUAL(std::string(replaced.headers.get("x-ms-request-id")).c_str(),
               field(1, "trackingId").c_str());
}

TEST(AdminAudit, SaysWhichTenantBecameTheDefaultOne) {
  const std::string second = make_tenant();
  fixture.call_as_operator("PUT", "/berth/v1/tenants/" + second, R"({"isDefault":true})");
  const auto notes = fixture.notes();
  const auto of_default = std::ranges::find_if(notes, [](const domain::AuditNote& note) {
    return AuditedApiFixture::field(note, "id") == "default-tenant";
  });
  CHECK_TRUE(of_default != notes.end());
  STRCMP_EQUAL("PUT /berth/v1/tenants/{idScope}",
               AuditedApiFixture::field(*of_default, "operation").c_str());
  STRCMP_EQUAL((R"({"idScope":")" + second + R"("})").c_str(),
               AuditedApiFixture::field(*of_default, "after").c_str());
}

TEST(AdminAudit, SaysFromWhereARequestCame) {
  http::Request request;
  request.method = "PUT";
  request.target = std::string("/enrollments/dev-1") + kVersion;
  request.headers.set("Host", berth::testing::kServiceHost);
  request.headers.set("Authorization", fixture.token(coordinator::kOwnerKeyName));
  request.body = enrollment_body("dev-1", to_base64(Bytes(32, 1)));
  request.source = "192.0.2.7";
  CHECK_EQUAL(200, fixture.api->handle(request).status);
  STRCMP_EQUAL("192.0.2.7", AuditedApiFixture::field(fixture.notes().front(), "source").c_str());
}

TEST(AdminAudit, KeepsSilentAboutWhatWasRefused) {
  put_enrollment("dev-1", to_base64(Bytes(32, 1)));
  CHECK_EQUAL(409, put_enrollment("dev-1", to_base64(Bytes(32, 2))).status);
  CHECK_EQUAL(412, put_enrollment("dev-1", to_base64(Bytes(32, 2)), "\"other\"").status);
  CHECK_EQUAL(1, fixture.notes().size());
}

TEST(AdminAudit, ChangesNothingThatItCannotWriteDown) {
  put_enrollment("dev-1", to_base64(Bytes(32, 1)));
  store::ChangeSet squatter;
  squatter.tenant = store::kNode;
  squatter.changes.push_back(
      store::put_segment(fixture.trail.node(), 2, to_bytes(std::string_view("x"))));
  CHECK(store::commit_one(fixture.store, std::move(squatter)).has_value());
  CHECK_TRUE(put_enrollment("dev-2", to_base64(Bytes(32, 1))).status >= 400);
  CHECK_EQUAL(404, fixture.call("GET", std::string("/enrollments/dev-2") + kVersion).status);
}

TEST(AdminAudit, HoldsNoSecret) {
  std::vector<std::string> secrets;
  const auto secret = [&secrets](std::uint8_t fill) {
    secrets.push_back(to_base64(Bytes(32, fill)));
    return secrets.back();
  };
  put_enrollment("dev-1", secret(1));
  secrets.push_back(to_base64(Bytes(32, 9)));
  put_group("group-1");
  secrets.push_back(to_base64(Bytes(32, 5)));
  secrets.push_back(to_base64(Bytes(32, 6)));
  CHECK_EQUAL(201, fixture.call("POST", "/berth/v1/linkedHubs", hub_body(secret(3))).status);
  CHECK_EQUAL(200,
              fixture.call("PUT", "/berth/v1/linkedHubs/hub-a.test", hub_body(secret(4))).status);
  secrets.push_back(make_gateway().member("joinToken"));
  secrets.push_back(
      fixture.call_as_operator("POST", "/berth/v1/gateways/gw-1/joinToken").member("joinToken"));
  const Answer policy = make_policy();
  secrets.push_back(policy.member("primaryKey"));
  secrets.push_back(policy.member("secondaryKey"));
  const Answer rolled =
      fixture.call("POST", "/berth/v1/accessPolicies/reader/regenerateKey", R"({"key":"primary"})");
  secrets.push_back(rolled.member("primaryKey"));
  const Answer tenant =
      fixture.call_as_operator("POST", "/berth/v1/tenants", R"({"name":"second"})");
  for (const auto& row : *tenant.object().at("accessPolicies").if_array()) {
    secrets.emplace_back(row.at("primaryKey").if_string()->c_str());
  }
  // Azure functions are called with their key in the URL.
  CHECK_EQUAL(200, fixture
                       .call("PUT", std::string("/enrollments/dev-w") + kVersion,
                             R"({"registrationId":"dev-w","attestation":{"type":"symmetricKey"},)"
                             R"("allocationPolicy":"custom","customAllocationDefinition":)"
                             R"({"webhookUrl":"https://f.test/api/allocate?code=topsecretcode",)"
                             R"("apiVersion":"2019-03-31"}})")
                       .status);
  secrets.emplace_back("topsecretcode");
  // What devices find in their twin at first, or what is noted about them, may be a password.
  CHECK_EQUAL(200,
              put_with_twin("dev-t", "twintagsecret", "twindesiredsecret", "notedsecret").status);
  CHECK_EQUAL(200, fixture
                       .call("PUT", std::string("/enrollmentGroups/group-t") + kVersion,
                             R"({"enrollmentGroupId":"group-t","attestation":)"
                             R"({"type":"symmetricKey"},"initialTwin":{"tags":)"
                             R"({"wifi":"grouptwinsecret"}}})")
                       .status);
  for (const char* text :
       {"twintagsecret", "twindesiredsecret", "notedsecret", "grouptwinsecret"}) {
    secrets.emplace_back(text);
  }
  for (const char* name : {coordinator::kOwnerKeyName}) {
    const auto owner = (*fixture.catalog.policies.find(fixture.tenant, name))->record;
    secrets.push_back(to_base64(owner.primary_key.reveal()));
    secrets.push_back(to_base64(owner.secondary_key.reveal()));
  }
  const std::string text = fixture.exported();
  CHECK(fixture.notes().size() >= 10);
  for (const std::string& one : secrets) {
    CHECK_FALSE(one.empty());
    CHECK_TRUE_TEXT(text.find(one) == std::string::npos, one.c_str());
    if (const auto raw = from_base64(one)) {
      CHECK_TRUE_TEXT(text.find(to_hex(*raw)) == std::string::npos, one.c_str());
    }
  }
}

TEST(AdminAudit, ShowsNoKeysOfWhichItCannotWriteDownThatTheyWereShown) {
  put_enrollment("dev-1", to_base64(Bytes(32, 1)));
  store::ChangeSet squatter;
  squatter.tenant = store::kNode;
  squatter.changes.push_back(
      store::put_segment(fixture.trail.node(), 2, to_bytes(std::string_view("x"))));
  CHECK(store::commit_one(fixture.store, std::move(squatter)).has_value());
  const Answer answer =
      fixture.call("POST", std::string("/enrollments/dev-1/attestationmechanism") + kVersion);
  CHECK_TRUE(answer.status >= 400);
  CHECK_TRUE(answer.text.find(to_base64(Bytes(32, 1))) == std::string::npos);
}

TEST(AdminAudit, SaysWhoWasShownWhoseKeys) {
  put_enrollment("dev-1", to_base64(Bytes(32, 1)));
  fixture.call("POST", std::string("/enrollments/dev-1/attestationmechanism") + kVersion);
  const domain::AuditNote note = fixture.notes().back();
  STRCMP_EQUAL("disclosure", note.kind.c_str());
  STRCMP_EQUAL(fixture.tenant.str().c_str(), note.tenant.str().c_str());
  STRCMP_EQUAL("dev-1", AuditedApiFixture::field(note, "id").c_str());
  STRCMP_EQUAL((std::string("policy ") + coordinator::kOwnerKeyName).c_str(),
               AuditedApiFixture::field(note, "actor").c_str());
  // Of what is refused nothing was shown.
  fixture.call("POST", std::string("/enrollments/nobody/attestationmechanism") + kVersion);
  STRCMP_EQUAL("dev-1", AuditedApiFixture::field(fixture.notes().back(), "id").c_str());
}

TEST(AdminAudit, TellsATenantThatTheOperatorWasShownItsKeys) {
  std::string spelled = fixture.tenant.str();
  std::ranges::transform(spelled, spelled.begin(), [](char c) { return c == 'A' ? 'a' : c; });
  const std::string path = "/berth/v1/tenants/" + spelled + "/listKeys";
  CHECK_EQUAL(200, fixture.call_as_operator("POST", path).status);
  const domain::AuditNote note = fixture.notes().back();
  STRCMP_EQUAL("disclosure", note.kind.c_str());
  STRCMP_EQUAL(fixture.tenant.str().c_str(), note.tenant.str().c_str());
  // In the tenant's own export it stands in full.
  CHECK(fixture.exported().find("POST /berth/v1/tenants/{idScope}/listKeys") != std::string::npos);
}

TEST(AdminAudit, HidesWhatItDoesNotUnderstandAndSaysWhetherItChanged) {
  const auto put = [this](const std::string& secret, const std::string& etag) {
    AuditedApiFixture::HeaderList headers;
    if (!etag.empty()) headers.emplace_back("If-Match", etag);
    return fixture.call("PUT", std::string("/enrollments/dev-u") + kVersion,
                        R"({"registrationId":"dev-u","attestation":{"type":"symmetricKey"},)"
                        R"("issuancePolicy":{"apiKey":")" +
                            secret + R"("}})",
                        headers);
  };
  const auto last = [this](const std::string& name) {
    return AuditedApiFixture::field(fixture.notes().back(), name);
  };
  const std::string etag = put("unknownsecret", {}).member("etag");
  CHECK(last("after").find(R"x("issuancePolicy":"(hidden)")x") != std::string::npos);
  CHECK_EQUAL(200, put("othersecret", etag).status);
  STRCMP_EQUAL("changed", last("secrets").c_str());
  const std::string text = fixture.exported();
  CHECK_TRUE(text.find("unknownsecret") == std::string::npos);
  CHECK_TRUE(text.find("othersecret") == std::string::npos);
}

TEST(AdminAudit, HidesWhatAWebhookTellsADevice) {
  domain::Registration registration;
  registration.registration_id = domain::RegistrationId::parse("dev-p").value();
  registration.status = domain::RegistrationStatus::assigned;
  registration.payload = R"({"wifi":"payloadsecret"})";
  store::ChangeSet set;
  set.tenant = fixture.tenant;
  set.changes.push_back(coordinator::put_change(store::Table::registration, "dev-p",
                                                berth::sync::encode(registration), 0));
  CHECK(store::commit_one(fixture.store, std::move(set)).has_value());
  CHECK_EQUAL(204, fixture.call("DELETE", std::string("/registrations/dev-p") + kVersion).status);
  const std::string before = AuditedApiFixture::field(fixture.notes().back(), "before");
  CHECK(before.find(R"x("payload":"(hidden)")x") != std::string::npos);
}

TEST(AdminAudit, SaysThatATwinChangedWithoutSayingWhatItIs) {
  const auto last = [this](const std::string& name) {
    return AuditedApiFixture::field(fixture.notes().back(), name);
  };
  Answer answer = put_with_twin("dev-t", "one", "two", "three");
  STRCMP_EQUAL("set", last("secrets").c_str());
  CHECK(last("after").find(R"x("initialTwin":"(hidden)")x") != std::string::npos);
  CHECK(last("after").find(R"x("optionalDeviceInformation":"(hidden)")x") != std::string::npos);
  answer = put_with_twin("dev-t", "one", "two", "three", answer.member("etag"));
  STRCMP_EQUAL("kept", last("secrets").c_str());
  answer = put_with_twin("dev-t", "other", "two", "three", answer.member("etag"));
  STRCMP_EQUAL("changed", last("secrets").c_str());
  answer = put_with_twin("dev-t", "other", "other", "three", answer.member("etag"));
  STRCMP_EQUAL("changed", last("secrets").c_str());
  answer = put_with_twin("dev-t", "other", "other", "other", answer.member("etag"));
  STRCMP_EQUAL("changed", last("secrets").c_str());
}

TEST(AdminAudit, GivesAnExportThatProvesItself) {
  live();
  CHECK_EQUAL(0, fixture.first_broken(AuditedApiFixture::lines_of(fixture.exported())));
}

TEST(AdminAudit, ExportsProveThatNoLineIsMissingRepeatedOrMoved) {
  live();
  const auto lines = AuditedApiFixture::lines_of(fixture.exported());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    auto dropped = lines;
    dropped.erase(dropped.begin() + static_cast<std::ptrdiff_t>(i));
    CHECK_TRUE(fixture.first_broken(dropped) != 0);
    auto repeated = lines;
    repeated.insert(repeated.begin() + static_cast<std::ptrdiff_t>(i), lines[i]);
    CHECK_TRUE(fixture.first_broken(repeated) != 0);
    auto cut = lines;
    cut.resize(i);
    CHECK_TRUE(fixture.first_broken(cut) != 0);
    if (i + 1 == lines.size()) continue;
    auto moved = lines;
    std::swap(moved[i], moved[i + 1]);
    CHECK_TRUE(fixture.first_broken(moved) != 0);
  }
}

TEST(AdminAudit, ExportsProveThatNoByteWasChanged) {
  put_enrollment("dev-1", to_base64(Bytes(32, 1)));
  put_group("group-1");
  const std::string text = fixture.exported();
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string flipped = text;
    flipped[i] = static_cast<char>(flipped[i] ^ (1 << (i % 7)));
    if (flipped.back() != '\n') flipped += '\n';
    CHECK_TRUE_TEXT(fixture.first_broken(AuditedApiFixture::lines_of(flipped)) != 0,
                    std::to_string(i).c_str());
  }
}

TEST(AdminAudit, NamesTheFirstEntryThatWasChanged) {
  live();
  auto lines = AuditedApiFixture::lines_of(fixture.exported());
  const auto at = lines[2].find("group-1");
  CHECK(at != std::string::npos);
  lines[2].replace(at, 7, "group-2");
  CHECK_EQUAL(3, fixture.first_broken(lines));
}

TEST(AdminAudit, ShowsATenantItsOwnEntriesAndProvesTheOthersByTheirHashes) {
  live();
  fixture.clock.advance(std::chrono::seconds(1));  // the older tenant is the default one
  const std::string second = make_tenant();
  CHECK_FALSE(second.empty());
  const std::string text = fixture.exported(coordinator::kOwnerKeyName, "/berth/v1/audit");
  CHECK_EQUAL(0, fixture.first_broken(AuditedApiFixture::lines_of(text)));
  CHECK(text.find("dev-1") != std::string::npos);
  CHECK(text.find("plant-1") == std::string::npos);
  CHECK(text.find(second) == std::string::npos);
  CHECK(text.find("\"hidden\"") != std::string::npos);
}

TEST(AdminAudit, IsForServiceConfigAndTheOperatorOnly) {
  CHECK_EQUAL(401, fixture.send("GET", "/berth/v1/audit", {}, {}).status);
  make_policy();
  CHECK_EQUAL(
      401, fixture.send("GET", "/berth/v1/audit", {}, {{"Authorization", fixture.token("reader")}})
               .status);
  CHECK_EQUAL(401, fixture
                       .send("GET", "/berth/v1/audit/all", {},
                             {{"Authorization", fixture.token(coordinator::kOwnerKeyName)}})
                       .status);
}

TEST(AdminAudit, ExportsATimeSpan) {
  put_enrollment("dev-1", to_base64(Bytes(32, 1)));
  fixture.clock.advance(std::chrono::seconds(10));
  const std::string from = to_iso8601(fixture.clock.wall());
  put_enrollment("dev-2", to_base64(Bytes(32, 1)));
  fixture.clock.advance(std::chrono::seconds(10));
  const std::string until = to_iso8601(fixture.clock.wall());
  put_enrollment("dev-3", to_base64(Bytes(32, 1)));
  const std::string text = fixture.exported(domain::kOperatorKeyName,
                                            "/berth/v1/audit/all?from=" + from + "&until=" + until);
  CHECK_EQUAL(0, fixture.first_broken(AuditedApiFixture::lines_of(text)));
  CHECK(text.find("dev-1") == std::string::npos);
  CHECK(text.find("dev-2") != std::string::npos);
  CHECK(text.find("dev-3") == std::string::npos);
}

TEST(AdminAudit, ExportsNothingOfATimeWithoutEntries) {
  put_enrollment("dev-1", to_base64(Bytes(32, 1)));
  const std::string text =
      fixture.exported(domain::kOperatorKeyName, "/berth/v1/audit/all?from=2099-01-01T00:00:00Z");
  CHECK_EQUAL(0, fixture.first_broken(AuditedApiFixture::lines_of(text)));
  CHECK(text.find("dev-1") == std::string::npos);
}

TEST(AdminAudit, ExportsPageByPageAndProvesThePagesTogether) {
  constexpr std::size_t kEntries = coordinator::kMaxExportedEntries + 10;
  for (std::size_t i = 0; i < kEntries; ++i) {
    store::ChangeSet set;
    set.tenant = store::kNode;
    domain::AuditNote note;
    note.kind = "alarm";
    note.add("text", "number " + std::to_string(i));
    set.notes.push_back(std::move(note));
    CHECK(store::commit_one(fixture.audited, std::move(set)).has_value());
  }
  CHECK_EQUAL(kEntries, fixture.notes().size());
  CHECK_EQUAL(2, fixture.pages);
  CHECK_EQUAL(0, fixture.first_broken(AuditedApiFixture::lines_of(fixture.exported())));
}

TEST(AdminAudit, RefusesAContinuationThatItDidNotSign) {
  live();
  for (const std::string continuation : {"x", "AAAA"}) {
    CHECK_EQUAL(
        400,
        fixture.call_as_operator("GET", "/berth/v1/audit/all?continuation=" + continuation).status);
  }
}

TEST(AdminAudit, TellsOfEveryOperationWithItsTrackingId) {
  const Answer made = put_enrollment("dev-1", to_base64(Bytes(32, 1)));
  const coordinator::ServiceOperation& done = fixture.operations.back();
  STRCMP_EQUAL("Upsert", done.operation_name.c_str());
  STRCMP_EQUAL("IndividualEnrollment", done.object_type.c_str());
  STRCMP_EQUAL("dev-1", done.object_id.c_str());
  STRCMP_EQUAL(std::string(made.headers.get("x-ms-request-id")).c_str(), done.tracking_id.c_str());
  STRCMP_EQUAL(coordinator::kOwnerKeyName, done.caller.c_str());
  CHECK_EQUAL(200, done.status);
  const Answer refused = put_enrollment("dev-1", to_base64(Bytes(32, 1)));
  CHECK_EQUAL(409, fixture.operations.back().status);
  STRCMP_EQUAL(refused.member("trackingId").c_str(), fixture.operations.back().tracking_id.c_str());
  CHECK_FALSE(fixture.operations.back().description.empty());
}
