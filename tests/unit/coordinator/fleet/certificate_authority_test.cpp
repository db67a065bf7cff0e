#include "coordinator/fleet/certificate_authority.hpp"

#include <CppUTest/TestHarness.h>

#include "tests/support/coordinator_side.hpp"

using namespace berth;
using namespace berth::testing;
using coordinator::CertificateAuthority;

TEST_GROUP(CertificateAuthority) {
  FakeClock clock;
  CoordinatorSide coordinator{clock};

  Result<CertificateAuthority> open(store::RecordStore & store) {
    return CertificateAuthority::open(store, *coordinator.x509, *coordinator.crypto, clock,
                                      coordinator.id, std::nullopt);
  }
  Result<CertificateAuthority> open(store::RecordStore & store, CertificateAuthority::Given given) {
    return CertificateAuthority::open(store, *coordinator.x509, *coordinator.crypto, clock,
                                      coordinator.id, std::move(given));
  }
};

TEST(CertificateAuthority, StaysTheSameOverRestarts) {
  const auto again = open(coordinator.store);
  CHECK_TRUE(again.has_value());
  CHECK_TRUE(again->certificate() == coordinator.ca.certificate());
  const auto signature = must(again->sign(as_bytes("x")));
  CHECK_TRUE(
      coordinator.crypto->verify_p256(coordinator.ca.public_key(), as_bytes("x"), signature));
}

TEST(CertificateAuthority, IsACa) {
  const auto& certificate = coordinator.ca.parsed_certificate();
  CHECK_TRUE(certificate.is_ca);
  CHECK_TRUE(certificate.path_length == 0U);
  CHECK_TRUE(coordinator.crypto->is_signed_by(certificate, certificate));
}

TEST(CertificateAuthority, TakesOverOneThatIsGivenAtTheFirstStartOnly) {
  const auto key = must(coordinator.x509->generate_p256());
  ports::CertificateRequest request;
  request.common_name = "Development CA";
  request.public_key = key.public_key;
  request.not_before = clock.wall() - std::chrono::days{1};
  request.not_after = clock.wall() + std::chrono::days{10};
  request.is_ca = true;
  const Bytes certificate = must(coordinator.x509->issue(request, std::nullopt, key.private_key));
  MemoryStore fresh("other");
  must(fresh.create_tenant(store::kNode));
  const auto taken = open(fresh, CertificateAuthority::Given{certificate, key.private_key});
  CHECK_TRUE(taken.has_value());
  CHECK_TRUE(taken->certificate() == certificate);
  // No certificate outlives the CA.
  const auto leaf = must(coordinator.crypto->parse_certificate(
      must(taken->issue_gateway(domain::GatewayId("gw-1"), key.public_key))));
  CHECK_TRUE(leaf.not_after == request.not_after);

  const auto kept =
      open(coordinator.store, CertificateAuthority::Given{certificate, key.private_key});
  CHECK_TRUE(kept->certificate() == coordinator.ca.certificate());
}

TEST(CertificateAuthority, RefusesAGivenOneThatDoesNotFit) {
  const auto key = must(coordinator.x509->generate_p256());
  MemoryStore fresh("other");
  must(fresh.create_tenant(store::kNode));
  const auto mixed =
      open(fresh, CertificateAuthority::Given{coordinator.ca.certificate(), key.private_key});
  CHECK_TRUE(mixed.error().code == Errc::invalid);
  const Bytes leaf = must(coordinator.ca.issue_gateway(domain::GatewayId("gw-1"), key.public_key));
  CHECK_TRUE(open(fresh, CertificateAuthority::Given{leaf, key.private_key}).error().code ==
             Errc::invalid);
}

TEST(CertificateAuthority, GivesGatewaysCertificatesForAsLongAsItIsTold) {
  const auto key = must(coordinator.x509->generate_p256());
  const auto brief = must(CertificateAuthority::open(coordinator.store, *coordinator.x509,
                                                     *coordinator.crypto, clock, coordinator.id,
                                                     std::nullopt, std::chrono::seconds{30}));
  for (const Bytes& issued : {must(brief.issue_gateway(domain::GatewayId("gw-1"), key.public_key)),
                              must(brief.issue_device_endpoint({"gw.local"}, key.public_key))}) {
    const auto certificate = must(coordinator.crypto->parse_certificate(issued));
    CHECK_TRUE(certificate.not_after == clock.wall() + std::chrono::seconds{30});
    // Not due from the first moment on.
    CHECK_TRUE(certificate.not_before == clock.wall() - std::chrono::seconds{30});
  }
}

TEST(CertificateAuthority, BoundsTheNamesOfAServer) {
  const auto key = must(coordinator.x509->generate_p256());
  std::vector<std::string> names(coordinator::kMaxServerNames, "gw.local");
  CHECK_TRUE(coordinator.ca.issue_device_endpoint(names, key.public_key).has_value());
  names.emplace_back("10.0.0.1");
  CHECK_TRUE(coordinator.ca.issue_device_endpoint(names, key.public_key).error().code ==
             Errc::invalid);
  CHECK_TRUE(coordinator.ca.issue_device_endpoint({}, key.public_key).error().code ==
             Errc::invalid);
}

TEST(CertificateAuthority, ShowsItselfBehindTheServiceCertificate) {
  const auto identity = must(coordinator.ca.issue_service({"dps.example", "127.0.0.2", "::1"}));
  LONGS_EQUAL(2, identity.chain.size());
  CHECK_TRUE(identity.chain[1] == coordinator.ca.certificate());
  const auto leaf = must(coordinator.crypto->parse_certificate(identity.chain[0]));
  CHECK_TRUE(coordinator.crypto->is_signed_by(leaf, coordinator.ca.parsed_certificate()));
  CHECK_TRUE(leaf.public_key == must(coordinator.x509->public_key_of(identity.private_key)));
}
