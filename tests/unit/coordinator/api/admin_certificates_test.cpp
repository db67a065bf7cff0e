#include <chrono>
#include <string>

#include <CppUTest/TestHarness.h>

#include "shared/base/encoding.hpp"
#include "shared/json/certificate_text.hpp"
#include "tests/support/test_pki.hpp"
#include "tests/unit/coordinator/api/api_fixture.hpp"

using namespace berth;
using berth::testing::Answer;
using berth::testing::kVersion;

namespace {

const std::string kCertificates = "/berth/v1/certificates";
const std::string kRoot = kCertificates + "/My-Root";

std::string body_of(const Bytes& der, const std::string& more = {}) {
  return R"({"certificate":")" + to_base64(der) + R"(")" + more + "}";
}

}  // namespace

TEST_GROUP(AdminCertificates) {
  berth::testing::ApiFixture fixture;
  berth::testing::PkiNode root = berth::testing::make_root({.common_name = "Root"});

  Answer upload(const std::string& more = {}) {
    return fixture.call("PUT", kRoot, body_of(root.certificate, more));
  }
  Answer with_etag(const std::string& method, const std::string& path, const std::string& etag,
                   const std::string& body = {}) {
    return fixture.call(method, path, body, {{"If-Match", etag}});
  }
  static bool is_verified(const Answer& answer) {
    return *answer.object().if_contains("isVerified")->if_bool();
  }
  // The etag after asking for a code; `code` is the code.
  std::string ask_for_code(std::string & code) {
    const Answer asked = with_etag("POST", kRoot + "/generateVerificationCode",
                                   fixture.call("GET", kRoot).member("etag"));
    CHECK_EQUAL(200, asked.status);
    code = asked.member("verificationCode");
    return asked.member("etag");
  }
  void check_refused(const Bytes& proof, const std::string& etag, std::string_view reason) {
    const Answer refused = with_etag("POST", kRoot + "/verify", etag, body_of(proof));
    CHECK_EQUAL(400, refused.status);
    CHECK_TRUE_TEXT(refused.member("message").find(reason) != std::string::npos,
                    refused.member("message").c_str());
    CHECK_FALSE(is_verified(fixture.call("GET", kRoot)));
  }
};

TEST(AdminCertificates, UploadsACaThatIsNotVerifiedYet) {
  const Answer made = upload();
  CHECK_EQUAL(201, made.status);
  STRCMP_EQUAL("My-Root", made.member("name").c_str());
  CHECK_FALSE(is_verified(made));
  STRCMP_EQUAL(to_base64(root.certificate).c_str(), made.member("certificate").c_str());
  CHECK(made.text_of("info").find(R"("subjectName":"CN=Root")") != std::string::npos);
  CHECK_FALSE(made.has("verificationCode"));
  const Answer listed = fixture.call("GET", kCertificates);
  CHECK_EQUAL(1U, listed.rows().size());
  STRCMP_EQUAL(made.member("etag").c_str(),
               fixture.call("GET", kCertificates + "/MY-ROOT").member("etag").c_str());
}

TEST(AdminCertificates, TakesPemAndTheWordOfWhoOwnsTheCa) {
  std::string pem;
  for (const char c : json::write_certificate_text(root.certificate)) {
    pem += c == '\n' ? std::string("\\n") : std::string(1, c);
  }
  const Answer made =
      fixture.call("PUT", kRoot, R"({"certificate":")" + pem + R"(","isVerified":true})");
  CHECK(is_verified(made));
}

TEST(AdminCertificates, IsVerifiedByACertificateThatNamesTheCode) {
  upload();
  std::string code;
  const std::string etag = ask_for_code(code);
  CHECK_EQUAL(48U, code.size());
  const auto proof = berth::testing::make_leaf(root, {.common_name = code});
  const Answer verified = with_etag("POST", kRoot + "/verify", etag, body_of(proof.certificate));
  CHECK_EQUAL(200, verified.status);
  CHECK(is_verified(verified));
  CHECK(verified.member("etag") != etag);
  // The code was good once.
  const Answer again =
      with_etag("POST", kRoot + "/verify", verified.member("etag"), body_of(proof.certificate));
  CHECK_EQUAL(400, again.status);
}

TEST(AdminCertificates, ShowsTheCodeToWhoAskedForItOnly) {
  upload();
  std::string code;
  ask_for_code(code);
  CHECK_FALSE(fixture.call("GET", kRoot).has("verificationCode"));
  CHECK(fixture.call("GET", kCertificates).text.find(code) == std::string::npos);
}

TEST(AdminCertificates, RefusesAProofThatIsNone) {
  upload();
  const auto early = berth::testing::make_leaf(root, {.common_name = "code"});
  check_refused(early.certificate, fixture.call("GET", kRoot).member("etag"),
                "ask for a verification code first");
  std::string code;
  const std::string etag = ask_for_code(code);
  check_refused(early.certificate, etag, "is not the verification code");
  const auto other = berth::testing::make_root({.common_name = "Root"});
  check_refused(berth::testing::make_leaf(other, {.common_name = code}).certificate, etag,
                "is not signed with the key of 'CN=Root'");
  check_refused(berth::testing::make_self_signed({.common_name = code}).certificate, etag,
                "is not signed with the key");
  const WallTime past = fixture.clock.wall() - std::chrono::hours(1);
  check_refused(
      berth::testing::make_leaf(root, {.common_name = code, .not_after = past}).certificate, etag,
      "the verification certificate expired");
  check_refused({1, 2, 3}, etag, "cannot be read");
  CHECK_EQUAL(400, with_etag("POST", kRoot + "/verify", etag, "{}").status);
}

TEST(AdminCertificates, ANewCodeVoidsTheOldOne) {
  upload();
  std::string first;
  ask_for_code(first);
  std::string second;
  const std::string etag = ask_for_code(second);
  CHECK(first != second);
  check_refused(berth::testing::make_leaf(root, {.common_name = first}).certificate, etag,
                "is not the verification code");
}

TEST(AdminCertificates, AsksForTheEtagOfWhateverChangesACertificate) {
  const std::string etag = upload().member("etag");
  const std::string body = body_of(root.certificate);
  CHECK_EQUAL(409, fixture.call("PUT", kRoot, body).status);
  CHECK_EQUAL(400, fixture.call("DELETE", kRoot).status);
  CHECK_EQUAL(400, fixture.call("POST", kRoot + "/generateVerificationCode").status);
  CHECK_EQUAL(400, fixture.call("POST", kRoot + "/verify", body).status);
  CHECK_EQUAL(412, with_etag("PUT", kRoot, "\"stale\"", body).status);
  CHECK_EQUAL(412, with_etag("DELETE", kRoot, "\"stale\"").status);
  CHECK_EQUAL(412, with_etag("POST", kRoot + "/verify", "\"stale\"", body).status);
  const Answer asked = with_etag("POST", kRoot + "/generateVerificationCode", etag);
  CHECK(asked.member("etag") != etag);
  CHECK_EQUAL(412, with_etag("DELETE", kRoot, etag).status);
  CHECK_EQUAL(204, with_etag("DELETE", kRoot, asked.member("etag")).status);
  CHECK_EQUAL(404, fixture.call("GET", kRoot).status);
  CHECK_EQUAL(404, with_etag("DELETE", kRoot, "*").status);
}

TEST(AdminCertificates, IgnoresAnEtagOnCreate) {
  CHECK_EQUAL(201, with_etag("PUT", kRoot, "\"any\"", body_of(root.certificate)).status);
}

TEST(AdminCertificates, ProvesAnotherCertificateUnderTheNameAnew) {
  const std::string etag = upload(R"(,"isVerified":true)").member("etag");
  const Answer same = with_etag("PUT", kRoot, etag, body_of(root.certificate));
  CHECK_EQUAL(200, same.status);
  CHECK(is_verified(same));
  const auto renewed = berth::testing::make_root({.common_name = "Root"});
  CHECK_FALSE(
      is_verified(with_etag("PUT", kRoot, same.member("etag"), body_of(renewed.certificate))));
}

TEST(AdminCertificates, RefusesWhatCouldAttestNobody) {
  const auto leaf = berth::testing::make_self_signed({.common_name = "leaf"});
  CHECK_EQUAL(400, fixture.call("PUT", kRoot, body_of(leaf.certificate)).status);
  const auto expired = berth::testing::make_root(
      {.common_name = "Old", .not_after = fixture.clock.wall() - std::chrono::hours(1)});
  CHECK_EQUAL(400, fixture.call("PUT", kRoot, body_of(expired.certificate)).status);
  CHECK_EQUAL(400, fixture.call("PUT", kRoot, R"({"isVerified":true})").status);
  CHECK_EQUAL(400, fixture.call("PUT", kRoot, R"({"certificate":"rune"})").status);
  CHECK_EQUAL(400, fixture.call("PUT", kCertificates + "/a%20b", body_of(root.certificate)).status);
  CHECK_EQUAL(
      400,
      fixture.call("PUT", kCertificates + "/" + std::string(257, 'a'), body_of(root.certificate))
          .status);
}

TEST(AdminCertificates, HoldsACertificateUnderOneName) {
  upload();
  const Answer second = fixture.call("PUT", kCertificates + "/second", body_of(root.certificate));
  CHECK_EQUAL(409, second.status);
  CHECK(second.member("message").find("'My-Root'") != std::string::npos);
}

TEST(AdminCertificates, AnswersForbiddenPastTheQuota) {
  for (int i = 0; i < 25; ++i) {
    const auto ca = berth::testing::make_root({.common_name = "CA " + std::to_string(i)});
    CHECK_EQUAL(
        201,
        fixture.call("PUT", kCertificates + "/ca-" + std::to_string(i), body_of(ca.certificate))
            .status);
  }
  const Answer refused = upload();
  CHECK_EQUAL(403, refused.status);
  CHECK(refused.member("message").find("at most 25 CA certificates") != std::string::npos);
}

TEST(AdminCertificates, AreReferredToByGroupsAndIndividualsAlsoUnverified) {
  const std::string etag = upload().member("etag");
  const std::string references = R"("attestation":{"type":"x509","x509":{"caReferences":)"
                                 R"({"primary":"my-root"}}}})";
  const std::string group = std::string("/enrollmentGroups/grp-1") + kVersion;
  const Answer made = fixture.call("PUT", group, R"({"enrollmentGroupId":"grp-1",)" + references);
  CHECK_EQUAL(200, made.status);
  STRCMP_EQUAL(R"({"type":"x509","x509":{"caReferences":{"primary":"my-root"}}})",
               made.text_of("attestation").c_str());
  CHECK_EQUAL(200, fixture
                       .call("PUT", std::string("/enrollments/dev-1") + kVersion,
                             R"({"registrationId":"dev-1",)" + references)
                       .status);
  const Answer refused = with_etag("DELETE", kRoot, etag);
  CHECK_EQUAL(409, refused.status);
  CHECK(refused.member("message").find("enrollment group grp-1 refers to") != std::string::npos);
  fixture.call("DELETE", group);
  CHECK_EQUAL(409, with_etag("DELETE", kRoot, etag).status);
  fixture.call("DELETE", std::string("/enrollments/dev-1") + kVersion);
  CHECK_EQUAL(204, with_etag("DELETE", kRoot, etag).status);
}

TEST(AdminCertificates, AReferenceNeedsBothCertificates) {
  upload();
  const auto put = [this](const std::string& references) {
    return fixture
        .call("PUT", std::string("/enrollmentGroups/grp-1") + kVersion,
              R"({"enrollmentGroupId":"grp-1","attestation":{"type":"x509","x509":)"
              R"({"caReferences":)" +
                  references + "}}}",
              {{"If-Match", "*"}})
        .status;
  };
  fixture.call("PUT", std::string("/enrollmentGroups/grp-1") + kVersion,
               R"({"enrollmentGroupId":"grp-1","attestation":{"type":"symmetricKey"}})");
  CHECK_EQUAL(400, put(R"({"primary":"my-root","secondary":"none"})"));
  CHECK_EQUAL(400, put(R"({"primary":"none"})"));
  CHECK_EQUAL(200, put(R"({"secondary":"my-root"})"));
}

TEST(AdminCertificates, BelongToTheirTenantAlone) {
  upload();
  fixture.call_as_operator("POST", "/berth/v1/tenants",
                           R"({"name":"acme","hostNames":["acme.test"]})");
  const auto acme = fixture.catalog.tenants.by_host_name("acme.test");
  CHECK(fixture.catalog.ca_certificates.all(acme->id_scope)->empty());
  domain::CaCertificate same;
  same.name = "My-Root";
  same.certificate = root.certificate;
  CHECK(fixture.catalog.ca_certificates.put(acme->id_scope, same, 0).has_value());
}
