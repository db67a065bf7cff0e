#include "gateway/core/device/amqp_link.hpp"

#include <string>

#include <CppUTest/TestHarness.h>

#include "tests/support/fake_body_codec.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_crypto.hpp"
#include "tests/support/fake_entropy.hpp"
#include "tests/support/fake_gateway.hpp"

using namespace berth;
using namespace berth::gateway;
using namespace berth::testing;

TEST_GROUP(AmqpLink) {
  FakeCache cache;
  FakeBodyCodec json;
  FakeCrypto crypto;
  FakeClock clock;
  FakeEntropy entropy;
  DevicePeer peer{{}, "192.0.2.7"};
  AmqpSasl sasl{false};

  void sasl_plain(const std::string& id) {
    const std::string zero("\0", 1);
    const std::string response = zero + "0ne00LAB001/registrations/" + id + zero + "token";
    CHECK_TRUE(sasl.on_init("PLAIN", as_bytes(response)).kind == SaslStep::Kind::accepted);
  }
  void with_certificate(const char* subject) {
    peer.chain = {crypto.make({.subject = subject, .issuer = "CN=ca"}).der};
  }
  Result<void> judge(const std::optional<AmqpAddress>& device) {
    return judge_amqp_link({cache, json, crypto, clock, entropy}, peer, sasl, device);
  }
  void check_refused(const std::optional<AmqpAddress>& device, Errc code) {
    const Result<void> judged = judge(device);
    CHECK_FALSE(judged.has_value());
    CHECK_TRUE(judged.error().code == code);
    CHECK_FALSE(judged.error().reason.empty());
  }
};

TEST(AmqpLink, TakesTheDeviceOfSasl) {
  sasl_plain("dev-1");
  CHECK_TRUE(judge(AmqpAddress{"0ne00LAB001", "dev-1"}).has_value());
  CHECK_TRUE(judge(AmqpAddress{"0NE00lab001", "DEV-1"}).has_value());
  check_refused(AmqpAddress{"0ne00LAB001", "dev-2"}, Errc::unauthorized);
}

TEST(AmqpLink, TakesTheDeviceOfTheCertificate) {
  with_certificate("CN=Dev-1");
  CHECK_TRUE(judge(AmqpAddress{"0ne00LAB001", "dev-1"}).has_value());
  check_refused(AmqpAddress{"0ne00LAB001", "dev-2"}, Errc::certificate_refused);
}

// A certificate may be a fleet tool's; the token says who it is.
TEST(AmqpLink, LooksAtTheTokenBeforeTheCertificate) {
  with_certificate("CN=fleet-tool");
  sasl_plain("dev-1");
  CHECK_TRUE(judge(AmqpAddress{"0ne00LAB001", "dev-1"}).has_value());
}

TEST(AmqpLink, RefusesWhoShowsNothing) {
  check_refused(AmqpAddress{"0ne00LAB001", "dev-1"}, Errc::unauthorized);
}

TEST(AmqpLink, RefusesACertificateThatDoesNotParse) {
  peer.chain = {Bytes{1, 2, 3}};
  check_refused(AmqpAddress{"0ne00LAB001", "dev-1"}, Errc::certificate_refused);
}

TEST(AmqpLink, RefusesWhatNamesNoDeviceOfThisGateway) {
  sasl_plain("dev-1");
  check_refused(std::nullopt, Errc::invalid);
  check_refused(AmqpAddress{"0ne00LAB001", "dev/1"}, Errc::invalid);
  check_refused(AmqpAddress{"0ne99999999", "dev-1"}, Errc::unauthorized);
}
