#include "tools/device/amqp.hpp"

#include <CppUTest/TestHarness.h>

#include "tests/unit/tools/device/fake_endpoint.hpp"
#include "tests/unit/tools/device/proton_endpoint.hpp"

using namespace berth;
using namespace berth::testing;

TEST_GROUP(AmqpTransport) {
  ProtonEndpoint endpoint_;
  FakeEndpoint network_;

  void setup() override {
    endpoint_.register_answer = kAssigning;
    endpoint_.poll_answer = kAssigned;
    network_.listen([this](runtime::TlsStream& stream) { return endpoint_.serve(stream); });
  }

  Result<device::Outcome> register_once(device::Attempt attempt) {
    device::AmqpTransport transport(network_.services(), device::Carrier::tls);
    return network_.loop().run(transport.register_device(std::move(attempt)));
  }
};

TEST(AmqpTransport, RegistersAndPollsUntilTheDeviceHasItsHub) {
  const auto outcome = register_once(network_.attempt());
  CHECK_TRUE(outcome->assigned);
  STRCMP_EQUAL("hub.example", outcome->hub.c_str());
  LONGS_EQUAL(2, endpoint_.requests.size());
  STRCMP_EQUAL("iotdps-register", endpoint_.requests[0].operation_type.c_str());
  STRCMP_EQUAL(R"({"registrationId":"dev-1"})", endpoint_.requests[0].body.c_str());
  CHECK_FALSE(endpoint_.requests[0].force);
  STRCMP_EQUAL("iotdps-get-operationstatus", endpoint_.requests[1].operation_type.c_str());
  STRCMP_EQUAL("4.a", endpoint_.requests[1].operation_id.c_str());
}

TEST(AmqpTransport, AttachesBothLinksToTheDevicesAddress) {
  auto attempt = network_.attempt();
  attempt.api_version = "2019-03-31";
  CHECK_TRUE(register_once(std::move(attempt))->assigned);
  CHECK(endpoint_.addresses == std::vector<std::string>(2, "0ne00LAB001/registrations/dev-1"));
  CHECK(endpoint_.api_versions == std::vector<std::string>(2, "2019-03-31"));
}

TEST(AmqpTransport, ShowsItsTokenBySaslPlain) {
  CHECK_TRUE(register_once(network_.attempt())->assigned);
  LONGS_EQUAL(1, endpoint_.credentials.size());
  const std::string start(
      "\0"
      "0ne00LAB001/registrations/dev-1"
      "\0"
      "SharedAccessSignature sr=",
      58);
  CHECK_TRUE(endpoint_.credentials[0].starts_with(start));
}

TEST(AmqpTransport, BeginsWithoutSaslWhereTheCertificateSaysItAll) {
  endpoint_.requires_sasl = false;
  auto attempt = network_.attempt();
  attempt.identity.symmetric_key.reset();
  CHECK_TRUE(register_once(std::move(attempt))->assigned);
  LONGS_EQUAL(0, endpoint_.credentials.size());
}

TEST(AmqpTransport, AsksForANewAssignmentWhenForced) {
  auto attempt = network_.attempt();
  attempt.force = true;
  CHECK_TRUE(register_once(std::move(attempt))->assigned);
  CHECK_TRUE(endpoint_.requests[0].force);
  CHECK_FALSE(endpoint_.requests[1].force);
}

TEST(AmqpTransport, ARejectedRequestIsARefusal) {
  endpoint_.reject_with = kUnauthorized;
  const auto outcome = register_once(network_.attempt());
  CHECK_FALSE(outcome->assigned);
  LONGS_EQUAL(401002, outcome->error_code);
  STRCMP_EQUAL("Unauthorized", outcome->message.c_str());
}

TEST(AmqpTransport, ARejectionWithoutADocumentKeepsItsWords) {
  endpoint_.reject_with = "not today";
  const auto outcome = register_once(network_.attempt());
  CHECK_FALSE(outcome->assigned);
  STRCMP_EQUAL("amqp:unauthorized-access: not today", outcome->message.c_str());
}

TEST(AmqpTransport, ADetachedLinkIsARefusal) {
  endpoint_.detach_with = kUnauthorized;
  const auto outcome = register_once(network_.attempt());
  CHECK_FALSE(outcome->assigned);
  LONGS_EQUAL(401002, outcome->error_code);
}

TEST(AmqpTransport, RefusedCredentialsAreARefusal) {
  endpoint_.accepts_credentials = false;
  const auto outcome = register_once(network_.attempt());
  CHECK_FALSE(outcome->assigned);
  STRCMP_EQUAL("amqp:unauthorized-access: the endpoint refused the credentials (SASL)",
               outcome->message.c_str());
}

TEST(AmqpTransport, SaysThatItsMechanismIsNotOffered) {
  endpoint_.mechanisms = "ANONYMOUS PLAINER";
  const auto outcome = register_once(network_.attempt());
  STRCMP_EQUAL("the endpoint offers no SASL mechanism PLAIN", outcome.error().reason.c_str());
}

TEST(AmqpTransport, PassesOverAnAnswerToAnotherRequest) {
  endpoint_.first_answer = kUnauthorized;
  CHECK_TRUE(register_once(network_.attempt())->assigned);
}

TEST(AmqpTransport, AnAnswerWithoutADataSectionIsMalformed) {
  endpoint_.answers_with_value = true;
  const auto outcome = register_once(network_.attempt());
  CHECK(outcome.error().code == Errc::malformed);
}

TEST(AmqpTransport, KeepsTheConnectionOfADeviceThatRegistersAgain) {
  device::AmqpTransport transport(network_.services(true), device::Carrier::tls);
  for (int i = 0; i < 2; ++i) {
    CHECK_TRUE(network_.loop().run(transport.register_device(network_.attempt()))->assigned);
  }
  LONGS_EQUAL(1, network_.connections);
  LONGS_EQUAL(4, endpoint_.requests.size());
}
