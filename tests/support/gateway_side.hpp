// A gateway's cache and sync session without sockets, joined to a CoordinatorSide; what the adapter
// in gateway/linux does over threads happens here at once. Suites list what coordinator_side.hpp
// says, and berth_gateway_core_cache.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gateway/core/cache/applier.hpp"
#include "gateway/core/cache/audit_uplink.hpp"
#include "gateway/core/cache/outbox.hpp"
#include "gateway/core/cache/permit.hpp"
#include "gateway/core/cache/trusted_time.hpp"
#include "shared/protocol/sync/record_codec.hpp"
#include "shared/protocol/sync/session_gateway.hpp"
#include "shared/store/index_terms.hpp"
#include "tests/support/coordinator_side.hpp"

namespace berth::testing {

class GatewaySide {
 public:
  GatewaySide(CoordinatorSide& coordinator, const std::string& name, const std::string& site,
              std::uint64_t seed)
      : coordinator_(coordinator), entropy_(seed) {
    must(store.create_tenant(store::kNode));
    auto key = must(coordinator.x509->generate_p256());
    auto created = coordinator.create_gateway(name, site);
    protocol::JoinRequest request;
    request.token = created.token;
    request.csr = must(coordinator.x509->make_csr(name, key.private_key));
    const auto reply = must(coordinator.joining.join(request));
    id = reply.gateway_id;
    certificate = reply.certificate;
    private_key = std::move(key.private_key);
    trail.emplace(id.str(), *coordinator.crypto, coordinator.clock, entropy_);
    audited = std::make_unique<store::AuditedStore>(store, *trail);
    audit = std::make_unique<gateway::AuditUplink>(id, store, *coordinator.crypto,
                                                   coordinator.clock, entropy_);
    audit->set_identity({private_key, certificate, reply.ca_certificate});
    boot();
  }
  ~GatewaySide() { disconnect(); }

  // As after a start of the program: what was in memory is gone.
  void boot() {
    disconnect();
    applier_.reset();
    numbers = std::make_unique<gateway::OutboxNumbers>(
        must(gateway::OutboxNumbers::open(store, entropy_)));
    applier_ = std::make_unique<gateway::Applier>(id, *coordinator_.crypto, *numbers);
    time = std::make_unique<gateway::TrustedTime>(coordinator_.clock,
                                                  must(gateway::TrustedTime::restore(store)));
    permits = std::make_unique<gateway::PermitBook>(store, *time);
    queue = must(gateway::OutboxQueue::load(store, served()));
    boot_id_ = to_hex(entropy_.bytes(8));
  }

  // Connects and exchanges until nothing moves. Errors as SyncServer::accept.
  Result<void> connect() {
    disconnect();
    auto accepted = coordinator_.server->accept(certificate, [] {});
    if (!accepted) return accepted.error();
    peer = std::move(*accepted);
    sync::Hello hello;
    hello.gateway_id = id;
    hello.outbox_incarnation = numbers->incarnation();
    hello.last_sequence = numbers->last();
    hello.now = now();
    hello.wall = coordinator_.clock.wall();
    for (const auto& tenant : served()) {
      hello.positions.push_back(
          gateway::position_of(tenant, must(gateway::read_cursor(store, tenant))));
    }
    session = std::make_unique<sync::GatewaySession>(hello, coordinator_.clock.monotonic());
    queue.restart();
    audit->restart();
    exchange();
    return {};
  }
  void disconnect() {
    session.reset();
    peer.reset();
  }

  void exchange() {
    const auto at = coordinator_.clock.monotonic();
    bool is_moving = true;
    while (is_moving && session && peer) {
      is_moving = false;
      while (session->has_output()) {
        peer->receive(session->take_output(), at);
        is_moving = true;
      }
      while (peer->has_output() && !(stop_after_frames && *stop_after_frames == 0)) {
        if (stop_after_frames) --*stop_after_frames;
        session->receive(peer->take_output(), at);
        is_moving = true;
      }
      for (auto& event : session->take_events()) {
        std::visit([this](auto& message) { apply(message); }, event);
      }
      if (session->open()) {
        const auto entries = must(queue.next(store, session->outbox_room()));
        if (!entries.empty()) {
          session->send_outbox(entries);
          is_moving = true;
        }
        if (const auto segments = must(audit->next_segments())) {
          session->send_audit(*segments);
          is_moving = true;
        } else if (auto seal = must(audit->next_seal())) {
          session->send_audit(sync::AuditSealed{std::move(*seal)});
          is_moving = true;
        }
      }
    }
  }

  // Both sides' clocks move on, with what that sets off.
  void pass(std::chrono::seconds by) {
    coordinator_.clock.advance(by);
    if (session) session->tick(coordinator_.clock.monotonic());
    if (peer) peer->tick(coordinator_.clock.monotonic());
    exchange();
  }

  // What the journal's writer does for an outcome.
  void assign(const domain::IndividualEnrollment& enrollment, const domain::LinkedHub& hub) {
    domain::OutboxEntry entry;
    entry.id_scope = coordinator_.tenant;
    auto& registration = entry.registration;
    registration.registration_id = enrollment.registration_id;
    registration.status = domain::RegistrationStatus::assigned;
    registration.substatus = domain::RegistrationSubstatus::initial_assignment;
    registration.hub_id = hub.hub_id;
    registration.assigned_hub = hub.host_name;
    registration.device_id = domain::DeviceId(enrollment.registration_id.str());
    registration.enrollment = {false, enrollment.registration_id.str(), 1};
    registration.gateway_id = id;
    registration.arrival = coordinator_.clock.wall() + clock_error;
    entry.arrival_moment = now();
    journal(std::move(entry));
  }
  void journal(domain::OutboxEntry entry) {
    entry.sequence = numbers->next();
    store::ChangeSet set;
    set.tenant = entry.id_scope;
    if (entry.kind == domain::OutboxEntry::Kind::assigned) {
      store::Change registration;
      registration.table = store::Table::registration;
      registration.id = entry.registration.registration_id.folded();
      registration.body = sync::encode(entry.registration);
      registration.terms = store::terms_of(entry.registration);
      set.changes.push_back(std::move(registration));
    }
    set.changes.push_back(gateway::outbox_change(entry));
    must(store::commit_one(store, std::move(set)));
    queue.added(entry.id_scope, entry.sequence);
  }

  // A decision, in this gateway's audit log.
  void decide(const std::string& text) {
    store::ChangeSet set;
    set.tenant = store::kNode;
    domain::AuditNote note;
    note.tenant = coordinator_.tenant;
    note.kind = "assigned";
    note.add("text", text);
    set.notes.push_back(std::move(note));
    must(store::commit_one(*audited, std::move(set)));
  }

  template <class T>
  std::optional<T> read(store::Table table, const std::string& record) const {
    const auto found = must(store.read(coordinator_.tenant, table, record));
    if (!found) return std::nullopt;
    return must(sync::decode<T>(found->body));
  }
  [[nodiscard]] bool holds(store::Table table, const std::string& record) const {
    return must(store.read(coordinator_.tenant, table, record)).has_value();
  }
  [[nodiscard]] domain::Cursor cursor() const {
    return must(gateway::read_cursor(store, coordinator_.tenant));
  }
  [[nodiscard]] domain::BootMoment now() const {
    return {boot_id_,
            std::chrono::duration_cast<std::chrono::microseconds>(coordinator_.clock.monotonic())};
  }

  domain::GatewayId id;
  Bytes certificate;
  SecretBytes private_key;
  MemoryStore store{"gateway"};
  std::optional<store::AuditTrail> trail;
  std::unique_ptr<store::AuditedStore> audited;
  std::unique_ptr<gateway::AuditUplink> audit;
  std::unique_ptr<gateway::OutboxNumbers> numbers;
  std::unique_ptr<gateway::TrustedTime> time;
  std::unique_ptr<gateway::PermitBook> permits;
  gateway::OutboxQueue queue;
  std::unique_ptr<sync::GatewaySession> session;
  std::unique_ptr<coordinator::GatewaySession> peer;

  // What was seen, for tests to look at.
  int snapshots = 0;
  int resyncs = 0;
  int digests = 0;
  std::vector<sync::CleanupRequest> cleanups;
  std::vector<sync::HeadReply> heads;
  std::vector<sync::LookBackReply> look_backs;
  std::vector<sync::WebhookReply> webhook_replies;
  std::vector<sync::CertificateReply> certificates;
  std::vector<sync::Welcome> welcomes;
  std::vector<sync::AuditAck> audit_acks;
  std::vector<std::string> alarms;
  std::optional<Error> closed;
  // How far this gateway's wall clock is off.
  std::chrono::microseconds clock_error{0};
  // Only so many more reads of the coordinator's output arrive.
  std::optional<int> stop_after_frames;

 private:
  std::vector<domain::IdScope> served() const {
    std::vector<domain::IdScope> tenants;
    for (const auto& tenant : must(store.tenants())) {
      if (tenant != store::kNode) tenants.push_back(tenant);
    }
    return tenants;
  }

  void commit(const domain::IdScope& tenant, Result<store::ChangeSet> set) {
    Result<void> done;
    if (!set) {
      done = set.error();
    } else if (!set->changes.empty()) {
      auto committed = store::commit_one(store, std::move(*set));
      if (!committed) done = committed.error();
    }
    if (done) return;
    ++resyncs;
    session->request_resync(tenant, done.error().reason);
  }

  void apply(sync::Welcome& message) {
    welcomes.push_back(message);
    time->hear(message.wall);
    for (const auto& tenant : message.tenants) must(store.create_tenant(tenant));
    if (message.outbox_rolled_back || message.outbox_watermark > numbers->last()) {
      must(numbers->renew(store, entropy_));
    }
  }
  void apply(sync::Refused&) {}
  void apply(sync::SnapshotBegin& message) {
    ++snapshots;
    commit(message.tenant, applier_->begin(store, message));
  }
  void apply(sync::SnapshotRecords& message) {
    commit(message.tenant, applier_->records(store, message));
  }
  void apply(sync::SnapshotEnd& message) {
    std::optional<gateway::Applier::SweepPoint> from = gateway::Applier::SweepPoint{};
    while (from) {
      auto sweep = applier_->end(store, message, *from);
      if (!sweep) return commit(message.tenant, sweep.error());
      from = sweep->next;
      commit(message.tenant, std::move(sweep->set));
      for (const auto sequence : sweep->queued) queue.added(message.tenant, sequence);
    }
  }
  void apply(sync::Changes& message) { commit(message.tenant, applier_->changes(store, message)); }
  void apply(sync::DigestCheck& message) {
    ++digests;
    if (must(applier_->agrees(store, message))) return;
    commit(message.tenant, Error{Errc::corrupt, "the digests differ"});
  }
  void apply(sync::PermitGrant& message) {
    commit(message.tenant, gateway::take_permit(store, message, coordinator_.ca.public_key(), id,
                                                *coordinator_.crypto));
  }
  void apply(sync::HubTokens& message) {
    commit(message.tenant, gateway::take_hub_tokens(store, message));
  }
  void apply(sync::HeadReply& message) { heads.push_back(message); }
  void apply(sync::LookBackReply& message) {
    look_backs.push_back(message);
    commit(message.tenant, applier_->look_back(store, message));
  }
  void apply(sync::OutboxAck& message) {
    auto sets = must(applier_->acknowledged(store, message, queue.up_to(message.through)));
    for (auto& set : sets) must(store::commit_one(store, std::move(set)));
    queue.acknowledged(message.through);
  }
  void apply(sync::CleanupRequest& message) {
    cleanups.push_back(message);
    session->accept_cleanup(message.request_id);
  }
  void apply(sync::WebhookReply& message) { webhook_replies.push_back(message); }
  void apply(sync::CertificateReply& message) { certificates.push_back(message); }
  void apply(sync::AuditAck& message) {
    audit_acks.push_back(message);
    must(store::commit_one(store, must(audit->taken(message, store))));
    audit->acknowledged(message);
  }
  void apply(sync::AuditSealed& message) {
    auto answer = must(audit->sealed(message.seal));
    if (!answer.alarm.empty()) alarms.push_back(answer.alarm);
    must(store::commit_one(store, std::move(answer.kept)));
    if (answer.countersignature) {
      session->send_audit(
          sync::AuditSealed{std::move(*answer.countersignature), std::move(answer.countersigned)});
    }
  }
  void apply(sync::Closed& message) { closed = message.error; }

  CoordinatorSide& coordinator_;
  FakeEntropy entropy_;
  std::unique_ptr<gateway::Applier> applier_;
  std::string boot_id_;
};

}  // namespace berth::testing
