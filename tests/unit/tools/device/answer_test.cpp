#include "tools/device/answer.hpp"

#include <CppUTest/TestHarness.h>

#include "shared/crypto/mbedtls/mbedtls.hpp"
#include "shared/protocol/sas_token.hpp"

using namespace berth;
using namespace std::chrono_literals;
using device::Answer;
using device::poll_delay;
using device::read_answer;

TEST_GROUP(PollDelay){};

TEST(PollDelay, IsWhatTheEndpointSays) {
  CHECK(poll_delay("1") == 1s);
  CHECK(poll_delay("7") == 7s);
  CHECK(poll_delay("30") == 30s);
}

TEST(PollDelay, IsNeitherNothingNorForEver) {
  CHECK(poll_delay("0") == 100ms);
  CHECK(poll_delay("-5") == 100ms);
  CHECK(poll_delay("-9223372036854775808") == 100ms);
  CHECK(poll_delay("31") == 30s);
  CHECK(poll_delay("9223372036854775807") == 30s);
}

TEST(PollDelay, IsTwoSecondsWithoutAWord) {
  CHECK(poll_delay("") == 2s);
  CHECK(poll_delay("soon") == 2s);
  CHECK(poll_delay("3 s") == 2s);
  CHECK(poll_delay("99999999999999999999") == 2s);
  CHECK(poll_delay("Wed, 21 Oct 2026 07:28:00 GMT") == 2s);
}

TEST_GROUP(Answer){};

TEST(Answer, ReadsAnAssignment) {
  const auto answer = read_answer(
      200,
      R"({"operationId":"4.a","status":"assigned","registrationState":{"assignedHub":"hub.example",
          "deviceId":"dev-1","substatus":"initialAssignment","payload":{"line":7}}})");
  CHECK(answer->kind == Answer::Kind::assigned);
  CHECK_TRUE(answer->outcome.assigned);
  STRCMP_EQUAL("hub.example", answer->outcome.hub.c_str());
  STRCMP_EQUAL("dev-1", answer->outcome.device_id.c_str());
  STRCMP_EQUAL("initialAssignment", answer->outcome.substatus.c_str());
  STRCMP_EQUAL(R"({"line":7})", answer->outcome.payload.c_str());
}

TEST(Answer, ReadsTheKeyThatATpmIsGiven) {
  const auto answer = read_answer(
      200, R"({"operationId":"4.a","status":"assigned","registrationState":{"assignedHub":"h",)"
           R"("deviceId":"d","tpm":{"authenticationKey":"AQID"}}})");
  CHECK(answer->outcome.tpm_authentication_key == (Bytes{1, 2, 3}));
}

// Device API 4.2, step 2.
TEST(Answer, TellsATpmsChallengeFromARefusal) {
  const auto blob = device::read_tpm_challenge(
      401, R"({"message":"Authorization required","keyName":"registration",)"
           R"("authenticationKey":"AQID"})");
  CHECK(blob == (Bytes{1, 2, 3}));
  CHECK_FALSE(device::read_tpm_challenge(401, R"({"errorCode":401002})").has_value());
  CHECK_FALSE(device::read_tpm_challenge(404, R"({"authenticationKey":"AQID"})").has_value());
  CHECK_FALSE(device::read_tpm_challenge(401, R"({"authenticationKey":"!"})").has_value());
  CHECK_FALSE(device::read_tpm_challenge(401, "none").has_value());
}

TEST(Answer, ReadsAnOperationThatGoesOn) {
  const auto answer = read_answer(202, R"({"operationId":"4.a","status":"assigning"})");
  CHECK(answer->kind == Answer::Kind::pending);
  STRCMP_EQUAL("4.a", answer->operation_id.c_str());
  CHECK(read_answer(202, R"({"operationId":"4.a","status":"registering"})")->kind ==
        Answer::Kind::pending);
}

TEST(Answer, AnOperationWithoutAnIdIsMalformed) {
  CHECK(read_answer(202, R"({"status":"assigning"})").error().code == Errc::malformed);
  CHECK(read_answer(202, R"({"operationId":4,"status":"assigning"})").error().code ==
        Errc::malformed);
}

TEST(Answer, ReadsAFailure) {
  const auto answer = read_answer(
      200, R"({"operationId":"4.a","status":"failed","registrationState":{"errorCode":400209,
              "errorMessage":"no hub"}})");
  CHECK(answer->kind == Answer::Kind::failed);
  CHECK_FALSE(answer->outcome.assigned);
  LONGS_EQUAL(400209, answer->outcome.error_code);
  STRCMP_EQUAL("no hub", answer->outcome.message.c_str());
}

TEST(Answer, AFailureWithoutAWordIsNamedByItsStatus) {
  const auto answer = read_answer(200, R"({"status":"disabled"})");
  CHECK(answer->kind == Answer::Kind::failed);
  STRCMP_EQUAL("status disabled", answer->outcome.message.c_str());
}

TEST(Answer, ReadsAnErrorDocument) {
  const auto answer = read_answer(
      401, R"({"errorCode":401002,"trackingId":"t","message":"Unauthorized","timestampUtc":"x"})");
  CHECK(answer->kind == Answer::Kind::refused);
  LONGS_EQUAL(401002, answer->outcome.error_code);
  STRCMP_EQUAL("Unauthorized", answer->outcome.message.c_str());
}

TEST(Answer, AnErrorStatusIsARefusalWhateverTheBodySays) {
  CHECK(read_answer(500, R"({"status":"assigned"})")->kind == Answer::Kind::refused);
  CHECK(read_answer(200, R"({})")->kind == Answer::Kind::refused);
}

TEST(Answer, ABodyThatIsNoObjectIsMalformed) {
  for (const char* body : {"", "[]", "1", "\"assigned\"", "{", "{}x", "<html>"}) {
    const auto answer = read_answer(200, body);
    CHECK_TEXT(!answer && answer.error().code == Errc::malformed, body);
  }
  STRCMP_EQUAL("status 502 with a body that is no JSON",
               read_answer(502, "<html>").error().reason.c_str());
}

TEST(Answer, MembersOfAnotherTypeAreAsAbsent) {
  const auto answer = read_answer(200, R"({"status":"assigned","registrationState":[1]})");
  CHECK(answer->kind == Answer::Kind::assigned);
  STRCMP_EQUAL("", answer->outcome.hub.c_str());
  LONGS_EQUAL(0, read_answer(400, R"({"errorCode":"400"})")->outcome.error_code);
}

TEST_GROUP(RegisterBody){};

TEST(RegisterBody, NamesTheDeviceAndCarriesItsPayload) {
  device::Identity identity;
  identity.registration_id = "dev-1";
  STRCMP_EQUAL(R"({"registrationId":"dev-1"})", device::register_body(identity).c_str());
  identity.payload = R"({"a": 1})";
  STRCMP_EQUAL(R"({"registrationId":"dev-1","payload":{"a":1}})",
               device::register_body(identity).c_str());
}

TEST(RegisterBody, SignsItsTokenForAnHour) {
  const auto crypto = crypto::make_mbedtls_crypto();
  device::Attempt attempt;
  attempt.endpoint.id_scope = "0ne00000001";
  attempt.identity.registration_id = "dev-1";
  attempt.identity.symmetric_key = SecretBytes::copy_of(Bytes(32, 1));
  attempt.unix_now = 1767225600;
  const auto token = protocol::parse_sas_token(device::sas_token(attempt, *crypto));
  CHECK(token.has_value());
  STRCMP_EQUAL("0ne00000001%2Fregistrations%2Fdev-1", token->resource.c_str());
  LONGS_EQUAL(1767225600 + 3600, token->expiry);
}
