#include <string>

#include <CppUTest/TestHarness.h>

#include "shared/json/certificate_text.hpp"
#include "tests/support/test_pki.hpp"
#include "tests/unit/coordinator/api/api_fixture.hpp"

using namespace berth;
using berth::testing::Answer;

namespace {

const std::string kIndividuals = "/berth/v1/enrollments";
const std::string kGroups = "/berth/v1/enrollmentGroups";
constexpr const char* kKey = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";

}  // namespace

TEST_GROUP(AdminEnrollments) {
  berth::testing::ApiFixture fixture;

  void enroll(const std::string& id) {
    const std::string body =
        R"({"registrationId":")" + id +
        R"(","attestation":{"type":"symmetricKey","symmetricKey":{"primaryKey":")" + kKey +
        R"(","secondaryKey":")" + kKey + R"("}}})";
    CHECK_EQUAL(200, fixture.call("PUT", "/enrollments/" + id + testing::kVersion, body).status);
  }
};

TEST(AdminEnrollments, ListsWholeRecordsByPages) {
  enroll("dev-1");
  enroll("dev-2");
  const Answer first = fixture.call("GET", kIndividuals + "?maxItemCount=1");
  CHECK_EQUAL(200, first.status);
  CHECK_EQUAL(1U, first.rows().size());
  const Answer second = fixture.call(
      "GET", kIndividuals + "?maxItemCount=1&continuation=" + first.member("continuation"));
  CHECK_EQUAL(1U, second.rows().size());
  CHECK_FALSE(second.has("continuation"));
  CHECK((first.text + second.text).find("dev-1") != std::string::npos);
  CHECK((first.text + second.text).find("dev-2") != std::string::npos);
}

TEST(AdminEnrollments, ShowsKeysToThoseWhoMayWriteOnly) {
  enroll("dev-1");
  CHECK(fixture.call("GET", kIndividuals).text.find(kKey) == std::string::npos);
  CHECK(fixture.call("POST", kIndividuals + "/listKeys").text.find(kKey) != std::string::npos);
  const std::string looker = R"({"keyName":"looker","rights":"EnrollmentRead"})";
  CHECK_EQUAL(201, fixture.call("POST", "/berth/v1/accessPolicies", looker).status);
  const testing::ApiFixture::HeaderList as_looker{{"Authorization", fixture.token("looker")}};
  CHECK_EQUAL(200, fixture.send("GET", kIndividuals, {}, as_looker).status);
  CHECK_EQUAL(401, fixture.send("POST", kIndividuals + "/listKeys", {}, as_looker).status);
  CHECK_EQUAL(401, fixture.send("POST", kGroups + "/listKeys", {}, as_looker).status);
}

TEST(AdminEnrollments, ShowsACertificateSoThatItCanBeWrittenElsewhere) {
  const testing::PkiNode leaf = testing::make_self_signed({.common_name = "dev-x"});
  const testing::PkiNode root = testing::make_root({.common_name = "root"});
  const auto text_of = [](const testing::PkiNode& node) {
    return json::serialize(boost::json::value(json::write_certificate_text(node.certificate)));
  };
  CHECK_EQUAL(200, fixture
                       .call("PUT", std::string("/enrollments/dev-x") + testing::kVersion,
                             R"({"registrationId":"dev-x","attestation":{"type":"x509","x509":)"
                             R"({"clientCertificates":{"primary":{"certificate":)" +
                                 text_of(leaf) + "}}}}}")
                       .status);
  CHECK_EQUAL(200, fixture
                       .call("PUT", std::string("/enrollmentGroups/grp") + testing::kVersion,
                             R"({"enrollmentGroupId":"grp","attestation":{"type":"x509","x509":)"
                             R"({"signingCertificates":{"secondary":{"certificate":)" +
                                 text_of(root) + "}}}}}")
                       .status);
  const Answer devices = fixture.call("GET", kIndividuals);
  CHECK(devices.text.find("\"certificate\":" + text_of(leaf)) != std::string::npos);
  const Answer groups = fixture.call("GET", kGroups);
  CHECK(groups.text.find("\"certificate\":" + text_of(root)) != std::string::npos);

  // What was listed can be written as it is.
  CHECK_EQUAL(204,
              fixture.call("DELETE", std::string("/enrollments/dev-x") + testing::kVersion).status);
  boost::json::object bulk;
  bulk["mode"] = "create";
  bulk["enrollments"] = devices.rows();
  const Answer written =
      fixture.call("POST", std::string("/enrollments") + testing::kVersion, json::serialize(bulk));
  CHECK(written.text.find("\"isSuccessful\":true") != std::string::npos);
}

TEST(AdminEnrollments, ShowsTheCasOfAGroupOfTpmsSoThatItCanBeWrittenElsewhere) {
  const testing::PkiNode maker = testing::make_root({.common_name = "maker"});
  boost::json::object certificate;
  certificate["certificate"] = json::write_certificate_text(maker.certificate);
  const std::string group =
      R"({"enrollmentGroupId":"chips","attestation":{"type":"tpm","tpmGroup":{"certificates":[)" +
      json::serialize(certificate) + "]}}}";
  const std::string path = std::string("/enrollmentGroups/chips") + testing::kVersion;
  CHECK_EQUAL(200, fixture.call("PUT", path, group).status);
  const Answer listed = fixture.call("GET", kGroups);
  CHECK(listed.text.find(json::serialize(certificate)) != std::string::npos);
  CHECK_EQUAL(204, fixture.call("DELETE", path).status);
  CHECK_EQUAL(200, fixture.call("PUT", path, json::serialize(listed.rows().at(0))).status);
  STRCMP_EQUAL(
      json::serialize(listed.rows().at(0).at("attestation")).c_str(),
      json::serialize(fixture.call("GET", kGroups).rows().at(0).at("attestation")).c_str());
}
