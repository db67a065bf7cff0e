#include <string>

#include <CppUTest/TestHarness.h>

#include "shared/domain/allocation/allocate.hpp"
#include "shared/json/certificate_text.hpp"
#include "tests/support/test_pki.hpp"
#include "tests/unit/coordinator/api/explain_fixture.hpp"
#include "tests/vectors/tpm/endorsement_certificate.hpp"
#include "tests/vectors/tpm/keys.hpp"

using namespace berth;
using berth::testing::Answer;
using berth::testing::kExplain;

namespace {

constexpr const char* kDisabled = R"(,"provisioningStatus":"disabled")";

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_GROUP(AdminExplain) {
  berth::testing::ExplainFixture fixture;

  void setup() override {
    fixture.link_hub("hub-a.example");
    fixture.link_hub("hub-b.example", 5);
  }

  std::string result_of_group(const Answer& answer, const std::string& group) {
    return fixture.member_of(fixture.row_of(answer, "enrollments", "enrollmentGroupId", group),
                             "result");
  }
  std::string check_of(const Answer& answer, const std::string& name) {
    const auto* decision = answer.object().if_contains("decision");
    CHECK(decision != nullptr);
    Answer within;
    within.json = *decision;
    return fixture.member_of(fixture.row_of(within, "checks", "name", name), "result");
  }
  void enroll_ca_group(const std::string& name, const Bytes& ca) {
    boost::json::object certificate{{"certificate", berth::json::write_certificate_text(ca)}};
    boost::json::object body{
        {"enrollmentGroupId", name},
        {"attestation",
         boost::json::object{
             {"type", "x509"},
             {"x509", boost::json::object{{"signingCertificates",
                                           boost::json::object{{"primary", certificate}}}}}}}};
    CHECK_EQUAL(200, fixture
                         .call("PUT", "/enrollmentGroups/" + name + berth::testing::kVersion,
                               berth::json::serialize(body))
                         .status);
  }
  Answer explain_chain(const std::string& name, const std::vector<Bytes>& chain) {
    boost::json::array texts;
    for (const Bytes& der : chain) texts.emplace_back(to_base64(der));
    boost::json::object body{
        {"registrationId", name},
        {"evidence", boost::json::object{{"certificateChain", std::move(texts)}}}};
    return fixture.call("POST", kExplain, berth::json::serialize(body));
  }
  void enroll_tpm_group(const std::string& name, const std::string& certificates = {}) {
    const std::string body = R"({"enrollmentGroupId":")" + name +
                             R"(","attestation":{"type":"tpm","tpmGroup":{"certificates":[)" +
                             certificates + "]}}}";
    CHECK_EQUAL(
        200,
        fixture.call("PUT", "/enrollmentGroups/" + name + berth::testing::kVersion, body).status);
  }
  // The chip of tests/vectors/tpm, with these certificates.
  Answer explain_chip(const std::vector<std::string_view>& certificates) {
    boost::json::array texts;
    for (const std::string_view text : certificates) texts.emplace_back(text);
    boost::json::object body{
        {"registrationId", vectors::kEndorsementKeyRegistrationId},
        {"evidence", boost::json::object{
                         {"tpm", boost::json::object{{"endorsementKey", vectors::kEndorsementKey},
                                                     {"storageRootKey", vectors::kStorageRootKey},
                                                     {"certificates", std::move(texts)}}}}}};
    return fixture.call("POST", kExplain, berth::json::serialize(body));
  }
};

TEST(AdminExplain, NamesTheHubThatAllocationGivesForWhatTheDeviceShows) {
  fixture.enroll("dev-1", 'a');
  const Answer answer = fixture.explain_token("dev-1", fixture.token_of("dev-1", 'a'));
  CHECK_EQUAL(200, answer.status);
  STRCMP_EQUAL("assigned", answer.member("outcome").c_str());
  STRCMP_EQUAL("dev-1", answer.member("enrollmentId").c_str());
  domain::AllocationRequest request;
  request.registration_id = fixture.id("dev-1");
  const auto hubs = fixture.hubs();
  request.hubs = hubs;
  const auto chosen = domain::allocate(request, {}, {}, *fixture.crypto);
  const auto& decision = *answer.object().if_contains("decision")->if_object();
  STRCMP_EQUAL(chosen->host_name.c_str(), fixture.member_of(decision, "hub").c_str());
  CHECK(contains(fixture.member_of(decision, "hubCall"), "is created in hub"));
  STRCMP_EQUAL("passed", check_of(answer, "proof").c_str());
  CHECK_EQUAL(2U, decision.if_contains("candidates")->if_array()->size());
}

TEST(AdminExplain, ChangesNothing) {
  fixture.enroll_group("grp", 'g');
  const auto head = *fixture.store.head(fixture.tenant);
  CHECK_EQUAL(200, fixture.explain_token("dev-1", fixture.group_token_of("dev-1", 'g')).status);
  CHECK_EQUAL(200, fixture.explain("dev-1").status);
  CHECK_EQUAL(200, fixture.explain_token("dev-1", fixture.token_of("dev-1", 'x')).status);
  CHECK_EQUAL(head, *fixture.store.head(fixture.tenant));
  CHECK_EQUAL(404, fixture.call("GET", "/berth/v1/registrations/dev-1").status);
}

TEST(AdminExplain, TellsOfEveryEnrollmentWhyItDoesNotAnswer) {
  fixture.enroll_group("first", 'f');
  fixture.enroll_group("second", 's');
  enroll_ca_group("chains", berth::testing::make_root({"factory"}).certificate);
  const Answer answer = fixture.explain_token("dev-1", fixture.group_token_of("dev-1", 's'));
  STRCMP_EQUAL("second", answer.member("enrollmentGroupId").c_str());
  STRCMP_EQUAL("answers", result_of_group(answer, "second").c_str());
  STRCMP_EQUAL("doesNotFit", result_of_group(answer, "first").c_str());
  STRCMP_EQUAL("doesNotFit", result_of_group(answer, "chains").c_str());
  CHECK(contains(answer.text_of("enrollments"), "it asks for a certificate"));
  CHECK(contains(answer.text_of("text"), "Enrollment group first: the SAS token was not made"));
}

TEST(AdminExplain, TellsThatAnIndividualEnrollmentComesBeforeAGroup) {
  fixture.enroll_group("grp", 'g');
  fixture.enroll("dev-1", 'a');
  const Answer answer = fixture.explain_token("dev-1", fixture.group_token_of("dev-1", 'g'));
  STRCMP_EQUAL("refused", answer.member("outcome").c_str());
  STRCMP_EQUAL("dev-1", answer.member("enrollmentId").c_str());
  STRCMP_EQUAL("comesSecond", result_of_group(answer, "grp").c_str());
}

TEST(AdminExplain, SaysWhichCheckFailsAndWhatTheDeviceIsTold) {
  fixture.enroll("dev-1", 'a', kDisabled);
  const Answer answer = fixture.explain_token("dev-1", fixture.token_of("dev-1", 'a'));
  STRCMP_EQUAL("refused", answer.member("outcome").c_str());
  STRCMP_EQUAL("failed", check_of(answer, "enrollment enabled").c_str());
  STRCMP_EQUAL("notReached", check_of(answer, "proof").c_str());
  CHECK(contains(answer.member("reason"), "disabled"));
  CHECK(contains(answer.text_of("text"), "The device is told"));
  CHECK(contains(answer.text_of("text"), "Failed: enrollment enabled ("));
  CHECK(contains(answer.text_of("text"), "Not reached: proof."));
}

TEST(AdminExplain, FindsAnExpiredLeafInAChain) {
  const auto root = berth::testing::make_root({"factory"});
  enroll_ca_group("chains", root.certificate);
  berth::testing::PkiRequest expired{"dev-1"};
  expired.not_after = fixture.clock.wall() - std::chrono::hours(24);
  const Answer refused = explain_chain("dev-1", berth::testing::make_leaf(root, expired).chain());
  STRCMP_EQUAL("refused", refused.member("outcome").c_str());
  CHECK(contains(refused.member("reason"), "expired"));
  STRCMP_EQUAL("failed", check_of(refused, "chain").c_str());
  const Answer accepted =
      explain_chain("dev-1", berth::testing::make_leaf(root, {"dev-1"}).chain());
  STRCMP_EQUAL("assigned", accepted.member("outcome").c_str());
  STRCMP_EQUAL("chains", accepted.member("enrollmentGroupId").c_str());
}

TEST(AdminExplain, GivesNoHintAboutHowCloseAWrongSecretWas) {
  fixture.enroll("dev-1", 'a');
  fixture.enroll_group("grp", 'g');
  Bytes nearly(32, 'a');
  nearly.back() ^= 1U;
  for (const char* name : {"dev-1", "dev-2"}) {
    const Answer near =
        fixture.explain_token(name, fixture.token_of(name, SecretBytes(Bytes(nearly))));
    const Answer far = fixture.explain_token(name, fixture.token_of(name, 'x'));
    // A key of the group itself, which no device's key is.
    const Answer mistaken = fixture.explain_token(name, fixture.token_of(name, 'g'));
    STRCMP_EQUAL("refused", near.member("outcome").c_str());
    STRCMP_EQUAL(far.text.c_str(), near.text.c_str());
    STRCMP_EQUAL(far.text.c_str(), mistaken.text.c_str());
  }
}

TEST(AdminExplain, NeverAnswersWhatWasShownNorAnyKey) {
  fixture.enroll("dev-1", 'a');
  for (const char filling : {'a', 'x'}) {
    const std::string token = fixture.token_of("dev-1", filling);
    const std::string signature = token.substr(token.find("sig=") + 4, 20);
    const Answer answer = fixture.explain_token("dev-1", token);
    CHECK_FALSE(contains(answer.text, signature));
    CHECK_FALSE(contains(answer.text, fixture.key('a')));
  }
  const Answer broken = fixture.explain_token("dev-1", "SharedAccessSignature sig=topsecret");
  CHECK_EQUAL(400, broken.status);
  CHECK_FALSE(contains(broken.text, "topsecret"));
}

TEST(AdminExplain, TellsNothingOfAnotherTenantsEnrollments) {
  fixture.clock.advance(std::chrono::seconds(1));
  const auto other = fixture.call_as_operator(
      "POST", "/berth/v1/tenants", R"({"name":"acme","hostNames":["acme.example.test"]})");
  CHECK_EQUAL(201, other.status);
  const domain::IdScope theirs(other.member("idScope"));
  domain::IndividualEnrollment enrolled;
  enrolled.registration_id = fixture.id("dev-1");
  enrolled.attestation =
      domain::SymmetricKeyAttestation{SecretBytes(Bytes(32, 'a')), SecretBytes(Bytes(32, 'b'))};
  const auto ask = [&](char filling) {
    return fixture.explain_token("dev-1", fixture.token_of("dev-1", filling)).text;
  };
  const std::string before = ask('a');
  CHECK(contains(before, R"("outcome":"refused")"));
  CHECK(fixture.catalog.enrollments.put(theirs, enrolled, 0).has_value());
  STRCMP_EQUAL(before.c_str(), ask('a').c_str());
  STRCMP_EQUAL(before.c_str(), ask('x').c_str());
}

TEST(AdminExplain, SaysWithoutEvidenceWhatEachWouldNeedAndWhatThenFollows) {
  fixture.enroll_group("grp", 'g');
  const Answer unknown = fixture.explain("dev-1");
  STRCMP_EQUAL("undecided", unknown.member("outcome").c_str());
  CHECK(contains(unknown.text_of("enrollments"), "a key derived from the group's"));
  fixture.enroll("dev-1", 'a', R"(,"iotHubs":["hub-a.example"])");
  const Answer enrolled = fixture.explain("dev-1");
  STRCMP_EQUAL("assigned", enrolled.member("outcome").c_str());
  STRCMP_EQUAL("notReached", check_of(enrolled, "proof").c_str());
  CHECK(contains(enrolled.text_of("text"), "If dev-1 shows"));
  const Answer supposed = fixture.explain("dev-2", R"(,"enrollmentGroupId":"grp")");
  STRCMP_EQUAL("assigned", supposed.member("outcome").c_str());
}

TEST(AdminExplain, ShowsWhatARegisteredDeviceWouldDoAndWhatItsTraceKept) {
  fixture.enroll("dev-1", 'a', R"(,"allocationPolicy":"static","iotHubs":["hub-b.example"])");
  domain::DecisionTrace kept;
  kept.reason = "hashed among 7 hubs";
  fixture.take_in("dev-1", "", "hub-a.example", kept);
  const Answer answer = fixture.explain("dev-1");
  STRCMP_EQUAL("moves", answer.member("outcome").c_str());
  CHECK(contains(answer.text_of("text"), "move from hub hub-a.example to hub hub-b.example"));
  CHECK(contains(answer.text_of("registration"), "hashed among 7 hubs"));
  const Answer shown = fixture.call("GET", "/berth/v1/registrations/dev-1");
  CHECK(contains(shown.text_of("decision"), "hashed among 7 hubs"));
}

TEST(AdminExplain, SaysThatTheNearestHubIsMeasuredAtTheGateway) {
  fixture.enroll("dev-1", 'a', R"(,"allocationPolicy":"geoLatency")");
  const Answer unknown = fixture.explain("dev-1");
  STRCMP_EQUAL("unmeasured", unknown.member("outcome").c_str());
  CHECK(contains(unknown.text_of("text"), "measured at the gateway"));
  const Answer given =
      fixture.explain("dev-1", R"(,"latencies":{"hub-a.example":80.5,"hub-b.example":3})");
  STRCMP_EQUAL("assigned", given.member("outcome").c_str());
  CHECK(contains(given.text_of("decision"), R"("hub":"hub-b.example")"));
  CHECK_EQUAL(400, fixture.explain("dev-1", R"(,"latencies":{"hub-x.example":1})").status);
  CHECK_EQUAL(400, fixture.explain("dev-1", R"(,"latencies":{"hub-a.example":60001})").status);
}

TEST(AdminExplain, DoesNotCallAWebhook) {
  fixture.enroll(
      "dev-1", 'a',
      R"(,"allocationPolicy":"custom","customAllocationDefinition":)"
      R"({"webhookUrl":"https://choose.example/?code=s3cret","apiVersion":"2021-10-01"})");
  const Answer answer = fixture.explain("dev-1");
  STRCMP_EQUAL("webhook", answer.member("outcome").c_str());
  CHECK(contains(answer.text_of("text"), "it is not called to explain"));
  CHECK_FALSE(contains(answer.text, "s3cret"));
}

TEST(AdminExplain, LooksThroughTheEyesOfASite) {
  CHECK_EQUAL(201,
              fixture.call_as_operator("POST", "/berth/v1/sites", R"({"siteId":"north"})").status);
  fixture.enroll("dev-1", 'a', R"(,"sites":["north"])");
  const std::string token = fixture.token_of("dev-1", 'a');
  const auto at = [&](const std::string& site) {
    return fixture.explain("dev-1",
                           R"(,"site":")" + site + R"(","evidence":{"sasToken":")" + token + "\"}");
  };
  STRCMP_EQUAL("assigned", at("north").member("outcome").c_str());
  STRCMP_EQUAL("refused", at("south").member("outcome").c_str());
  CHECK(contains(fixture.explain_token("dev-1", token).text_of("text"),
                 "only gateways at north serve"));
}

TEST(AdminExplain, TakesOneKindOfEvidence) {
  CHECK_EQUAL(400, fixture.explain("dev-1", R"(,"evidence":{})").status);
  CHECK_EQUAL(
      400,
      fixture.explain("dev-1", R"(,"evidence":{"sasToken":"x","tpm":{"endorsementKey":"AA=="}})")
          .status);
  CHECK_EQUAL(400, fixture.explain("dev-1", R"(,"evidence":{"certificateChain":[]})").status);
  CHECK_EQUAL(400, fixture.call("POST", kExplain, "{}").status);
}

TEST(AdminExplain, TakesAsManyCertificatesAsADeviceMayPresent) {
  const auto leaf = berth::testing::make_self_signed({"dev-1"});
  CHECK_EQUAL(200, explain_chain("dev-1", std::vector<Bytes>(8, leaf.certificate)).status);
  CHECK_EQUAL(400, explain_chain("dev-1", std::vector<Bytes>(9, leaf.certificate)).status);
}

TEST(AdminExplain, ShowsThatAGroupAdmitsAChipOnItsList) {
  enroll_tpm_group("chips");
  STRCMP_EQUAL("refused", explain_chip({}).member("outcome").c_str());
  const std::string key(vectors::kEndorsementKey);
  CHECK_EQUAL(200, fixture
                       .call("POST", "/berth/v1/enrollmentGroups/chips/tpms",
                             R"({"tpms":[{"endorsementKey":")" + key + R"("}]})")
                       .status);
  const Answer answer = explain_chip({});
  STRCMP_EQUAL("assigned", answer.member("outcome").c_str());
  STRCMP_EQUAL("chips", answer.member("enrollmentGroupId").c_str());
}

TEST(AdminExplain, ShowsThatAGroupAdmitsAChipByTheCertificateOfItsMaker) {
  const std::string maker(vectors::kTpmMakerCertificate);
  enroll_tpm_group("makers", R"({"certificate":")" + maker + "\"}");
  const Answer without = explain_chip({});
  STRCMP_EQUAL("refused", without.member("outcome").c_str());
  const Answer answer = explain_chip({vectors::kEndorsementCertificate});
  STRCMP_EQUAL("assigned", answer.member("outcome").c_str());
  STRCMP_EQUAL("makers", answer.member("enrollmentGroupId").c_str());
  STRCMP_EQUAL("answers", result_of_group(answer, "makers").c_str());
  // One of another key.
  STRCMP_EQUAL("refused", explain_chip({vectors::kTpmMakerCertificate}).member("outcome").c_str());
}

TEST(AdminExplain, TakesAsManyCertificatesOfAChipAsItMayShow) {
  enroll_tpm_group("chips");
  const auto shown = [](std::size_t count) {
    return std::vector<std::string_view>(count, vectors::kEndorsementCertificate);
  };
  CHECK_EQUAL(200, explain_chip(shown(domain::kMaxTpmCertificates)).status);
  CHECK_EQUAL(400, explain_chip(shown(domain::kMaxTpmCertificates + 1)).status);
  CHECK_EQUAL(400, explain_chip({"not a certificate"}).status);
}

TEST(AdminExplain, NeedsTheRightsToReadEnrollmentsAndRegistrations) {
  for (const char* rights : {"EnrollmentRead", "RegistrationStatusRead"}) {
    const std::string body =
        std::string(R"({"keyName":")") + rights + R"(","rights":")" + rights + R"("})";
    CHECK_EQUAL(201, fixture.call("POST", "/berth/v1/accessPolicies", body).status);
    for (const char* path : {kExplain, berth::testing::kDryRun}) {
      CHECK_EQUAL(401, fixture
                           .send("POST", path, R"({"registrationId":"dev-1"})",
                                 {{"Authorization", fixture.token(rights)},
                                  {"Content-Type", "application/json"}})
                           .status);
    }
  }
}
