#include <string>

#include <CppUTest/TestHarness.h>

#include "coordinator/store/record_writes.hpp"
#include "shared/protocol/sync/record_codec.hpp"
#include "shared/store/index_terms.hpp"
#include "tests/unit/coordinator/api/api_fixture.hpp"
#include "tests/unit/shared/json/x509_vector.hpp"

using namespace berth;
using berth::testing::Answer;

namespace {

constexpr const char* kHubs = "/berth/v1/linkedHubs";
constexpr const char* kLink =
    R"({"connectionString":"HostName=Hub-A.test;SharedAccessKeyName=iothubowner;)"
    R"(SharedAccessKey=AQID","registryUrl":"https://10.0.0.3:8443","allocationWeight":7,)"
    R"("location":"hall 1","probeAddress":"10.0.0.3:8443"})";
constexpr const char* kMosquitto =
    R"({"kind":"mosquitto","hostName":"broker.test","userName":"admin","password":"secret"})";

}  // namespace

TEST_GROUP(AdminLinkedHubs) {
  berth::testing::ApiFixture fixture;

  domain::HubId hub_id() {
    return fixture.catalog.hubs.all(fixture.tenant)->front().record.hub_id;
  }
  SecretBytes stored_key() {
    return fixture.catalog.hubs.credential(fixture.tenant, hub_id())->policy_key;
  }
  void check_refused(const std::string& body) {
    CHECK_EQUAL_TEXT(400, fixture.call("POST", kHubs, body).status, body.c_str());
  }
};

TEST(AdminLinkedHubs, LinksAHubAndMasksItsKey) {
  const Answer linked = fixture.call("POST", kHubs, kLink);
  CHECK_EQUAL(201, linked.status);
  STRCMP_EQUAL("hub-a.test", linked.member("hostName").c_str());
  STRCMP_EQUAL("azure-iot-hub", linked.member("kind").c_str());
  STRCMP_EQUAL("HostName=hub-a.test;SharedAccessKeyName=iothubowner;SharedAccessKey=****",
               linked.member("connectionString").c_str());
  STRCMP_EQUAL("https://10.0.0.3:8443", linked.member("registryUrl").c_str());
  STRCMP_EQUAL("10.0.0.3:8443", linked.member("probeAddress").c_str());
  STRCMP_EQUAL("7", linked.text_of("allocationWeight").c_str());
  CHECK_EQUAL(32U, linked.member("hubId").size());
  CHECK(stored_key() == SecretBytes(Bytes{1, 2, 3}));
}

TEST(AdminLinkedHubs, TakesTheIdOfADryRunUnlessItIsOrWasAnotherHubs) {
  const std::string id(32, 'c');
  const auto link = [&](const std::string& name, const std::string& hub) {
    return fixture.call("POST", kHubs,
                        R"({"hostName":")" + name + R"(","policyName":"p","policyKey":"AQID",)" +
                            R"("hubId":")" + hub + "\"}");
  };
  CHECK_EQUAL(400, link("hub-a.test", std::string(31, 'c')).status);
  STRCMP_EQUAL(id.c_str(), link("hub-a.test", id).member("hubId").c_str());
  CHECK_EQUAL(409, link("hub-b.test", id).status);

  const std::string former(32, 'd');
  domain::Registration record;
  record.registration_id = *domain::RegistrationId::parse("dev-1");
  record.hub_id = domain::HubId(former);
  store::Change change;
  change.table = store::Table::registration;
  change.id = "dev-1";
  change.body = sync::encode(record);
  change.terms = store::terms_of(record);
  CHECK(coordinator::commit_change(fixture.store, fixture.tenant, change).has_value());
  CHECK_EQUAL(409, link("hub-b.test", former).status);
}

TEST(AdminLinkedHubs, FillsInWhatIsLeftOut) {
  const Answer linked = fixture.call(
      "POST", kHubs, R"({"hostName":"hub-b.test","policyName":"p","policyKey":"AQID"})");
  CHECK_EQUAL(201, linked.status);
  STRCMP_EQUAL("https://hub-b.test", linked.member("registryUrl").c_str());
  STRCMP_EQUAL("1", linked.text_of("allocationWeight").c_str());
  STRCMP_EQUAL("true", linked.text_of("applyAllocationPolicy").c_str());
  STRCMP_EQUAL("gateway", linked.member("apply").c_str());
}

TEST(AdminLinkedHubs, IsNotLinkedWhereNobodyWouldWriteToIt) {
  const Answer refused = fixture.call(
      "POST", kHubs,
      R"({"hostName":"hub-b.test","policyName":"p","policyKey":"AQID","apply":"coordinator"})");
  CHECK_EQUAL(400, refused.status);
  CHECK(refused.text.find("gateways write to their hubs") != std::string::npos);
  CHECK_EQUAL(0U, fixture.call("GET", kHubs).rows().size());
}

TEST(AdminLinkedHubs, IsFoundByHostNameAndById) {
  const std::string id = fixture.call("POST", kHubs, kLink).member("hubId");
  CHECK_EQUAL(200, fixture.call("GET", kHubs + std::string("/HUB-A.test")).status);
  CHECK_EQUAL(200, fixture.call("GET", kHubs + std::string("/") + id).status);
  CHECK_EQUAL(404, fixture.call("GET", kHubs + std::string("/hub-b.test")).status);
  CHECK_EQUAL(1U, fixture.call("GET", kHubs).rows().size());
}

TEST(AdminLinkedHubs, KeepsTheKeyWhenItComesBackMasked) {
  const Answer linked = fixture.call("POST", kHubs, kLink);
  const Answer updated = fixture.call("PUT", kHubs + std::string("/hub-a.test"), linked.text,
                                      {{"If-Match", linked.member("etag")}});
  CHECK_EQUAL(200, updated.status);
  CHECK(stored_key() == SecretBytes(Bytes{1, 2, 3}));
  CHECK(hub_id().str() == linked.member("hubId"));
}

TEST(AdminLinkedHubs, ReplacesAKeyThatWasRolled) {
  fixture.call("POST", kHubs, kLink);
  CHECK_EQUAL(
      200,
      fixture.call("PUT", kHubs + std::string("/hub-a.test"), R"({"policyKey":"BAUG"})").status);
  CHECK(stored_key() == SecretBytes(Bytes{4, 5, 6}));
}

TEST(AdminLinkedHubs, AsksForTheKeyOfAnotherPolicy) {
  fixture.call("POST", kHubs, kLink);
  CHECK_EQUAL(
      400,
      fixture.call("PUT", kHubs + std::string("/hub-a.test"), R"({"policyName":"other"})").status);
}

TEST(AdminLinkedHubs, RefusesAStaleEtag) {
  fixture.call("POST", kHubs, kLink);
  const std::string path = kHubs + std::string("/hub-a.test");
  CHECK_EQUAL(412, fixture.call("PUT", path, "{}", {{"If-Match", "\"stale\""}}).status);
  CHECK_EQUAL(412, fixture.call("DELETE", path, {}, {{"If-Match", "\"stale\""}}).status);
}

TEST(AdminLinkedHubs, UnlinksAHub) {
  fixture.call("POST", kHubs, kLink);
  CHECK_EQUAL(204, fixture.call("DELETE", kHubs + std::string("/hub-a.test")).status);
  CHECK(fixture.call("GET", kHubs).rows().empty());
}

TEST(AdminLinkedHubs, UnlinksAHubThatRecordsReferToAndWarnsOfThem) {
  fixture.call("POST", kHubs, kLink);
  const auto enroll = [&](const std::string& path, const std::string& members) {
    const Answer put = fixture.call("PUT", path + berth::testing::kVersion,
                                    R"({"attestation":{"type":"symmetricKey"},)" + members + "}");
    CHECK_EQUAL(200, put.status);
  };
  enroll("/enrollments/dev-1",
         R"("registrationId":"dev-1","iotHubs":["hub-z.test","Hub-A.test","hub-a.TEST"])");
  enroll("/enrollments/dev-2", R"("registrationId":"dev-2","iotHubHostName":"hub-a.test")");
  enroll("/enrollments/dev-3", R"("registrationId":"dev-3")");
  enroll("/enrollmentGroups/line", R"("enrollmentGroupId":"line","iotHubs":["hub-a.test"])");
  domain::Registration record;
  record.registration_id = *domain::RegistrationId::parse("dev-3");
  store::Change change;
  change.table = store::Table::registration;
  change.id = "dev-3";
  change.body = sync::encode(record);
  // It was linked before, with another ID.
  change.terms = {store::hub_term("hub-a.test")};
  CHECK(coordinator::commit_change(fixture.store, fixture.tenant, change).has_value());

  const Answer unlinked = fixture.call("DELETE", kHubs + std::string("/hub-a.test"));
  CHECK_EQUAL(200, unlinked.status);
  STRCMP_EQUAL("hub-a.test", unlinked.member("hostName").c_str());
  STRCMP_EQUAL("2", unlinked.text_of("individualEnrollments").c_str());
  STRCMP_EQUAL("1", unlinked.text_of("enrollmentGroups").c_str());
  STRCMP_EQUAL("1", unlinked.text_of("registrations").c_str());
  const std::string warning = unlinked.member("warning");
  CHECK_TRUE_TEXT(warning.starts_with("2 individual enrollments and 1 enrollment group name "
                                      "hub-a.test: their devices are refused"),
                  warning.c_str());
  CHECK_TRUE_TEXT(
      warning.find(" 1 device is registered in it and stays there") != std::string::npos,
      warning.c_str());
  CHECK_EQUAL(404, fixture.call("GET", kHubs + std::string("/hub-a.test")).status);
}

TEST(AdminLinkedHubs, WarnsOfNothingOnceTheEnrollmentsNameAnotherHub) {
  fixture.call("POST", kHubs, kLink);
  const std::string path = std::string("/enrollments/dev-1") + berth::testing::kVersion;
  const auto body = [](const std::string& hub) {
    return R"({"registrationId":"dev-1","attestation":{"type":"symmetricKey"},"iotHubs":[")" + hub +
           R"("]})";
  };
  CHECK_EQUAL(200, fixture.call("PUT", path, body("hub-a.test")).status);
  CHECK_EQUAL(200, fixture.call("PUT", path, body("hub-b.test"), {{"If-Match", "*"}}).status);
  const Answer unlinked = fixture.call("DELETE", kHubs + std::string("/hub-a.test"));
  CHECK_EQUAL(204, unlinked.status);
  STRCMP_EQUAL("", unlinked.text.c_str());
}

TEST(AdminLinkedHubs, LinksAHubOnce) {
  fixture.call("POST", kHubs, kLink);
  CHECK_EQUAL(409, fixture.call("POST", kHubs, kLink).status);
}

TEST(AdminLinkedHubs, RefusesWhatCannotBeAHub) {
  const std::string credential = R"("policyName":"p","policyKey":"AQID")";
  check_refused("{}");
  check_refused(R"({"hostName":"hub-a.test"})");
  check_refused("{" + credential + "}");
  check_refused(R"({"hostName":"hub a",)" + credential + "}");
  check_refused(R"({"hostName":"hub-a.test","registryUrl":"http://hub-a.test",)" + credential +
                "}");
  check_refused(R"({"hostName":"hub-a.test","registryUrl":"https://hub-a.test/path",)" +
                credential + "}");
  check_refused(R"({"hostName":"hub-a.test","registryUrl":"https://127.0.0.3",)" + credential +
                "}");
  check_refused(R"({"hostName":"hub-a.test","probeAddress":"169.254.169.254",)" + credential + "}");
  check_refused(R"({"hostName":"hub-a.test","allocationWeight":0,)" + credential + "}");
  check_refused(R"({"hostName":"hub-a.test","allocationWeight":1001,)" + credential + "}");
  check_refused(R"({"hostName":"hub-a.test","kind":"fax",)" + credential + "}");
  check_refused(R"({"hostName":"hub-a.test","caCertificate":"x!",)" + credential + "}");
  check_refused(R"({"connectionString":"HostName=hub-a.test;SharedAccessKeyName=p;)"
                R"(SharedAccessKey=****"})");
}

TEST(AdminLinkedHubs, AllowsTheSmallestAndTheLargestWeight) {
  fixture.call("POST", kHubs, kLink);
  const std::string path = kHubs + std::string("/hub-a.test");
  CHECK_EQUAL(200, fixture.call("PUT", path, R"({"allocationWeight":1})").status);
  CHECK_EQUAL(200, fixture.call("PUT", path, R"({"allocationWeight":1000})").status);
}

TEST(AdminLinkedHubs, KeepsAndShowsTheCaCertificate) {
  std::string pem;
  for (const char* c = berth::testing::kVectorPem; *c != '\0'; ++c) {
    pem += *c == '\n' ? std::string("\\n") : std::string(1, *c);
  }
  fixture.call("POST", kHubs, kLink);
  const Answer updated = fixture.call("PUT", kHubs + std::string("/hub-a.test"),
                                      R"({"caCertificate":")" + pem + R"("})");
  STRCMP_EQUAL(berth::testing::kVectorPem, updated.member("caCertificate").c_str());
  CHECK_FALSE(fixture.call("PUT", kHubs + std::string("/hub-a.test"), R"({"caCertificate":""})")
                  .has("caCertificate"));
}

TEST(AdminLinkedHubs, PacesAnIotHubAsItsSmallestUnitUnlessToldOtherwise) {
  STRCMP_EQUAL("100", fixture.call("POST", kHubs, kLink).text_of("requestsPerMinute").c_str());
  const std::string path = kHubs + std::string("/hub-a.test");
  STRCMP_EQUAL(
      "0",
      fixture.call("PUT", path, R"({"requestsPerMinute":0})").text_of("requestsPerMinute").c_str());
  CHECK_EQUAL(200, fixture.call("PUT", path, R"({"requestsPerMinute":1000000})").status);
  CHECK_EQUAL(400, fixture.call("PUT", path, R"({"requestsPerMinute":1000001})").status);
  STRCMP_EQUAL("1000000", fixture.call("PUT", path, "{}").text_of("requestsPerMinute").c_str());
}

TEST(AdminLinkedHubs, LinksAMosquittoByItsAdministratorsLogin) {
  const Answer linked = fixture.call("POST", kHubs, kMosquitto);
  CHECK_EQUAL(201, linked.status);
  STRCMP_EQUAL("mosquitto", linked.member("kind").c_str());
  STRCMP_EQUAL("mqtts://broker.test", linked.member("registryUrl").c_str());
  STRCMP_EQUAL("admin", linked.member("userName").c_str());
  STRCMP_EQUAL("0", linked.text_of("requestsPerMinute").c_str());
  CHECK_FALSE(linked.has("connectionString"));
  CHECK_TRUE(linked.text.find("secret") == std::string::npos);
  CHECK(stored_key() == SecretBytes::copy_of(as_bytes("secret")));
}

TEST(AdminLinkedHubs, TakesAMosquittosPortAndNothingAfterIt) {
  fixture.call("POST", kHubs, kMosquitto);
  const std::string path = kHubs + std::string("/broker.test");
  STRCMP_EQUAL("mqtts://10.0.0.3:8884",
               fixture.call("PUT", path, R"({"registryUrl":"mqtts://10.0.0.3:8884/"})")
                   .member("registryUrl")
                   .c_str());
  for (const char* url : {"https://10.0.0.3", "mqtt://10.0.0.3", "mqtts://10.0.0.3/x",
                          "mqtts://127.0.0.1", "mqtts://169.254.169.254", "mqtts://a@b"}) {
    CHECK_EQUAL(400,
                fixture.call("PUT", path, R"({"registryUrl":")" + std::string(url) + "\"}").status);
  }
}

TEST(AdminLinkedHubs, ChangesAMosquittosLogin) {
  fixture.call("POST", kHubs, kMosquitto);
  const std::string path = kHubs + std::string("/broker.test");
  const auto before = *fixture.catalog.hubs.credential(fixture.tenant, hub_id());
  CHECK_EQUAL(400, fixture.call("PUT", path, R"({"userName":"other"})").status);
  CHECK_EQUAL(200, fixture.call("PUT", path, R"({"password":"****"})").status);
  CHECK(stored_key() == SecretBytes::copy_of(as_bytes("secret")));
  CHECK_EQUAL(200, fixture.call("PUT", path, R"({"userName":"other","password":"new"})").status);
  const auto after = *fixture.catalog.hubs.credential(fixture.tenant, hub_id());
  STRCMP_EQUAL("other", after.policy_name.c_str());
  CHECK(after.policy_key == SecretBytes::copy_of(as_bytes("new")));
  // The gateways' own passwords stay: their connections would end.
  CHECK(after.gateway_secret == before.gateway_secret);
  LONGS_EQUAL(32, after.gateway_secret.size());
}

TEST(AdminLinkedHubs, AHubKeepsItsKind) {
  fixture.call("POST", kHubs, kMosquitto);
  CHECK_EQUAL(400, fixture
                       .call("PUT", kHubs + std::string("/broker.test"),
                             R"({"kind":"azure-iot-hub","policyName":"p","policyKey":"AQID"})")
                       .status);
}

TEST(AdminLinkedHubs, RefusesWhatCannotBeAMosquitto) {
  check_refused(R"({"kind":"mosquitto","hostName":"broker.test"})");
  check_refused(R"({"kind":"mosquitto","hostName":"broker.test","userName":"admin"})");
  check_refused(R"({"kind":"mosquitto","userName":"admin","password":"secret"})");
  check_refused(R"({"kind":"mosquitto","hostName":"b.test","userName":"a","password":""})");
  check_refused(R"({"kind":"mosquitto","hostName":"b.test","policyName":"p","policyKey":"AQID"})");
  check_refused(R"({"kind":"mosquitto","hostName":"b.test","userName":"a","password":")" +
                std::string(257, 'x') + "\"}");
  CHECK_EQUAL(201,
              fixture
                  .call("POST", kHubs,
                        R"({"kind":"mosquitto","hostName":"b.test","userName":"a","password":")" +
                            std::string(256, 'x') + "\"}")
                  .status);
}
