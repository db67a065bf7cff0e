#include "coordinator/sync/gateway_session.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "coordinator/fleet/hub_tokens.hpp"
#include "coordinator/sync/sync_server.hpp"
#include "shared/base/encoding.hpp"
#include "shared/protocol/sync/record_codec.hpp"

namespace berth::coordinator {
namespace {

// What a snapshot reads. First what enrollments are of no use without.
constexpr std::array kSnapshotTables = {
    store::Table::tenant_settings,       store::Table::linked_hub,
    store::Table::ca_certificate,        store::Table::enrollment_group,
    store::Table::individual_enrollment, store::Table::admitted_tpm,
    store::Table::registration};

// Puts records into frames, each within the budget.
template <class Frame, class Send>
void in_frames(Frame frame, std::vector<sync::RecordChange>&& records, const Send& send) {
  std::size_t cost = 0;
  for (auto& record : records) {
    const std::size_t added = sync::frame_cost(record);
    if (!frame.records.empty() &&
        (cost + added > sync::kFrameBudget || frame.records.size() == sync::kMaxChangesPerFrame)) {
      send(frame);
      frame.records.clear();
      cost = 0;
    }
    cost += added;
    frame.records.push_back(std::move(record));
  }
  if (!frame.records.empty()) send(frame);
}

}  // namespace

GatewaySession::GatewaySession(SyncServer& server, domain::Gateway gateway, bool may_only_renew,
                               std::function<void()> wake, MonotonicTime now)
    : server_(server),
      gateway_(std::move(gateway)),
      scope_(gateway_.site, server.services_.crypto),
      may_only_renew_(may_only_renew),
      wake_(std::move(wake)),
      session_(now),
      contact_noted_(now) {}

GatewaySession::~GatewaySession() {
  server_.left(*this);
}

void GatewaySession::receive(ByteView bytes, MonotonicTime now) {
  session_.receive(bytes, now);
  for (auto& event : session_.take_events()) handle(event, now);
  pump();
}

void GatewaySession::tick(MonotonicTime now) {
  server_.tell_counted_alarms(now);
  session_.tick(now);
  for (auto& event : session_.take_events()) handle(event, now);
  if (closed()) return;
  for (auto& [tenant, state] : tenants_) {
    if (server_.services_.clock.wall() >= state.renew_permit_at) {
      if (auto sent = send_permit(tenant, state); !sent) return give_up(sent.error());
    }
    if (auto sent = send_digest(tenant, state); !sent) return give_up(sent.error());
  }
  if (!tenants_.empty() && now - contact_noted_ >= kContactInterval) {
    contact_noted_ = now;
    if (auto noted = note_contact(); !noted) return give_up(noted.error());
  }
  if (!tenants_.empty()) {
    if (auto sent = send_seal(now); !sent) return give_up(sent.error());
  }
  pump();
}

Bytes GatewaySession::take_output() {
  Bytes output = session_.take_output();
  pump();
  return output;
}

void GatewaySession::handle(sync::CoordinatorSession::Event& event, MonotonicTime now) {
  if (std::holds_alternative<sync::Hello>(event)) contact_noted_ = now;
  std::visit([this](auto& message) { on(message); }, event);
}

void GatewaySession::give_up(const Error& error) {
  server_.report(gateway_.gateway_id, false, "the session ends: " + error.reason);
  // What went wrong here is not for the peer to read.
  session_.refuse(Errc::unavailable, "the coordinator cannot go on; come again");
}

GatewaySession::Tenant* GatewaySession::serving(const domain::IdScope& tenant) {
  const auto known = tenants_.find(tenant);
  return known == tenants_.end() ? nullptr : &known->second;
}

// Greeting.

void GatewaySession::on(sync::Hello& hello) {
  if (hello.gateway_id != gateway_.gateway_id) {
    return session_.refuse(Errc::unauthorized, "the certificate is another gateway's");
  }
  if (auto greeted = greet(hello); !greeted) give_up(greeted.error());
}

Result<void> GatewaySession::greet(const sync::Hello& hello) {
  auto& services = server_.services_;
  sync::Welcome welcome;
  welcome.coordinator_id = services.coordinator;
  welcome.wall = services.clock.wall();
  if (may_only_renew_) {
    session_.send(welcome);
    return {};
  }
  outbox_incarnation_ = hello.outbox_incarnation;
  contact_ = {hello.now, welcome.wall};
  auto mark = server_.intake_.watermark(gateway_.gateway_id, outbox_incarnation_);
  if (!mark) return mark.error();
  bool force_snapshot = false;
  if (*mark) {
    previous_contact_ = Contact{(*mark)->contact_moment, (*mark)->contact};
    welcome.outbox_watermark = (*mark)->sequence;
    // Every start of a gateway has an epoch of its own: two boots never share one.
    const bool is_of_another_boot =
        sync::outbox_epoch(hello.last_sequence) == sync::outbox_epoch((*mark)->sequence) &&
        hello.now.boot_id != (*mark)->contact_moment.boot_id;
    welcome.outbox_rolled_back = is_of_another_boot;
    outbox_rolled_back_ = is_of_another_boot || hello.last_sequence < (*mark)->sequence;
    if (outbox_rolled_back_) {
      server_.report(gateway_.gateway_id, true,
                     "the gateway's disk was rolled back: its outbox is behind what came from it");
    }
  } else {
    auto another = server_.intake_.knows_another(gateway_.gateway_id, outbox_incarnation_);
    if (!another) return another.error();
    force_snapshot = *another;
    if (force_snapshot) {
      server_.report(gateway_.gateway_id, true,
                     "the gateway comes with another store than before: restored or replaced");
    }
  }
  // The contact of a boot whose numbers count for nothing is not worth remembering.
  if (outbox_rolled_back_) {
    if (auto heard = services.fleet.heard(gateway_.gateway_id); !heard) return heard;
  } else {
    if (auto noted = note_contact(); !noted) return noted;
  }

  welcome.tenants = gateway_.tenants;
  session_.send(welcome);
  for (const auto& tenant : gateway_.tenants) {
    const auto position =
        std::find_if(hello.positions.begin(), hello.positions.end(),
                     [&tenant](const auto& known) { return known.tenant == tenant; });
    auto placed =
        place(tenant, position == hello.positions.end() ? nullptr : &*position, force_snapshot);
    if (!placed) return placed;
    if (auto sent = send_permit(tenant, tenants_.at(tenant)); !sent) return sent;
    if (auto sent = send_cleanup(tenant); !sent) return sent;
  }
  return {};
}

// Where the gateway's copy joins the log, if it does.
Result<void> GatewaySession::place(const domain::IdScope& tenant, const sync::Position* position,
                                   bool force_snapshot) {
  auto& services = server_.services_;
  auto& state = tenants_[tenant];
  auto head = services.store.head(tenant);
  if (!head) return head.error();
  auto incarnation = server_.incarnation_.present();
  if (!incarnation) return incarnation.error();
  const bool is_of_this_store = position != nullptr && position->incarnation == *incarnation;
  // No scope and no force explains a copy that is ahead of what it is a copy of.
  if (is_of_this_store && position->sequence > *head) return server_.store_was_restored(*this);
  const bool may_go_on =
      is_of_this_store && !force_snapshot && position->scope_version == gateway_.scope_version;
  if (!may_go_on) return begin_snapshot(tenant, state);
  state.sequence = position->sequence;
  return {};
}

void GatewaySession::on(sync::Closed& closed) {
  server_.report(gateway_.gateway_id, false, "the connection ends: " + closed.error.reason);
}

void GatewaySession::on(sync::Ping& ping) {
  if (ping.now.boot_id != contact_.gateway.boot_id) return;
  contact_ = {ping.now, server_.services_.clock.wall()};
}

Result<void> GatewaySession::note_contact() {
  auto remembered = server_.intake_.remember(gateway_.gateway_id, outbox_incarnation_, contact_);
  if (!remembered) return remembered;
  return server_.services_.fleet.heard(gateway_.gateway_id);
}

// Down: snapshots and changes.

void GatewaySession::on(sync::ResyncRequest& request) {
  auto* state = serving(request.tenant);
  if (state == nullptr) return;
  server_.report(gateway_.gateway_id, false, "a snapshot is asked for: " + request.reason);
  if (auto begun = begin_snapshot(request.tenant, *state); !begun) give_up(begun.error());
}

void GatewaySession::begin_all_snapshots() {
  for (auto& [tenant, state] : tenants_) {
    if (auto begun = begin_snapshot(tenant, state); !begun) return give_up(begun.error());
  }
}

Result<void> GatewaySession::begin_snapshot(const domain::IdScope& tenant, Tenant& state) {
  auto& services = server_.services_;
  auto head = services.store.head(tenant);
  if (!head) return head.error();
  auto key = services.store.digest_key(tenant);
  if (!key) return key.error();
  auto incarnation = server_.incarnation_.present();
  if (!incarnation) return incarnation.error();
  state.phase = Phase::snapshot;
  state.snapshot = ++server_.last_snapshot_;
  state.sequence = *head;
  state.table = 0;
  state.continuation.clear();
  state.digest_sent.reset();
  sync::SnapshotBegin begin;
  begin.tenant = tenant;
  begin.number = state.snapshot;
  begin.incarnation = std::move(*incarnation);
  begin.scope_version = gateway_.scope_version;
  begin.digest_key = SecretBytes(std::move(*key));
  session_.send(begin);
  return {};
}

void GatewaySession::pump() {
  bool is_moving = true;
  while (is_moving && !closed()) {
    is_moving = false;
    for (auto& [tenant, state] : tenants_) {
      if (session_.output_size() >= kOutputHighWater) return;
      auto moved = pump_tenant(tenant, state);
      if (!moved) return give_up(moved.error());
      is_moving = is_moving || *moved;
    }
  }
}

Result<bool> GatewaySession::pump_tenant(const domain::IdScope& tenant, Tenant& state) {
  switch (state.phase) {
    case Phase::snapshot: return send_snapshot(tenant, state);
    case Phase::catching_up:
    case Phase::following: return send_changes(tenant, state);
  }
  return false;
}

Result<bool> GatewaySession::send_snapshot(const domain::IdScope& tenant, Tenant& state) {
  const auto table = kSnapshotTables.at(state.table);
  auto page = server_.services_.store.list(tenant, table, state.continuation, kSnapshotPage);
  if (!page) return page.error();
  std::vector<sync::RecordChange> records;
  for (const auto& record : page->records) {
    if (table == store::Table::registration) {
      auto interesting = is_of_interest(tenant, record.id);
      if (!interesting) return interesting.error();
      if (!*interesting) continue;
    }
    auto seen = scope_.view(record);
    if (!seen) return seen.error();
    if (*seen) records.push_back(std::move(**seen));
  }
  in_frames(sync::SnapshotRecords{tenant, state.snapshot, {}}, std::move(records),
            [this](const auto& frame) { session_.send(frame); });
  state.continuation = page->continuation;
  if (state.continuation.empty() && ++state.table == kSnapshotTables.size()) {
    state.phase = Phase::catching_up;
  }
  return true;
}

// Follows the log. What changed while the snapshot was read closes it: at its end it is what the
// tenant was at one sequence.
Result<bool> GatewaySession::send_changes(const domain::IdScope& tenant, Tenant& state) {
  auto& services = server_.services_;
  auto head = services.store.head(tenant);
  if (!head) return head.error();
  if (state.sequence == *head) {
    if (state.phase == Phase::following) return false;
    session_.send(sync::SnapshotEnd{tenant, state.snapshot, state.sequence});
    state.phase = Phase::following;
    return true;
  }
  auto entries = services.store.changes(tenant, state.sequence, kChangesPage);
  if (!entries) {
    if (entries.error().code != Errc::not_found) return entries.error();
    // The log no longer reaches back that far.
    if (auto begun = begin_snapshot(tenant, state); !begun) return begun.error();
    return true;
  }
  sync::Changes frame{tenant, state.sequence, state.sequence, {}};
  std::size_t cost = 0;
  for (const auto& entry : *entries) {
    auto changes = scope_.changes_for(entry, [this, &tenant](const std::string& registration) {
      return is_of_interest(tenant, registration);
    });
    if (!changes) return changes.error();
    if (entry.table == store::Table::linked_hub) state.hubs_changed = true;
    std::size_t added = 0;
    for (const auto& change : *changes) added += sync::frame_cost(change);
    if (cost > 0 && cost + added > sync::kFrameBudget) break;
    cost += added;
    for (auto& change : *changes) frame.records.push_back(std::move(change));
    frame.to = entry.sequence;
  }
  state.sequence = frame.to;
  if (state.phase == Phase::following) {
    session_.send(frame);
  } else {
    in_frames(sync::SnapshotRecords{tenant, state.snapshot, {}}, std::move(frame.records),
              [this](const auto& part) { session_.send(part); });
  }
  if (state.hubs_changed) {
    state.hubs_changed = false;
    // A hub that is new needs a token before the first device comes.
    if (auto sent = send_permit(tenant, state); !sent) return sent.error();
  }
  return true;
}

// Before an answer that is of the head: older changes must not come after it.
Result<void> GatewaySession::send_all_changes(const domain::IdScope& tenant, Tenant& state) {
  while (state.phase == Phase::following) {
    auto moved = send_changes(tenant, state);
    if (!moved) return moved.error();
    if (!*moved) return {};
  }
  return {};
}

Result<bool> GatewaySession::is_of_interest(const domain::IdScope& tenant,
                                            const std::string& registration) const {
  auto interest = server_.services_.store.read(tenant, store::Table::registration_interest,
                                               interest_id(gateway_.gateway_id, registration));
  if (!interest) return interest.error();
  return interest->has_value();
}

Result<void> GatewaySession::send_digest(const domain::IdScope& tenant, Tenant& state) {
  if (state.phase != Phase::following || state.digest_sent == state.sequence) return {};
  auto& digest = server_.digest_of(tenant, gateway_.site);
  for (int i = 0; i < kDigestStepsPerTick; ++i) {
    auto done = digest.step();
    if (!done) return done.error();
    if (!*done) continue;
    if (digest.sequence() == state.sequence) {
      session_.send(sync::DigestCheck{tenant, state.sequence, std::move(**done)});
      state.digest_sent = state.sequence;
    }
    break;
  }
  return {};
}

// Permits and what goes with them.

Result<void> GatewaySession::send_permit(const domain::IdScope& tenant, Tenant& state) {
  auto& services = server_.services_;
  auto issued = services.permits.issue(gateway_, tenant);
  if (!issued) return issued.error();
  const auto& permit = issued->permit;
  state.renew_permit_at = permit.issued + (permit.expiry - permit.issued) / 2;
  session_.send(sync::PermitGrant{tenant, std::move(issued->signed_permit)});
  auto sharing = services.fleet.count_serving(tenant);
  if (!sharing) return sharing.error();
  const TokenHolder holder{gateway_.gateway_id, *sharing};
  auto tokens = mint_hub_tokens(services.hubs, tenant, holder, permit.expiry, services.crypto);
  if (!tokens) return tokens.error();
  session_.send(sync::HubTokens{tenant, std::move(*tokens)});
  return {};
}

void GatewaySession::on(sync::CertificateRequest& request) {
  auto& services = server_.services_;
  sync::CertificateReply reply;
  reply.request_id = request.request_id;
  Result<Bytes> certificate = Error{Errc::forbidden, "an expired certificate may only be renewed"};
  switch (request.purpose) {
    case sync::CertificateRequest::Purpose::gateway:
      certificate = services.fleet.renew(gateway_.gateway_id, request.csr);
      break;
    case sync::CertificateRequest::Purpose::device_endpoint: {
      if (may_only_renew_) break;
      const bool takes_ours =
          std::any_of(request.names.begin(), request.names.end(), services.is_own_name);
      auto key = services.ca.read_csr(request.csr);
      if (takes_ours) {
        certificate = Error{Errc::forbidden, "a name of the coordinator's own"};
      } else if (!key) {
        certificate = key.error();
      } else {
        certificate = services.ca.issue_device_endpoint(request.names, *key);
      }
      break;
    }
  }
  if (certificate) {
    reply.chain = {std::move(*certificate), services.ca.certificate()};
  } else {
    server_.report(gateway_.gateway_id, true,
                   "a certificate was refused: " + certificate.error().reason);
    reply.refusal = certificate.error().reason;
  }
  session_.send(reply);
}

// Requests of the gateway.

void GatewaySession::on(sync::HeadRequest& request) {
  auto* state = serving(request.tenant);
  if (state == nullptr) return;
  auto head = server_.services_.store.head(request.tenant);
  if (!head) return give_up(head.error());
  session_.send(sync::HeadReply{request.request_id, request.tenant, *head});
}

void GatewaySession::on(sync::LookBackRequest& request) {
  if (auto answered = look_back(request); !answered) give_up(answered.error());
}

Result<void> GatewaySession::look_back(const sync::LookBackRequest& request) {
  auto* state = serving(request.tenant);
  if (state == nullptr) return {};
  auto& services = server_.services_;
  const auto& id = request.registration_id.folded();
  auto known = is_of_interest(request.tenant, id);
  if (!known) return known.error();
  if (!*known) {
    store::ChangeSet set;
    set.tenant = request.tenant;
    set.changes.push_back(
        interest_change(gateway_.gateway_id, request.registration_id, services.clock.wall()));
    auto committed = store::commit_one(services.store, std::move(set));
    if (!committed) return committed.error();
  }
  if (auto sent = send_all_changes(request.tenant, *state); !sent) return sent;
  auto record = services.store.read(request.tenant, store::Table::registration, id);
  if (!record) return record.error();
  sync::LookBackReply reply;
  reply.request_id = request.request_id;
  reply.tenant = request.tenant;
  reply.registration = {store::Table::registration, id, 0, std::nullopt};
  if (*record) {
    reply.registration.version = (*record)->version;
    reply.registration.body = std::move((*record)->body);
  }
  session_.send(reply);
  return {};
}

void GatewaySession::on(sync::WebhookRequest& request) {
  sync::WebhookReply reply;
  reply.request_id = request.request_id;
  const auto url = webhook_of(request);
  if (!url) {
    reply.reason = url.error().reason;
  } else if (!server_.services_.call_webhook || webhook_calls_ >= kMaxWebhookCalls) {
    reply.reason = "the coordinator calls no more webhooks now";
  } else {
    ++webhook_calls_;
    server_.services_.call_webhook(
        *url, std::move(request.body),
        [&server = server_, gateway = gateway_.gateway_id, number = number_,
         id = request.request_id](sync::WebhookReply answer) {
          answer.request_id = id;
          server.webhook_answered(gateway, number, answer);
        });
    return;
  }
  session_.send(reply);
}

Result<std::string> GatewaySession::webhook_of(const sync::WebhookRequest& request) const {
  const Error not_ours{Errc::not_found, "this gateway serves no such enrollment"};
  if (!tenants_.contains(request.tenant)) return not_ours;
  const store::Table table = request.enrollment.is_group ? store::Table::enrollment_group
                                                         : store::Table::individual_enrollment;
  const auto record =
      server_.services_.store.read(request.tenant, table, to_lower(request.enrollment.id));
  if (!record) return Error{Errc::unavailable, "the coordinator can't read the enrollment now"};
  if (!record->has_value()) return not_ours;
  domain::Provisioning provisioning;
  if (request.enrollment.is_group) {
    auto group = sync::decode<domain::EnrollmentGroup>((*record)->body);
    if (!group) return not_ours;
    provisioning = std::move(group->provisioning);
  } else {
    auto individual = sync::decode<domain::IndividualEnrollment>((*record)->body);
    if (!individual) return not_ours;
    provisioning = std::move(individual->provisioning);
  }
  if (!may_serve(provisioning, scope_.site())) return not_ours;
  if (provisioning.status == domain::ProvisioningStatus::disabled ||
      provisioning.allocation_policy != domain::AllocationPolicy::custom ||
      !provisioning.custom_allocation) {
    return Error{Errc::conflict, "the enrollment is not allocated by a webhook any more"};
  }
  return provisioning.custom_allocation->webhook_url;
}

// Up: outcomes.

void GatewaySession::on(sync::OutboxEntries& entries) {
  if (auto taken = take_outcomes(entries); !taken) give_up(taken.error());
}

Result<void> GatewaySession::take_outcomes(const sync::OutboxEntries& entries) {
  // A rolled-back outbox gives numbers that we took for others: it must take another name first.
  if (tenants_.empty() || outbox_rolled_back_) return {};
  if (entries.incarnation != outbox_incarnation_) {
    session_.refuse(Errc::malformed, "outcomes of another outbox than the hello named");
    return {};
  }
  auto outcome = server_.intake_.take(gateway_, contact_, previous_contact_, entries);
  if (!outcome) return outcome.error();
  for (const auto& tenant : outcome->changed) {
    if (auto* state = serving(tenant)) {
      if (auto sent = send_all_changes(tenant, *state); !sent) return sent;
    }
  }
  sync::OutboxAck ack;
  ack.incarnation = outbox_incarnation_;
  std::size_t cost = 0;
  for (auto& taken : outcome->taken) {
    tell_outcome(entries, taken);
    if (!taken.quarantine_reason.empty()) {
      server_.report(gateway_.gateway_id, true,
                     "an outcome is in quarantine: " + taken.quarantine_reason);
    }
    if (taken.registration) {
      const std::size_t added = sync::frame_cost(*taken.registration);
      if (!ack.records.empty() && cost + added > sync::kFrameBudget) {
        session_.send(ack);
        ack.records.clear();
        cost = 0;
      }
      cost += added;
      ack.records.push_back({taken.tenant, std::move(*taken.registration)});
    }
    ack.through = taken.sequence;
  }
  if (!outcome->taken.empty()) session_.send(ack);
  for (const auto& tenant : outcome->changed) {
    server_.committed(tenant);
    if (auto sent = send_cleanup(tenant); !sent) return sent;
  }
  return {};
}

// Those that were taken in before are told of once only.
void GatewaySession::tell_outcome(const sync::OutboxEntries& entries,
                                  const Intake::Taken& taken) const {
  if (!server_.services_.outcome || taken.is_repeated) return;
  for (const domain::OutboxEntry& entry : entries.entries) {
    if (entry.sequence != taken.sequence) continue;
    server_.services_.outcome(TakenOutcome{entry, gateway_.gateway_id, gateway_.site,
                                           taken.quarantine_reason, taken.is_placed});
  }
}

Result<void> GatewaySession::send_cleanup(const domain::IdScope& tenant) {
  auto page = server_.services_.store.list(tenant, store::Table::cleanup, "", kMaxCleanupRequests);
  if (!page) return page.error();
  for (const auto& record : page->records) {
    const auto [asked, is_new] = server_.asked_.try_emplace({tenant, record.id}, this);
    if (!is_new) continue;
    auto task = sync::decode<domain::CleanupTask>(record.body);
    if (!task) return task.error();
    const std::uint64_t id = next_request_++;
    cleanups_.emplace(id, std::pair(tenant, record.id));
    session_.send(sync::CleanupRequest{id, tenant, std::move(*task)});
  }
  return {};
}

void GatewaySession::on(sync::CleanupReply& reply) {
  const auto asked = cleanups_.find(reply.request_id);
  if (asked == cleanups_.end()) return;
  const auto [tenant, id] = asked->second;
  cleanups_.erase(asked);
  store::Change done;
  done.kind = store::Change::Kind::erase;
  done.table = store::Table::cleanup;
  done.id = id;
  store::ChangeSet set;
  set.tenant = tenant;
  set.changes.push_back(std::move(done));
  auto committed = store::commit_one(server_.services_.store, std::move(set));
  server_.asked_.erase({tenant, id});
  if (!committed) return give_up(committed.error());
  if (cleanups_.empty()) {
    if (auto sent = send_cleanup(tenant); !sent) give_up(sent.error());
  }
}

// The audit logs of both sides.

void GatewaySession::on(sync::AuditSegments& segments) {
  if (tenants_.empty()) return;
  auto taken = server_.audit_.take(gateway_, segments);
  if (!taken) return give_up(taken.error());
  if (!taken->alarm.empty()) server_.report(gateway_.gateway_id, true, taken->alarm);
  session_.send(taken->ack);
}

void GatewaySession::on(sync::AuditSealed& sealed) {
  if (tenants_.empty()) return;
  auto taken = server_.audit_.take(gateway_, sealed);
  if (!taken) return give_up(taken.error());
  if (!taken->alarm.empty()) server_.report(gateway_.gateway_id, true, taken->alarm);
  if (taken->answer) session_.send(sync::AuditSealed{std::move(*taken->answer)});
}

Result<void> GatewaySession::send_seal(MonotonicTime now) {
  if (sealed_at_ && now - *sealed_at_ < kSealInterval) return {};
  auto seal = server_.audit_.own_head();
  if (!seal) return seal.error();
  if (!*seal || (*seal)->position.sequence == sealed_) return {};
  sealed_ = (*seal)->position.sequence;
  sealed_at_ = now;
  session_.send(sync::AuditSealed{std::move(**seal)});
  return {};
}

}  // namespace berth::coordinator
