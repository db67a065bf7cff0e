#include "coordinator/fleet/fleet.hpp"

#include <CppUTest/TestHarness.h>

#include "tests/support/coordinator_side.hpp"

using namespace berth;
using namespace berth::testing;

TEST_GROUP(Fleet) {
  FakeClock clock;
  CoordinatorSide coordinator{clock};
  coordinator::Fleet::Created created = coordinator.create_gateway("hall-3", "ulm");
  ports::KeyPair key = must(coordinator.x509->generate_p256());
  domain::GatewayId id = created.token.gateway_id;

  Bytes csr(const ports::KeyPair& with) {
    return must(coordinator.x509->make_csr("hall-3", with.private_key));
  }
  Bytes join() {
    return must(coordinator.joining.join({created.token, csr(key)})).certificate;
  }
};

TEST(Fleet, KnowsAGatewayByItsCertificate) {
  const auto visitor = coordinator.fleet.identify(join());
  CHECK_TRUE(visitor.has_value());
  CHECK_TRUE(visitor->gateway.gateway_id == id);
  CHECK_FALSE(visitor->may_only_renew);
}

TEST(Fleet, LetsAnExpiredCertificateOnlyRenew) {
  const Bytes certificate = join();
  clock.advance(coordinator::kGatewayCertificateLifetime);
  CHECK_FALSE(coordinator.fleet.identify(certificate)->may_only_renew);
  clock.advance(std::chrono::microseconds{1});
  CHECK_TRUE(coordinator.fleet.identify(certificate)->may_only_renew);
  const auto renewed = coordinator.fleet.renew(id, csr(key));
  CHECK_TRUE(renewed.has_value());
  CHECK_FALSE(coordinator.fleet.identify(*renewed)->may_only_renew);
}

TEST(Fleet, RenewsOnlyForTheKeyThatJoined) {
  join();
  const auto other = must(coordinator.x509->generate_p256());
  CHECK_TRUE(coordinator.fleet.renew(id, csr(other)).error().code == Errc::unauthorized);
}

TEST(Fleet, RefusesCertificatesOfOthers) {
  join();
  // Another CA's, and one of ours that is not a gateway's.
  MemoryStore elsewhere("elsewhere");
  must(elsewhere.create_tenant(store::kNode));
  const auto stranger = must(coordinator::CertificateAuthority::open(
      elsewhere, *coordinator.x509, *coordinator.crypto, clock, coordinator.id, std::nullopt));
  const Bytes foreign = must(stranger.issue_gateway(id, key.public_key));
  CHECK_TRUE(coordinator.fleet.identify(foreign).error().code == Errc::unauthorized);
  const Bytes server = must(coordinator.ca.issue_device_endpoint({"gw.local"}, key.public_key));
  CHECK_TRUE(coordinator.fleet.identify(server).error().code == Errc::unauthorized);
  CHECK_TRUE(coordinator.fleet.identify(Bytes{1, 2}).error().code == Errc::unauthorized);
}

TEST(Fleet, RefusesTheKeyFromBeforeAGatewayJoinedAgain) {
  const Bytes first = join();
  created.token = must(coordinator.joining.create_token(id));
  key = must(coordinator.x509->generate_p256());
  const Bytes second = join();
  CHECK_TRUE(coordinator.fleet.identify(first).error().code == Errc::unauthorized);
  CHECK_TRUE(coordinator.fleet.identify(second).has_value());
}

TEST(Fleet, RefusesAGatewayWhileItIsDisabled) {
  const Bytes certificate = join();
  must(coordinator.fleet.disable(id));
  CHECK_TRUE(coordinator.fleet.identify(certificate).error().code == Errc::disabled);
  must(coordinator.fleet.enable(id));
  CHECK_TRUE(coordinator.fleet.identify(certificate).has_value());
}

TEST(Fleet, RefusesARemovedGatewayForGood) {
  const Bytes certificate = join();
  must(coordinator.fleet.remove(id));
  CHECK_TRUE(coordinator.fleet.identify(certificate).error().code == Errc::forbidden);
  CHECK_TRUE(coordinator.fleet.enable(id).error().code == Errc::forbidden);
  CHECK_TRUE(coordinator.fleet.renew(id, csr(key)).error().code == Errc::forbidden);
}

TEST(Fleet, GivesAGatewayATenantAtLeast) {
  CHECK_TRUE(coordinator.fleet.create("hall-4", domain::SiteId("ulm"), {}).error().code ==
             Errc::invalid);
}

TEST(Fleet, NotesWhenAGatewayWasHeard) {
  join();
  clock.advance(std::chrono::hours{1});
  must(coordinator.fleet.heard(id));
  CHECK_TRUE(must(coordinator.catalog->gateways.find(id))->record.last_contact == clock.wall());
}
