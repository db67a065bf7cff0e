// A coordinator without sockets, for tests that need one: memory store, real crypto, a clock that
// the test moves. A suite that uses it lists berth_coordinator_sync, berth_shared_store_memory,
// berth_shared_crypto_mbedtls and berth_shared_crypto_openssl among its uses.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "coordinator/fleet/certificate_authority.hpp"
#include "coordinator/fleet/fleet.hpp"
#include "coordinator/fleet/joining.hpp"
#include "coordinator/fleet/permits.hpp"
#include "coordinator/store/catalog.hpp"
#include "coordinator/sync/sync_server.hpp"
#include "shared/base/encoding.hpp"
#include "shared/crypto/mbedtls/mbedtls.hpp"
#include "shared/crypto/openssl/certificate_authority.hpp"
#include "shared/store/audited_store.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_entropy.hpp"
#include "tests/support/memory_store.hpp"

namespace berth::testing {

// For what a test takes for granted: its failure ends the program.
template <class T>
T must(Result<T> result) {
  BERTH_ASSERT(result.has_value());
  return std::move(result).value();
}
inline void must(const Result<void>& result) {
  BERTH_ASSERT(result.has_value());
}

class CoordinatorSide {
 public:
  explicit CoordinatorSide(FakeClock& clock_of_all,
                           coordinator::PermitSettings permit_settings = {})
      : clock(clock_of_all),
        crypto(crypto::make_mbedtls_crypto()),
        x509(crypto::make_certificate_authority()),
        catalog(prepared(store, *crypto, clock, entropy)),
        id(must(catalog->coordinator_id())),
        ca(must(coordinator::CertificateAuthority::open(store, *x509, *crypto, clock, id,
                                                        std::nullopt))),
        joining(catalog->gateways, ca, id, {"dps.example", 8443}, *crypto, clock, entropy),
        fleet(catalog->gateways, joining, ca, *crypto, clock, entropy),
        permits(store, ca, clock, permit_settings),
        tenant(must(catalog->tenants.all()).front().record.id_scope) {
    start();
  }

  // Also as a coordinator that restarts: sessions must be gone.
  void start() {
    server.reset();
    server = std::make_unique<coordinator::SyncServer>(coordinator::SyncServer::Services{
        audited, catalog->hubs, fleet, permits, ca, *crypto, clock, id,
        [](const std::string& name) { return equals_ignoring_case(name, "dps.example"); },
        [this](const coordinator::SyncEvent& event) { events.push_back(event); },
        [this](std::string url, std::string body,
               coordinator::SyncServer::Services::WebhookDone done) {
          webhook_calls.push_back({std::move(url), std::move(body), std::move(done)});
        },
        &trail,
        [this](const coordinator::TakenOutcome& outcome) {
          outcomes.push_back(outcome.entry.tracking_id);
        }});
  }

  coordinator::Fleet::Created create_gateway(const std::string& name, const std::string& site) {
    if (!must(catalog->gateways.site(domain::SiteId(site)))) {
      must(catalog->gateways.create_site(domain::SiteId(site)));
    }
    return must(fleet.create(name, domain::SiteId(site), {tenant}));
  }

  domain::LinkedHub link_hub(const std::string& host) {
    domain::LinkedHub hub;
    hub.hub_id = domain::HubId(to_hex(entropy.bytes(16)));
    hub.host_name = host;
    hub.registry_url = "https://" + host;
    domain::HubCredential credential{hub.hub_id, "iothubowner", entropy.secret(32)};
    return must(catalog->hubs.put(tenant, hub, credential, 0)).record;
  }

  domain::LinkedHub link_mosquitto(const std::string& host) {
    domain::LinkedHub hub;
    hub.kind = domain::HubKind::mosquitto;
    hub.hub_id = domain::HubId(to_hex(entropy.bytes(16)));
    hub.host_name = host;
    hub.registry_url = "mqtts://" + host;
    domain::HubCredential credential{hub.hub_id, "admin", entropy.secret(16), entropy.secret(32)};
    return must(catalog->hubs.put(tenant, hub, credential, 0)).record;
  }

  // An enrollment with a symmetric key, for the sites named; none: for all.
  domain::IndividualEnrollment enroll(const std::string& registration,
                                      std::vector<domain::SiteId> sites = {},
                                      bool disabled = false) {
    domain::IndividualEnrollment enrollment;
    enrollment.registration_id = must(domain::RegistrationId::parse(registration));
    enrollment.attestation =
        domain::SymmetricKeyAttestation{entropy.secret(32), entropy.secret(32)};
    enrollment.provisioning.sites = std::move(sites);
    if (disabled) enrollment.provisioning.status = domain::ProvisioningStatus::disabled;
    const auto present = must(catalog->enrollments.individual(tenant, enrollment.registration_id));
    auto stored =
        must(catalog->enrollments.put(tenant, enrollment, present ? present->version : 0));
    server->committed(tenant);
    return stored.record;
  }

  [[nodiscard]] bool has_alarm() const {
    for (const auto& event : events) {
      if (event.is_alarm) return true;
    }
    return false;
  }

  FakeClock& clock;
  FakeEntropy entropy{11};
  MemoryStore store{"coordinator-1"};
  std::unique_ptr<ports::Crypto> crypto;
  std::unique_ptr<ports::CertificateAuthority> x509;
  std::unique_ptr<coordinator::Catalog> catalog;
  domain::CoordinatorId id;
  store::AuditTrail trail{id.str(), *crypto, clock, entropy};
  store::AuditedStore audited{store, trail};
  coordinator::CertificateAuthority ca;
  coordinator::Joining joining;
  coordinator::Fleet fleet;
  coordinator::Permits permits;
  domain::IdScope tenant;
  std::vector<coordinator::SyncEvent> events;
  // Answered when the test says so.
  struct WebhookCall {
    std::string url;
    std::string body;
    coordinator::SyncServer::Services::WebhookDone done;
  };
  std::vector<WebhookCall> webhook_calls;
  std::vector<std::string> outcomes;  // the tracking IDs of those taken in
  std::unique_ptr<coordinator::SyncServer> server;

 private:
  static std::unique_ptr<coordinator::Catalog> prepared(store::RecordStore& store,
                                                        ports::Crypto& crypto, FakeClock& clock,
                                                        FakeEntropy& entropy) {
    auto catalog = std::make_unique<coordinator::Catalog>(store, crypto, clock, entropy);
    must(catalog->prepare());
    return catalog;
  }
};

}  // namespace berth::testing
