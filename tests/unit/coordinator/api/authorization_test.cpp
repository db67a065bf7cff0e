#include "coordinator/api/authorization.hpp"

#include <chrono>
#include <string>

#include <CppUTest/TestHarness.h>

#include "shared/base/encoding.hpp"
#include "tests/unit/coordinator/api/api_fixture.hpp"

using namespace berth;
using berth::testing::Answer;
using berth::testing::kServiceHost;
using coordinator::host_without_port;

namespace {

// Keys and tokens of the service API's vectors (service API 12.1); se is the fixture's "now".
constexpr const char* kK1 =
    "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAhIiMkJSYnKCkqKywtLi8wMTIzNDU2Nzg5Ojs8PT4/QA==";
constexpr const char* kK2 =
    "QD8+PTw7Ojk4NzY1NDMyMTAvLi0sKyopKCcmJSQjIiEgHx4dHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQ==";
constexpr const char* kTokenA =
    "SharedAccessSignature sr=mydps.example.test&sig=itWku6znpBWmcVcEvtfA31iu9bJYuLv98DO%2BhbVvMLw"
    "%3D&se=1767225600&skn=service";
constexpr const char* kTokenB =
    "SharedAccessSignature sr=mydps.example.test&sig=bud9VT6IiG%2FSVsZwjZf1HCxUaWQoucys0vV17%2FCwKz"
    "g%3D&se=1767225600&skn=service";
constexpr const char* kTokenC =
    "SharedAccessSignature sr=mydps.example.test%2Fenrollments&sig=4tFtSZpK6YfwqSt5pqXr12Gg7qSzAyVP"
    "m%2BdHJaxoSIw%3D&se=1767225600&skn=service";

}  // namespace

TEST_GROUP(Authorization) {
  berth::testing::ApiFixture fixture;

  void setup() override {
    add_policy("service", domain::kAllAccessRights);
    fixture.clock.set_wall(from_unix_seconds(1767225000));
  }
  void add_policy(const std::string& name, domain::AccessRights rights) {
    domain::AccessPolicy policy;
    policy.key_name = name;
    policy.primary_key = SecretBytes(*from_base64(kK1));
    policy.secondary_key = SecretBytes(*from_base64(kK2));
    policy.rights = rights;
    CHECK(fixture.catalog.policies.put(fixture.tenant, policy, 0).has_value());
  }
  int status_of(const std::string& token, const std::string& path = "/enrollments/x",
                const std::string& host = kServiceHost) {
    return fixture
        .send("GET", path + berth::testing::kVersion, {},
              {{"Authorization", token}, {"Host", host}})
        .status;
  }
};

TEST(Authorization, AcceptsEitherKeyOfThePolicy) {
  CHECK_EQUAL(404, status_of(kTokenA));
  CHECK_EQUAL(404, status_of(kTokenB));
}

TEST(Authorization, AcceptsATokenForThePathAndWhatIsBelow) {
  CHECK_EQUAL(404, status_of(kTokenC, "/enrollments/x"));
  CHECK_EQUAL(401, status_of(kTokenC, "/enrollmentGroups/x"));
  CHECK_EQUAL(401, status_of(kTokenC, "/registrations/x"));
}

TEST(Authorization, RefusesAChangedSignatureOrExpiry) {
  std::string changed = kTokenA;
  changed.replace(changed.find("sig=i"), 5, "sig=j");
  CHECK_EQUAL(401, status_of(changed));
  changed = kTokenA;
  changed.replace(changed.find("1767225600"), 10, "1767225601");
  CHECK_EQUAL(401, status_of(changed));
}

TEST(Authorization, AllowsForClocksThatDifferAndNoMore) {
  fixture.clock.set_wall(from_unix_seconds(1767225600 + 299));
  CHECK_EQUAL(404, status_of(kTokenA));
  fixture.clock.set_wall(from_unix_seconds(1767225600 + 301));
  CHECK_EQUAL(401, status_of(kTokenA));
}

TEST(Authorization, AcceptsEveryNameThatTheServiceIsReachedBy) {
  for (const char* resource : {"127.0.0.2", "other.example.test:8443"}) {
    CHECK_EQUAL(404, status_of(fixture.token("service", resource), "/enrollments/x", resource));
  }
  // A token for the bare host, sent to host:port.
  CHECK_EQUAL(404, status_of(kTokenA, "/enrollments/x", "mydps.example.test:8443"));
  CHECK_EQUAL(401, status_of(kTokenA, "/enrollments/x", "other.example.test"));
}

TEST(Authorization, RefusesWhatIsNoToken) {
  for (const char* token :
       {"", "Bearer abc", "SharedAccessSignature ", "SharedAccessSignature sr=x"}) {
    CHECK_EQUAL(401, status_of(token));
  }
}

TEST(Authorization, SaysTheSameOfAnUnknownPolicyAndAWrongKey) {
  const SecretBytes wrong(Bytes(32, 9));
  const auto answer_for = [&](const std::string& name) {
    const std::string token =
        protocol::make_sas_token(kServiceHost, wrong, 1767225600, name, *fixture.crypto);
    return fixture.send("GET", std::string("/enrollments/x") + berth::testing::kVersion, {},
                        {{"Authorization", token}});
  };
  const Answer unknown = answer_for("nobody");
  const Answer known = answer_for("service");
  CHECK_EQUAL(401, unknown.status);
  CHECK_EQUAL(401, known.status);
  STRCMP_EQUAL(unknown.member("message").c_str(), known.member("message").c_str());
}

TEST(Authorization, RefusesAnAllZeroKeyOfAPolicyThatDoesNotExist) {
  const std::string token = protocol::make_sas_token(kServiceHost, SecretBytes(Bytes(64)),
                                                     1767225600, "nobody", *fixture.crypto);
  CHECK_EQUAL(401, status_of(token));
}

TEST(Authorization, AsksForTheRightOfEachOperation) {
  using domain::AccessRight;
  struct Row {
    AccessRight right;
    const char* method;
    const char* path;
  };
  const Row rows[] = {
      {AccessRight::enrollment_read, "GET", "/enrollments/x"},
      {AccessRight::enrollment_read, "POST", "/enrollments/query"},
      {AccessRight::enrollment_write, "PUT", "/enrollments/x"},
      {AccessRight::enrollment_write, "DELETE", "/enrollments/x"},
      {AccessRight::enrollment_write, "POST", "/enrollments"},
      {AccessRight::enrollment_write, "POST", "/enrollments/x/attestationmechanism"},
      {AccessRight::enrollment_read, "GET", "/enrollmentGroups/x"},
      {AccessRight::enrollment_read, "POST", "/enrollmentGroups/query"},
      {AccessRight::enrollment_write, "PUT", "/enrollmentGroups/x"},
      {AccessRight::enrollment_write, "DELETE", "/enrollmentGroups/x"},
      {AccessRight::enrollment_write, "POST", "/enrollmentGroups"},
      {AccessRight::enrollment_write, "POST", "/enrollmentGroups/x/attestationmechanism"},
      {AccessRight::registration_status_read, "GET", "/registrations/x"},
      {AccessRight::registration_status_read, "POST", "/registrations/x/query"},
      {AccessRight::registration_status_write, "DELETE", "/registrations/x"},
      {AccessRight::service_config, "PUT", "/berth/v1/settings"},
      {AccessRight::service_config, "POST", "/berth/v1/linkedHubs"},
      {AccessRight::service_config, "GET", "/berth/v1/accessPolicies"},
  };
  for (const auto right :
       {AccessRight::service_config, AccessRight::enrollment_read, AccessRight::enrollment_write,
        AccessRight::registration_status_read, AccessRight::registration_status_write}) {
    const std::string name(coordinator::right_text(right));
    add_policy(name, static_cast<domain::AccessRights>(right));
    for (const Row& row : rows) {
      const Answer answer =
          fixture.send(row.method, std::string(row.path) + berth::testing::kVersion, "{}",
                       {{"Authorization", fixture.token(name)}});
      CHECK_EQUAL_TEXT(row.right == right, answer.status != 401, row.path);
    }
  }
}

TEST(Authorization, KeepsOperatorAndTenantApart) {
  CHECK_EQUAL(401, status_of(fixture.token("operator"), "/enrollments/x"));
  CHECK_EQUAL(401, status_of(fixture.token("service"), "/berth/v1/tenants"));
  CHECK_EQUAL(200, status_of(fixture.token("operator"), "/berth/v1/tenants"));
}

TEST(Authorization, GivesATenantSPolicyNoPowerOverAnother) {
  domain::TenantSettings settings;
  settings.name = "acme";
  settings.host_names = {"acme.example.test"};
  fixture.clock.advance(std::chrono::seconds(1));
  CHECK(fixture.catalog.tenants.create(settings).has_value());
  CHECK_EQUAL(401, status_of(fixture.token("service", "acme.example.test"), "/enrollments/x",
                             "acme.example.test"));
}

TEST(Authorization, TakesThePortOffAHost) {
  CHECK(host_without_port("a.test:443") == "a.test");
  CHECK(host_without_port("a.test") == "a.test");
  CHECK(host_without_port("[::1]:443") == "::1");
  CHECK(host_without_port("[::1]") == "::1");
  CHECK(host_without_port("") == "");
}
