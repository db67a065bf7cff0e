#include <algorithm>
#include <chrono>
#include <string>

#include <CppUTest/TestHarness.h>

#include "coordinator/store/record_writes.hpp"
#include "shared/base/encoding.hpp"
#include "shared/protocol/sync/record_codec.hpp"
#include "shared/store/index_terms.hpp"
#include "tests/support/test_pki.hpp"
#include "tests/unit/coordinator/api/api_fixture.hpp"

using namespace berth;
using berth::testing::Answer;
using berth::testing::kVersion;

namespace {

const std::string kRoll = "/berth/v1/enrollmentGroups/Line/keyRoll";
const std::string kOwnRoll = "/berth/v1/enrollments/Press-1/keyRoll";
const std::string kForce = R"({"force":true})";

std::int64_t number(const Answer& answer, std::string_view name) {
  const boost::json::value* value = answer.object().if_contains(name);
  BERTH_ASSERT(value != nullptr);
  return value->to_number<std::int64_t>();
}

}  // namespace

TEST_GROUP(AdminKeyRolls) {
  berth::testing::ApiFixture fixture;
  berth::testing::PkiNode old_ca = berth::testing::make_root({.common_name = "Old CA"});
  berth::testing::PkiNode new_ca = berth::testing::make_root({.common_name = "New CA"});

  void make_symmetric_group() {
    CHECK_EQUAL(200, fixture
                         .call("PUT", std::string("/enrollmentGroups/Line") + kVersion,
                               R"({"enrollmentGroupId":"Line",
                                   "attestation":{"type":"symmetricKey"}})")
                         .status);
  }
  void make_x509_group() {
    CHECK_EQUAL(200, fixture
                         .call("PUT", std::string("/enrollmentGroups/Line") + kVersion,
                               R"({"enrollmentGroupId":"Line","attestation":{"type":"x509","x509":
                                   {"signingCertificates":{"primary":{"certificate":")" +
                                   to_base64(old_ca.certificate) + R"("}}}}})")
                         .status);
  }
  void make_individual() {
    CHECK_EQUAL(200, fixture
                         .call("PUT", std::string("/enrollments/Press-1") + kVersion,
                               R"({"registrationId":"Press-1",
                                   "attestation":{"type":"symmetricKey"}})")
                         .status);
  }
  domain::EnrollmentGroup group() {
    return (*fixture.catalog.enrollments.group(fixture.tenant,
                                               *domain::EnrollmentGroupId::parse("line")))
        ->record;
  }
  domain::SymmetricKeyAttestation keys() {
    return std::get<domain::SymmetricKeyAttestation>(group().attestation);
  }
  domain::X509Attestation x509() {
    return std::get<domain::X509Attestation>(group().attestation);
  }
  std::string thumbprint(const berth::testing::PkiNode& node) {
    return to_upper_hex(fixture.crypto->sha256(node.certificate));
  }
  // As an outcome of a gateway is taken in.
  void registers(const std::string& id, const std::string& credential_id, bool in_group = true) {
    domain::Registration record;
    record.registration_id = *domain::RegistrationId::parse(id);
    record.status = domain::RegistrationStatus::assigned;
    record.enrollment = {in_group, in_group ? "LINE" : id, 1};
    record.gateway_id = domain::GatewayId("g1");
    record.arrival = fixture.clock.wall();
    record.credential_id = credential_id;
    store::Change change;
    change.table = store::Table::registration;
    change.id = record.registration_id.folded();
    change.body = sync::encode(record);
    change.terms = store::terms_of(record);
    CHECK(coordinator::commit_change(fixture.store, fixture.tenant, change).has_value());
  }
  // The new CA's certificate with another key usage, for digitalSignature alone; nobody looks at
  // its signature here.
  Bytes ca_that_signs_nothing() const {
    Bytes der = new_ca.certificate;
    const Bytes oid{0x55, 0x1D, 0x0F};
    const auto extension = std::search(der.begin(), der.end(), oid.begin(), oid.end());
    const Bytes bits{0x03, 0x02};
    const auto usage = std::search(extension, der.end(), bits.begin(), bits.end());
    CHECK(der.end() - usage >= 4);
    usage[2] = 7;
    usage[3] = 0x80;
    return der;
  }
  Answer start(const std::string& body = "{}") {
    return fixture.call("POST", kRoll + "/start", body);
  }
  Answer finish(const std::string& body = "{}") {
    return fixture.call("POST", kRoll + "/finish", body);
  }
  static void check_conflict(const Answer& answer, std::string_view reason) {
    CHECK_EQUAL(409, answer.status);
    CHECK_TRUE_TEXT(answer.member("message").find(reason) != std::string::npos,
                    answer.member("message").c_str());
  }
};

TEST(AdminKeyRolls, CountsDevicesByTheKeyThatTheyUsedLast) {
  make_symmetric_group();
  registers("dev-1", keys().primary_id);
  registers("dev-2", keys().primary_id);
  registers("dev-3", keys().secondary_id);
  registers("dev-4", "");
  registers("dev-5", "p0-0");
  const Answer status = fixture.call("GET", kRoll);
  CHECK_EQUAL(200, status.status);
  STRCMP_EQUAL("Line", status.member("enrollmentGroupId").c_str());
  STRCMP_EQUAL("none", status.member("state").c_str());
  LONGS_EQUAL(5, number(status, "registrations"));
  LONGS_EQUAL(1, number(status, "unknown"));
  LONGS_EQUAL(1, number(status, "gone"));
  CHECK(status.text_of("primary").find(R"("registrations":2)") != std::string::npos);
  CHECK(status.text_of("secondary").find(R"("registrations":1)") != std::string::npos);
  CHECK_FALSE(status.has("old"));
  CHECK_EQUAL(404, fixture.call("GET", "/berth/v1/enrollmentGroups/none/keyRoll").status);
}

TEST(AdminKeyRolls, RollsAGroupsKeyFromBeginningToEnd) {
  make_symmetric_group();
  const domain::SymmetricKeyAttestation before = keys();
  registers("dev-1", before.primary_id);
  registers("dev-2", before.primary_id);

  const Answer started = start();
  CHECK_EQUAL(200, started.status);
  STRCMP_EQUAL("underWay", started.member("state").c_str());
  STRCMP_EQUAL("secondary", started.member("slotForDevices").c_str());
  STRCMP_EQUAL(to_base64(keys().secondary.reveal()).c_str(), started.member("newKey").c_str());
  CHECK(keys().primary == before.primary);
  CHECK_FALSE(keys().secondary == before.secondary);
  LONGS_EQUAL(2, number(started, "old"));
  LONGS_EQUAL(0, number(started, "new"));
  check_conflict(start(), "under way already");

  registers("dev-1", keys().secondary_id);
  check_conflict(finish(), "1 device last registered with what is in the primary slot");
  registers("dev-2", keys().secondary_id);
  const SecretBytes rolled = keys().secondary;
  const Answer finished = finish();
  CHECK_EQUAL(200, finished.status);
  STRCMP_EQUAL("none", finished.member("state").c_str());
  // The new key stays in its slot, and the other holds one that nobody knows.
  CHECK(keys().secondary == rolled);
  CHECK_FALSE(keys().primary == before.primary);
  CHECK_EQUAL(64U, keys().primary.size());
  STRCMP_EQUAL("secondary", finished.member("slotForDevices").c_str());
  check_conflict(finish(), "no roll is under way");

  // The next one goes the other way.
  const Answer again = start();
  CHECK_EQUAL(200, again.status);
  STRCMP_EQUAL("primary", again.member("slotForDevices").c_str());
  CHECK(keys().secondary == rolled);
}

TEST(AdminKeyRolls, TakesTheKeyThatIsGiven) {
  make_symmetric_group();
  const std::string key = to_base64(Bytes(32, 7));
  CHECK_EQUAL(200, start(R"({"key":")" + key + R"("})").status);
  CHECK(keys().secondary == SecretBytes(Bytes(32, 7)));
  CHECK_EQUAL(200, fixture.call("POST", kRoll + "/abort", "{}").status);
  CHECK_EQUAL(400, start(R"({"key":")" + to_base64(Bytes(15, 7)) + R"("})").status);
  CHECK_EQUAL(200, start(R"({"key":")" + to_base64(Bytes(16, 7)) + R"("})").status);
  CHECK_EQUAL(200, fixture.call("POST", kRoll + "/abort", "{}").status);
  CHECK_EQUAL(400, start(R"({"key":")" + to_base64(Bytes(65, 7)) + R"("})").status);
  CHECK_EQUAL(400, start(R"({"key":")" + key + R"(","caReference":"x"})").status);
  CHECK_EQUAL(400, start(R"({"certificate":")" + to_base64(new_ca.certificate) + R"("})").status);
  CHECK_EQUAL(400, start(R"({"slot":"third"})").status);
}

TEST(AdminKeyRolls, TakesNoSlotThatADeviceNeedsUnlessItIsForced) {
  make_symmetric_group();
  registers("dev-1", keys().primary_id);
  registers("dev-2", keys().secondary_id);
  check_conflict(start(), "use what is in the primary slot");
  check_conflict(start(R"({"slot":"primary"})"), "1 device");
  CHECK_EQUAL(200, start(R"({"slot":"primary","force":true})").status);
}

TEST(AdminKeyRolls, DoesNotGuessWhatDevicesUseThatRegisteredBeforeItWasKept) {
  make_symmetric_group();
  registers("dev-1", "");
  check_conflict(start(), "may use");
  CHECK_EQUAL(200, start(kForce).status);
  check_conflict(finish(), "may use");
  CHECK_EQUAL(200, finish(kForce).status);
}

TEST(AdminKeyRolls, UndoesARollAndLetsDevicesKeepTheOldKey) {
  make_symmetric_group();
  const domain::SymmetricKeyAttestation before = keys();
  CHECK_EQUAL(200, start().status);
  registers("dev-1", keys().secondary_id);
  check_conflict(fixture.call("POST", kRoll + "/abort", "{}"), "1 device");
  registers("dev-1", before.primary_id);
  const SecretBytes rolled = keys().secondary;
  const Answer undone = fixture.call("POST", kRoll + "/abort", "{}");
  CHECK_EQUAL(200, undone.status);
  STRCMP_EQUAL("primary", undone.member("slotForDevices").c_str());
  CHECK(keys().primary == before.primary);
  CHECK_FALSE(keys().secondary == rolled);
}

TEST(AdminKeyRolls, CountsAStepOnlyOnTheEnrollmentThatItsAdminSaw) {
  make_symmetric_group();
  const std::string etag = fixture.call("GET", kRoll).member("etag");
  const Answer first = fixture.call("POST", kRoll + "/start", "{}", {{"If-Match", etag}});
  CHECK_EQUAL(200, first.status);
  for (const char* step : {"/start", "/finish", "/abort"}) {
    CHECK_EQUAL(412, fixture.call("POST", kRoll + step, "{}", {{"If-Match", etag}}).status);
  }
  CHECK_EQUAL(
      200,
      fixture.call("POST", kRoll + "/finish", "{}", {{"If-Match", first.member("etag")}}).status);
}

TEST(AdminKeyRolls, GoesOnOverAnUpdateOfTheEnrollmentByAnSdk) {
  make_symmetric_group();
  const std::string old_name = keys().primary_id;
  CHECK_EQUAL(200, start().status);
  const std::string new_name = keys().secondary_id;
  const std::string path = std::string("/enrollmentGroups/Line") + kVersion;
  const Answer read = fixture.call("GET", path);
  CHECK_EQUAL(200, fixture.call("PUT", path, read.text, {{"If-Match", "*"}}).status);
  STRCMP_EQUAL(old_name.c_str(), keys().primary_id.c_str());
  STRCMP_EQUAL(new_name.c_str(), keys().secondary_id.c_str());
  STRCMP_EQUAL("underWay", fixture.call("GET", kRoll).member("state").c_str());
  // Whoever writes another key over the new one ends the roll.
  CHECK_EQUAL(200, fixture
                       .call("PUT", path,
                             R"({"enrollmentGroupId":"Line","attestation":{"type":"symmetricKey",
                            "symmetricKey":{"secondaryKey":")" +
                                 to_base64(Bytes(32, 9)) + R"("}}})",
                             {{"If-Match", "*"}})
                       .status);
  STRCMP_EQUAL("none", fixture.call("GET", kRoll).member("state").c_str());
}

TEST(AdminKeyRolls, RollsTheCaOfAGroup) {
  make_x509_group();
  registers("dev-1", thumbprint(old_ca));
  CHECK_EQUAL(400, start().status);
  const Answer started = start(R"({"certificate":")" + to_base64(new_ca.certificate) + R"("})");
  CHECK_EQUAL(200, started.status);
  CHECK_FALSE(started.has("newKey"));
  CHECK(x509().primary == old_ca.certificate);
  CHECK(x509().secondary == new_ca.certificate);
  LONGS_EQUAL(1, number(started, "old"));
  check_conflict(finish(), "1 device");
  registers("dev-1", thumbprint(new_ca));
  const Answer finished = finish();
  CHECK_EQUAL(200, finished.status);
  // Some clients demand a primary certificate.
  CHECK(x509().primary == new_ca.certificate);
  CHECK(x509().secondary.empty());
  CHECK_FALSE(finished.has("secondary"));
  CHECK(finished.text_of("primary").find(R"("registrations":1)") != std::string::npos);
}

TEST(AdminKeyRolls, TakesNoCertificateThatDevicesWouldBeRefusedFor) {
  make_x509_group();
  const auto expired = berth::testing::make_root(
      {.common_name = "Late CA", .not_after = fixture.clock.wall() - std::chrono::hours(1)});
  const Answer late = start(R"({"certificate":")" + to_base64(expired.certificate) + R"("})");
  CHECK_EQUAL(400, late.status);
  CHECK(late.member("message").find("expired") != std::string::npos);
  // The leaf of a device, say, taken from the wrong file.
  for (const auto& leaf : {berth::testing::make_leaf(new_ca, {.common_name = "press-1"}),
                           berth::testing::make_self_signed({.common_name = "press-1"})}) {
    const Answer refused = start(R"({"certificate":")" + to_base64(leaf.certificate) + R"("})");
    CHECK_EQUAL(400, refused.status);
    CHECK(refused.member("message").find("not one of a CA") != std::string::npos);
  }
  const Answer mute = start(R"({"certificate":")" + to_base64(ca_that_signs_nothing()) + R"("})");
  CHECK_EQUAL(400, mute.status);
  CHECK(mute.member("message").find("keyCertSign") != std::string::npos);
  CHECK_EQUAL(400, start(R"({"certificate":"nonsense"})").status);
  CHECK_EQUAL(400, start(R"({"certificate":")" + to_base64(old_ca.certificate) + R"("})").status);
}

TEST(AdminKeyRolls, RollsToAnUploadedCaOnlyWhenItsKeyWasProved) {
  const auto upload = [this](const std::string& name, const Bytes& der, bool verified) {
    return fixture.call("PUT", "/berth/v1/certificates/" + name,
                        R"({"certificate":")" + to_base64(der) + R"(","isVerified":)" +
                            (verified ? "true" : "false") + "}");
  };
  CHECK_EQUAL(201, upload("first", old_ca.certificate, true).status);
  CHECK_EQUAL(201, upload("second", new_ca.certificate, false).status);
  CHECK_EQUAL(200, fixture
                       .call("PUT", std::string("/enrollmentGroups/Line") + kVersion,
                             R"({"enrollmentGroupId":"Line","attestation":{"type":"x509","x509":
                                 {"caReferences":{"primary":"first"}}}})")
                       .status);
  registers("dev-1", thumbprint(old_ca));
  CHECK_EQUAL(400, start(R"({"caReference":"third"})").status);
  check_conflict(start(R"({"caReference":"second"})"), "nobody has proved");
  const std::string etag = fixture.call("GET", "/berth/v1/certificates/second").member("etag");
  CHECK_EQUAL(200, fixture
                       .call("PUT", "/berth/v1/certificates/second",
                             R"({"certificate":")" + to_base64(new_ca.certificate) +
                                 R"(","isVerified":true})",
                             {{"If-Match", etag}})
                       .status);
  const Answer started = start(R"({"caReference":"second"})");
  CHECK_EQUAL(200, started.status);
  LONGS_EQUAL(1, number(started, "old"));
  registers("dev-1", thumbprint(new_ca));
  CHECK_EQUAL(200, finish().status);
  STRCMP_EQUAL("second", x509().primary_ca_name.c_str());
  STRCMP_EQUAL("", x509().secondary_ca_name.c_str());
}

TEST(AdminKeyRolls, RollsTheKeyOfASingleDevice) {
  make_individual();
  const auto own = [this] {
    const auto found = fixture.catalog.enrollments.individual(
        fixture.tenant, *domain::RegistrationId::parse("press-1"));
    return std::get<domain::SymmetricKeyAttestation>((*found)->record.attestation);
  };
  registers("press-1", own().primary_id, false);
  const Answer started = fixture.call("POST", kOwnRoll + "/start", "{}");
  CHECK_EQUAL(200, started.status);
  STRCMP_EQUAL("Press-1", started.member("registrationId").c_str());
  LONGS_EQUAL(1, number(started, "old"));
  check_conflict(fixture.call("POST", kOwnRoll + "/finish", "{}"), "1 device");
  registers("press-1", own().secondary_id, false);
  CHECK_EQUAL(200, fixture.call("POST", kOwnRoll + "/finish", "{}").status);
}

TEST(AdminKeyRolls, TakesNoClientCertificateOfAnotherName) {
  const auto first = berth::testing::make_self_signed({.common_name = "Press-1"});
  const auto second = berth::testing::make_self_signed({.common_name = "Press-1"});
  const auto other = berth::testing::make_self_signed({.common_name = "Press-2"});
  CHECK_EQUAL(200, fixture
                       .call("PUT", std::string("/enrollments/Press-1") + kVersion,
                             R"({"registrationId":"Press-1","attestation":{"type":"x509","x509":
                                 {"clientCertificates":{"primary":{"certificate":")" +
                                 to_base64(first.certificate) + R"("}}}}})")
                       .status);
  const auto start_with = [this](const Bytes& der) {
    return fixture.call("POST", kOwnRoll + "/start",
                        R"({"certificate":")" + to_base64(der) + R"("})");
  };
  CHECK_EQUAL(400, start_with(other.certificate).status);
  CHECK_EQUAL(200, start_with(second.certificate).status);
}

TEST(AdminKeyRolls, ListsWhoUsesWhatByPagesAndSinceWhen) {
  make_symmetric_group();
  const std::string old_name = keys().primary_id;
  CHECK_EQUAL(200, start().status);
  registers("dev-1", old_name);
  registers("dev-2", old_name);
  registers("dev-3", keys().secondary_id);
  registers("dev-4", "");
  const Answer first = fixture.call("GET", kRoll + "/devices?maxItemCount=1");
  CHECK_EQUAL(1U, first.rows().size());
  const Answer rest = fixture.call(
      "GET", kRoll + "/devices?maxItemCount=1&continuation=" + first.member("continuation"));
  CHECK_EQUAL(1U, rest.rows().size());
  CHECK_FALSE(rest.has("continuation"));
  CHECK(rest.text.find(R"("uses":"old")") != std::string::npos);
  CHECK(rest.text.find(R"("lastSeenUtc":")" + to_iso8601(fixture.clock.wall())) !=
        std::string::npos);
  const Answer moved = fixture.call("GET", kRoll + "/devices?uses=new");
  CHECK(moved.text.find("dev-3") != std::string::npos);
  CHECK_EQUAL(1U, moved.rows().size());
  CHECK_EQUAL(1U, fixture.call("GET", kRoll + "/devices?uses=unknown").rows().size());
  CHECK_EQUAL(2U, fixture.call("GET", kRoll + "/devices?uses=primary").rows().size());
  CHECK_EQUAL(400, fixture.call("GET", kRoll + "/devices?uses=tertiary").status);
  CHECK_EQUAL(200, finish(kForce).status);
  CHECK_EQUAL(400, fixture.call("GET", kRoll + "/devices").status);
}

TEST(AdminKeyRolls, CountsNoDeviceOfAnotherEnrollmentWithTheSameCa) {
  make_x509_group();
  domain::Registration record;
  record.registration_id = *domain::RegistrationId::parse("dev-9");
  record.enrollment = {true, "other", 1};
  record.credential_id = thumbprint(old_ca);
  store::Change change;
  change.table = store::Table::registration;
  change.id = "dev-9";
  change.body = sync::encode(record);
  change.terms = store::terms_of(record);
  CHECK(coordinator::commit_change(fixture.store, fixture.tenant, change).has_value());
  const Answer status = fixture.call("GET", kRoll);
  LONGS_EQUAL(0, number(status, "registrations"));
  CHECK(status.text_of("primary").find(R"("registrations":0)") != std::string::npos);
}
