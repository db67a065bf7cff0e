// SyncServer: all gateways that are connected, and what their sessions share. The application
// accepts connections, moves their bytes, and calls committed() after every change to the store.
// Sans-I/O, one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "coordinator/fleet/certificate_authority.hpp"
#include "coordinator/fleet/fleet.hpp"
#include "coordinator/fleet/permits.hpp"
#include "coordinator/store/linked_hubs.hpp"
#include "coordinator/sync/alarm_log.hpp"
#include "coordinator/sync/audit_intake.hpp"
#include "coordinator/sync/gateway_session.hpp"
#include "coordinator/sync/intake.hpp"
#include "coordinator/sync/scope_digest.hpp"
#include "coordinator/sync/store_incarnation.hpp"
#include "shared/base/result.hpp"
#include "shared/domain/model/ids.hpp"
#include "shared/ports/clock.hpp"
#include "shared/ports/crypto.hpp"
#include "shared/store/record_store.hpp"

namespace berth::coordinator {

// Something that the log, or an admin, should see.
struct SyncEvent {
  domain::GatewayId gateway;
  bool is_alarm = false;
  std::string text;  // one plain sentence
};

// An outcome as a gateway sent it, and what became of it.
struct TakenOutcome {
  const domain::OutboxEntry& entry;
  domain::GatewayId gateway;
  domain::SiteId site;
  std::string quarantine_reason;  // empty: applied
  bool is_placed = false;         // Intake::Taken
};

class SyncServer {
 public:
  // All of it outlives the server.
  struct Services {
    store::RecordStore& store;
    LinkedHubs& hubs;
    Fleet& fleet;
    Permits& permits;
    const CertificateAuthority& ca;
    ports::Crypto& crypto;
    ports::Clock& clock;
    domain::CoordinatorId coordinator;
    // Names that no gateway gets a certificate for: the coordinator's own, in any letter case.
    std::function<bool(const std::string& name)> is_own_name;
    std::function<void(const SyncEvent&)> report;
    // Calls a webhook for a gateway, and answers once, later or at once, on this thread; never
    // after the server is gone. Absent: webhooks are not called from here.
    using WebhookDone = std::function<void(sync::WebhookReply)>;
    std::function<void(std::string url, std::string body, WebhookDone done)> call_webhook = nullptr;
    // The coordinator's own audit chain; null where none is kept.
    const store::AuditTrail* audit = nullptr;
    // Told of every outcome that was taken in; may be empty.
    std::function<void(const TakenOutcome&)> outcome = {};
  };

  explicit SyncServer(Services services);
  ~SyncServer();
  SyncServer(const SyncServer&) = delete;
  SyncServer& operator=(const SyncServer&) = delete;

  // A connection whose client shows this certificate (its leaf, DER). Errors as Fleet::identify.
  // `wake` is called when the session has output to send that no call of the adapter asked for. An
  // older connection of the same gateway is refused. The session lives no longer than the server.
  [[nodiscard]] Result<std::unique_ptr<GatewaySession>> accept(ByteView certificate,
                                                               std::function<void()> wake);

  // Tells the sessions that the tenant's log may have grown.
  void committed(const domain::IdScope& tenant);
  // A gateway was disabled, removed or given other tenants: its connection ends.
  void gateway_changed(const domain::GatewayId& gateway);
  [[nodiscard]] std::size_t connected() const { return sessions_.size(); }
  [[nodiscard]] bool is_connected(const domain::GatewayId& gateway) const {
    return sessions_.contains(gateway);
  }

 private:
  friend class GatewaySession;

  // Of one gateway's alarms only so many are told one by one.
  void report(const domain::GatewayId& gateway, bool is_alarm, std::string text);
  void tell_counted_alarms(MonotonicTime now);
  void tell_alarm(const domain::GatewayId& gateway, const std::string& text) const;
  void note_alarm(const domain::GatewayId& gateway, const std::string& text) const;
  void left(const GatewaySession& session);
  void webhook_answered(const domain::GatewayId& gateway, std::uint64_t session_number,
                        const sync::WebhookReply& reply);
  // A gateway knows what this store never held: a back-up was restored. From here on every gateway
  // gets a snapshot, and sends again what is not in it.
  [[nodiscard]] Result<void> store_was_restored(const GatewaySession& noticed);
  // Shared by the gateways of a site.
  ScopeDigest& digest_of(const domain::IdScope& tenant, const domain::SiteId& site);

  Services services_;
  Intake intake_;
  AuditIntake audit_;
  AlarmLog alarms_;
  StoreIncarnation incarnation_;
  std::map<domain::GatewayId, GatewaySession*> sessions_;
  std::map<std::pair<domain::IdScope, domain::SiteId>, std::unique_ptr<ScopeDigest>> digests_;
  // Clean-up tasks that a gateway was asked to take: (tenant, record ID) by session.
  std::map<std::pair<domain::IdScope, std::string>, const GatewaySession*> asked_;
  std::uint64_t last_snapshot_ = 0;
  std::uint64_t last_session_ = 0;
};

}  // namespace berth::coordinator
