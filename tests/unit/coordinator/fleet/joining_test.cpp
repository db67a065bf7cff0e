#include "coordinator/fleet/joining.hpp"

#include <CppUTest/TestHarness.h>

#include "tests/support/coordinator_side.hpp"

using namespace berth;
using namespace berth::testing;

TEST_GROUP(Joining) {
  FakeClock clock;
  CoordinatorSide coordinator{clock};
  coordinator::Fleet::Created created = coordinator.create_gateway("hall-3", "ulm");
  ports::KeyPair key = must(coordinator.x509->generate_p256());

  protocol::JoinRequest request(const ports::KeyPair& with) {
    protocol::JoinRequest made;
    made.token = created.token;
    made.csr = must(coordinator.x509->make_csr("hall-3", with.private_key));
    return made;
  }
  domain::Gateway stored() {
    return must(coordinator.catalog->gateways.find(created.token.gateway_id))->record;
  }
};

TEST(Joining, GivesACertificateForTheGatewaysOwnKey) {
  const auto reply = coordinator.joining.join(request(key));
  CHECK_TRUE(reply.has_value());
  const auto certificate = must(coordinator.crypto->parse_certificate(reply->certificate));
  CHECK_TRUE(certificate.public_key == key.public_key);
  CHECK_TRUE(certificate.common_name == created.token.gateway_id.str());
  CHECK_TRUE(coordinator.crypto->is_signed_by(certificate, coordinator.ca.parsed_certificate()));
  CHECK_TRUE(certificate.not_after == clock.wall() + coordinator::kGatewayCertificateLifetime);
  CHECK_TRUE(reply->ca_certificate == coordinator.ca.certificate());
  CHECK_TRUE(reply->coordinator_id == coordinator.id);
  STRCMP_EQUAL("dps.example", reply->sync_host.c_str());
  LONGS_EQUAL(8443, reply->sync_port);
  CHECK_TRUE(reply->id_scopes == std::vector{coordinator.tenant});
  CHECK_TRUE(stored().status == domain::GatewayStatus::active);
}

TEST(Joining, PinsTheCaInTheToken) {
  const auto hash = coordinator.crypto->sha256(coordinator.ca.certificate());
  CHECK_TRUE(created.token.ca_fingerprint == Bytes(hash.begin(), hash.end()));
  STRCMP_EQUAL("https://dps.example:8443", created.token.url.c_str());
}

TEST(Joining, KeepsOnlyAHashOfTheSecret) {
  const auto hash = coordinator.crypto->sha256(created.token.secret.reveal());
  CHECK_TRUE(stored().join_token_hash == Bytes(hash.begin(), hash.end()));
}

TEST(Joining, AnswersTheSameKeyAgain) {
  CHECK_TRUE(coordinator.joining.join(request(key)).has_value());
  CHECK_TRUE(coordinator.joining.join(request(key)).has_value());
  CHECK_FALSE(stored().join_token_reused);
}

TEST(Joining, RaisesAnAlarmForAnotherKey) {
  CHECK_TRUE(coordinator.joining.join(request(key)).has_value());
  const auto other = must(coordinator.x509->generate_p256());
  const auto refused = coordinator.joining.join(request(other));
  CHECK_TRUE(refused.error().code == Errc::unauthorized);
  CHECK_TRUE(stored().join_token_reused);
  CHECK_TRUE(stored().public_key == key.public_key);
  // The gateway itself goes on.
  CHECK_TRUE(coordinator.joining.join(request(key)).has_value());
}

TEST(Joining, RaisesTheAlarmAlsoAfterTheTokenExpired) {
  CHECK_TRUE(coordinator.joining.join(request(key)).has_value());
  clock.advance(protocol::kMaxJoinTokenLifetime + std::chrono::seconds{1});
  const auto other = must(coordinator.x509->generate_p256());
  CHECK_FALSE(coordinator.joining.join(request(other)).has_value());
  CHECK_TRUE(stored().join_token_reused);
}

TEST(Joining, RefusesATokenPastItsHour) {
  clock.advance(protocol::kMaxJoinTokenLifetime);
  CHECK_TRUE(coordinator.joining.join(request(key)).has_value());
  clock.advance(std::chrono::microseconds{1});
  CHECK_TRUE(coordinator.joining.join(request(key)).error().code == Errc::unauthorized);
}

TEST(Joining, RefusesAWrongSecretAndAnUnknownGatewayAlike) {
  auto wrong = request(key);
  wrong.token.secret = SecretBytes(Bytes(protocol::kJoinSecretSize, 1));
  const auto first = coordinator.joining.join(wrong);
  auto unknown = request(key);
  unknown.token.gateway_id = domain::GatewayId("no-such");
  const auto second = coordinator.joining.join(unknown);
  CHECK_TRUE(first.error().code == Errc::unauthorized);
  CHECK_TRUE(second.error().code == Errc::unauthorized);
  CHECK_TRUE(first.error().reason == second.error().reason);
}

TEST(Joining, VoidsATokenByANewOne) {
  const auto old = request(key);
  created.token = must(coordinator.joining.create_token(created.token.gateway_id));
  CHECK_FALSE(coordinator.joining.join(old).has_value());
  CHECK_TRUE(coordinator.joining.join(request(key)).has_value());
}

TEST(Joining, LetsAGatewayJoinAgainWithAnotherKeyByANewToken) {
  CHECK_TRUE(coordinator.joining.join(request(key)).has_value());
  created.token = must(coordinator.joining.create_token(created.token.gateway_id));
  const auto other = must(coordinator.x509->generate_p256());
  CHECK_TRUE(coordinator.joining.join(request(other)).has_value());
  CHECK_TRUE(stored().public_key == other.public_key);
  CHECK_FALSE(stored().join_token_reused);
}

TEST(Joining, RefusesARequestThatDoesNotProveItsKey) {
  auto broken = request(key);
  broken.csr.back() = static_cast<std::uint8_t>(broken.csr.back() ^ 1U);
  CHECK_FALSE(coordinator.joining.join(broken).has_value());
  CHECK_TRUE(stored().status == domain::GatewayStatus::joining);
}

TEST(Joining, RefusesGatewaysThatAreDisabledOrRemoved) {
  must(coordinator.fleet.disable(created.token.gateway_id));
  CHECK_TRUE(coordinator.joining.join(request(key)).error().code == Errc::unauthorized);
  must(coordinator.fleet.remove(created.token.gateway_id));
  CHECK_TRUE(coordinator.joining.join(request(key)).error().code == Errc::unauthorized);
  CHECK_TRUE(coordinator.joining.create_token(created.token.gateway_id).error().code ==
             Errc::forbidden);
}
