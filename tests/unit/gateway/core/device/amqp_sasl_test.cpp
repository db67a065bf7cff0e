#include "gateway/core/device/amqp_sasl.hpp"

#include <CppUTest/TestHarness.h>

using namespace berth;
using namespace berth::gateway;
using Kind = SaslStep::Kind;

namespace {

const std::string kZero("\0", 1);
const std::string kDevice = "0ne00LAB001/registrations/dev-1";
const std::string kToken = "SharedAccessSignature sr=x";

}  // namespace

TEST_GROUP(AmqpSasl){
    static Kind init(AmqpSasl & sasl, std::string_view mechanism, const std::string& response){
        return sasl.on_init(mechanism, as_bytes(response)).kind;
}
static void check_plain_refused(const std::string& response) {
  AmqpSasl sasl(false);
  const SaslStep step = sasl.on_init("PLAIN", as_bytes(response));
  CHECK_TRUE(step.kind == Kind::refused);
  CHECK_FALSE(step.reason.empty());
  CHECK_FALSE(sasl.is_accepted());
}
}
;

TEST(AmqpSasl, OffersWhatCanBeUsedAndPlainFirst) {
  STRCMP_EQUAL("PLAIN TPM", AmqpSasl(false).mechanisms().c_str());
  STRCMP_EQUAL("PLAIN TPM EXTERNAL ANONYMOUS", AmqpSasl(true).mechanisms().c_str());
}

TEST(AmqpSasl, TakesPlainForADeviceAndItsToken) {
  for (const std::string& authzid : {std::string(), kDevice}) {
    AmqpSasl sasl(false);
    CHECK_TRUE(init(sasl, "PLAIN", authzid + kZero + kDevice + kZero + kToken) == Kind::accepted);
    CHECK_TRUE(sasl.is_accepted());
    STRCMP_EQUAL("0ne00LAB001", sasl.device()->id_scope.c_str());
    STRCMP_EQUAL("dev-1", sasl.device()->registration_id.c_str());
    CHECK_TRUE(as_text(sasl.token().reveal()) == kToken);
  }
}

TEST(AmqpSasl, RefusesPlainThatDoesNotParse) {
  check_plain_refused("");
  check_plain_refused(kDevice);
  check_plain_refused(kZero + kDevice);
  check_plain_refused(kZero + kDevice + kZero);
  check_plain_refused(kZero + "dev-1" + kZero + kToken);
  check_plain_refused("other" + kZero + kDevice + kZero + kToken);
}

TEST(AmqpSasl, LeavesExternalAndAnonymousToTheCertificate) {
  for (const char* mechanism : {"EXTERNAL", "ANONYMOUS"}) {
    AmqpSasl with(true);
    CHECK_TRUE(init(with, mechanism, "") == Kind::accepted);
    CHECK_FALSE(with.device().has_value());
    CHECK_TRUE(with.token().empty());
    AmqpSasl without(false);
    CHECK_TRUE(init(without, mechanism, "") == Kind::refused);
  }
}

TEST(AmqpSasl, RefusesMechanismsThatWereNotOffered) {
  for (const char* mechanism : {"", "plain", "tpm", "SCRAM-SHA-1", "PLAIN TPM"}) {
    AmqpSasl sasl(true);
    CHECK_TRUE_TEXT(init(sasl, mechanism, kZero + kDevice + kZero + kToken) == Kind::refused,
                    mechanism);
  }
}

TEST(AmqpSasl, TakesNothingAfterItsEnd) {
  AmqpSasl sasl(true);
  CHECK_TRUE(init(sasl, "EXTERNAL", "") == Kind::accepted);
  CHECK_TRUE(init(sasl, "EXTERNAL", "") == Kind::refused);
  CHECK_FALSE(sasl.is_accepted());
  CHECK_TRUE(sasl.on_response({}).kind == Kind::refused);
}

TEST(AmqpSasl, GoesThroughTheMechanismTpm) {
  AmqpSasl sasl(false);
  const SaslStep asked =
      sasl.on_init("TPM", as_bytes(kZero + "0ne00LAB001" + kZero + "dev-1" + kZero + "EK"));
  CHECK_TRUE(asked.kind == Kind::challenge);
  CHECK_TRUE(asked.challenge == Bytes{0x00});
  CHECK_TRUE(sasl.on_response(as_bytes(kZero + "SRK")).kind == Kind::wait);
  CHECK_TRUE(as_text(sasl.tpm().keys().endorsement_key) == "EK");
  const SaslStep first = sasl.on_tpm_challenge(as_bytes("blob"));
  CHECK_TRUE(first.kind == Kind::challenge);
  CHECK_TRUE(as_text(first.challenge) ==
             "\x80"
             "blob");
  const SaslStep second = sasl.on_response(as_bytes(kZero));
  CHECK_TRUE(second.kind == Kind::challenge);
  CHECK_TRUE(as_text(second.challenge) == "\xC1");
  CHECK_FALSE(sasl.is_accepted());
  CHECK_TRUE(sasl.on_response(as_bytes(kZero + kToken)).kind == Kind::accepted);
  STRCMP_EQUAL("dev-1", sasl.device()->registration_id.c_str());
  CHECK_TRUE(as_text(sasl.token().reveal()) == kToken);
}

TEST(AmqpSasl, RefusesADeviceThatDoesNotWaitForItsChallenge) {
  AmqpSasl sasl(false);
  CHECK_TRUE(init(sasl, "TPM", kZero + "0ne00LAB001" + kZero + "dev-1" + kZero + "EK") ==
             Kind::challenge);
  CHECK_TRUE(sasl.on_tpm_challenge(as_bytes("blob")).kind == Kind::refused);
  AmqpSasl other(false);
  CHECK_TRUE(init(other, "TPM", kZero + "0ne00LAB001" + kZero + "dev-1" + kZero + "EK") ==
             Kind::challenge);
  CHECK_TRUE(other.on_response(as_bytes(kZero + "SRK")).kind == Kind::wait);
  CHECK_TRUE(other.on_response(as_bytes(kZero)).kind == Kind::refused);
}
