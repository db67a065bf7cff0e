// GatewaySession: the coordinator's side of one gateway's connection; what it is sent, and what
// becomes of what it says. The protocol itself is shared/protocol/sync/session_coordinator.
//
// Per tenant a session either sends a snapshot or follows the change log; frames are made only
// while little waits to be sent, so a slow gateway costs a bounded amount of memory.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "coordinator/sync/intake.hpp"
#include "coordinator/sync/scope.hpp"
#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"
#include "shared/base/timestamp.hpp"
#include "shared/domain/model/gateway.hpp"
#include "shared/protocol/sync/session_coordinator.hpp"

namespace berth::coordinator {

class SyncServer;

// Beyond this much waiting output, snapshots and changes wait.
inline constexpr std::size_t kOutputHighWater = 2 * sync::kFrameBudget;
// Records read for one frame; log entries for one.
inline constexpr std::size_t kSnapshotPage = 100;
inline constexpr std::size_t kChangesPage = 200;
// How often a gateway that stays connected is written down as heard.
inline constexpr std::chrono::minutes kContactInterval{5};
// Clean-up tasks that one gateway is asked to take at a time.
inline constexpr std::size_t kMaxCleanupRequests = 64;
// Webhooks that are called for one gateway at a time; more are answered at once as not called.
inline constexpr std::size_t kMaxWebhookCalls = 64;
// Between two seals over our audit log to one gateway.
inline constexpr std::chrono::minutes kSealInterval{1};
// Steps towards a tenant's digest per tick.
inline constexpr int kDigestStepsPerTick = 8;

class GatewaySession {
 public:
  ~GatewaySession();
  GatewaySession(const GatewaySession&) = delete;
  GatewaySession& operator=(const GatewaySession&) = delete;

  void receive(ByteView bytes, MonotonicTime now);
  // About once a second: deadlines, permits to renew, digests to compare.
  void tick(MonotonicTime now);
  // Refills as it empties: to be called until has_output() is false.
  [[nodiscard]] Bytes take_output();
  [[nodiscard]] bool has_output() const { return session_.has_output(); }
  // Ended; what has_output() still gives is to be sent before the connection is closed.
  [[nodiscard]] bool closed() const { return session_.closed(); }

  [[nodiscard]] const domain::Gateway& gateway() const { return gateway_; }

 private:
  friend class SyncServer;

  enum class Phase : std::uint8_t { snapshot, catching_up, following };
  struct Tenant {
    Phase phase = Phase::following;
    std::uint64_t sequence = 0;  // following: sent up to here
    std::uint64_t snapshot = 0;  // its number
    std::size_t table = 0;       // snapshot: which table is read, and from where
    std::string continuation;
    std::optional<std::uint64_t> digest_sent;  // the sequence that a digest was sent for
    WallTime renew_permit_at{};
    bool hubs_changed = false;
  };

  GatewaySession(SyncServer& server, domain::Gateway gateway, bool may_only_renew,
                 std::function<void()> wake, MonotonicTime now);

  void handle(sync::CoordinatorSession::Event& event, MonotonicTime now);
  void on(sync::Hello& hello);
  void on(sync::ResyncRequest& request);
  void on(sync::HeadRequest& request);
  void on(sync::LookBackRequest& request);
  void on(sync::OutboxEntries& entries);
  void on(sync::CleanupReply& reply);
  void on(sync::CertificateRequest& request);
  void on(sync::WebhookRequest& request);
  void on(sync::Ping& ping);
  void on(sync::AuditSegments& segments);
  void on(sync::AuditSealed& sealed);
  void on(sync::Closed& closed);

  [[nodiscard]] Result<void> greet(const sync::Hello& hello);
  [[nodiscard]] Result<void> place(const domain::IdScope& tenant, const sync::Position* position,
                                   bool force_snapshot);
  void begin_all_snapshots();
  [[nodiscard]] Result<void> begin_snapshot(const domain::IdScope& tenant, Tenant& state);
  // Sends what is due while there is room.
  void pump();
  [[nodiscard]] Result<bool> pump_tenant(const domain::IdScope& tenant, Tenant& state);
  [[nodiscard]] Result<bool> send_snapshot(const domain::IdScope& tenant, Tenant& state);
  [[nodiscard]] Result<bool> send_changes(const domain::IdScope& tenant, Tenant& state);
  [[nodiscard]] Result<void> send_all_changes(const domain::IdScope& tenant, Tenant& state);
  [[nodiscard]] Result<void> send_digest(const domain::IdScope& tenant, Tenant& state);
  [[nodiscard]] Result<void> send_permit(const domain::IdScope& tenant, Tenant& state);
  [[nodiscard]] Result<void> send_hub_tokens(const domain::IdScope& tenant, WallTime expiry);
  [[nodiscard]] Result<void> send_cleanup(const domain::IdScope& tenant);
  [[nodiscard]] Result<void> look_back(const sync::LookBackRequest& request);
  // The webhook that our own record of the enrollment names, if the gateway's site may serve it.
  [[nodiscard]] Result<std::string> webhook_of(const sync::WebhookRequest& request) const;
  [[nodiscard]] Result<void> take_outcomes(const sync::OutboxEntries& entries);
  void tell_outcome(const sync::OutboxEntries& entries, const Intake::Taken& taken) const;
  [[nodiscard]] Result<bool> is_of_interest(const domain::IdScope& tenant,
                                            const std::string& registration) const;
  [[nodiscard]] Result<void> note_contact();
  // Our own audit log's head, for the gateway to countersign, if it has moved.
  [[nodiscard]] Result<void> send_seal(MonotonicTime now);
  Tenant* serving(const domain::IdScope& tenant);
  // An error of ours, or of the store: the session ends, and the gateway comes again.
  void give_up(const Error& error);

  SyncServer& server_;
  domain::Gateway gateway_;
  Scope scope_;
  bool may_only_renew_ = false;
  std::function<void()> wake_;
  sync::CoordinatorSession session_;
  std::map<domain::IdScope, Tenant> tenants_;
  std::string outbox_incarnation_;
  bool outbox_rolled_back_ = false;
  Contact contact_;
  std::optional<Contact> previous_contact_;  // of the session before
  MonotonicTime contact_noted_{};
  std::uint64_t sealed_ = 0;  // the last entry of our audit log that was sealed to this gateway
  std::optional<MonotonicTime> sealed_at_;
  std::uint64_t next_request_ = 1;
  std::uint64_t number_ = 0;       // of the session
  std::size_t webhook_calls_ = 0;  // under way
  std::map<std::uint64_t, std::pair<domain::IdScope, std::string>> cleanups_;
};

}  // namespace berth::coordinator
