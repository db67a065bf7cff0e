#include "gateway/core/cache/uplink.hpp"

#include <algorithm>
#include <limits>
#include <utility>
#include <variant>

#include "gateway/core/cache/permit.hpp"
#include "gateway/core/limits.hpp"
#include "shared/protocol/sync/record_codec.hpp"

namespace berth::gateway {
namespace {

using Level = UplinkNotice::Level;

// A disk that is full and a writer that is busy say nothing about the records: fetching them all
// again would only make it worse. The coordinator waits meanwhile.
bool may_pass(Errc code) {
  return code == Errc::throttled || code == Errc::io;
}

sync::WebhookReply not_called(const char* why) {
  sync::WebhookReply reply;
  reply.reason = why;
  return reply;
}

}  // namespace

Uplink::Uplink(Settings settings, Services services, OutboxQueue queue)
    : settings_(std::move(settings)),
      services_(std::move(services)),
      applier_(settings_.gateway_id, services_.crypto, services_.numbers),
      queue_(std::move(queue)),
      audit_(settings_.gateway_id, services_.store, services_.crypto, services_.clock,
             services_.entropy),
      outbox_size_(queue_.size()) {}

Uplink::~Uplink() = default;

void Uplink::report(Level level, std::string text, const std::string& tenant,
                    const std::string& reason) const {
  if (services_.report) services_.report({level, std::move(text), tenant, reason});
}

bool Uplink::linked(const domain::IdScope& tenant) const {
  const std::lock_guard lock(mutex_);
  return linked_.contains(tenant);
}

void Uplink::set_linked(const domain::IdScope& tenant, bool linked) {
  const std::lock_guard lock(mutex_);
  if (linked) {
    linked_.insert(tenant);
  } else {
    linked_.erase(tenant);
  }
}

// ---- The connection ----

Result<sync::Hello> Uplink::hello() const {
  sync::Hello hello;
  hello.gateway_id = settings_.gateway_id;
  hello.outbox_incarnation = services_.numbers.incarnation();
  hello.last_sequence = services_.numbers.last();
  hello.now = {settings_.boot_id,
               std::chrono::duration_cast<std::chrono::microseconds>(services_.clock.monotonic())};
  hello.wall = services_.clock.wall();
  hello.software = settings_.software;
  const auto tenants = services_.store.tenants();
  if (!tenants) return tenants.error();
  for (const domain::IdScope& tenant : *tenants) {
    if (tenant == store::kNode) continue;
    const auto cursor = read_cursor(services_.store, tenant);
    if (!cursor) return cursor.error();
    hello.positions.push_back(position_of(tenant, *cursor));
  }
  return hello;
}

Result<void> Uplink::begin() {
  auto greeting = hello();
  if (!greeting) return greeting.error();
  for (const sync::Position& position : greeting->positions) {
    applied_[position.tenant] = position.sequence;
  }
  session_ =
      std::make_unique<sync::GatewaySession>(std::move(*greeting), services_.clock.monotonic());
  ending_ = false;
  reason_.clear();
  queue_.restart();
  return {};
}

void Uplink::receive(ByteView bytes) {
  if (ending_) return;
  session_->receive(bytes, services_.clock.monotonic());
  for (auto& event : session_->take_events()) events_.push_back(std::move(event));
  advance();
}

void Uplink::tick() {
  if (ending_) return;
  session_->tick(services_.clock.monotonic());
  for (auto& event : session_->take_events()) events_.push_back(std::move(event));
  advance();
  send_audit();
}

bool Uplink::has_output() const {
  return session_ != nullptr && session_->has_output();
}

Bytes Uplink::take_output() {
  return session_ == nullptr ? Bytes{} : session_->take_output();
}

bool Uplink::closed() const {
  return ending_ || session_->closed();
}

Uplink::Ending Uplink::end() {
  Ending ending;
  ending_ = true;
  // What the peer said last tells why, also if it was not its turn yet.
  for (auto& event : std::exchange(events_, {})) {
    if (auto* refused = std::get_if<sync::Refused>(&event)) on(*refused);
    if (auto* closed = std::get_if<sync::Closed>(&event)) on(*closed);
  }
  ending.was_open = connected_.exchange(false);
  ending.reconnect_at_once = std::exchange(reconnect_at_once_, false);
  ending.reason = std::exchange(reason_, {});
  {
    const std::lock_guard lock(mutex_);
    linked_.clear();
  }
  session_.reset();
  writes_.clear();
  is_given_out_ = false;
  next_write_at_.reset();
  write_pause_ = {};
  certificates_.clear();
  // Nothing that waits for the coordinator waits past the session.
  for (auto& [id, fence] : std::exchange(fences_, {})) fence.done();
  for (auto& [id, waiter] : std::exchange(look_backs_, {})) waiter.done();
  for (auto& [id, done] : std::exchange(webhooks_, {})) done(not_called("the link was lost"));
  return ending;
}

void Uplink::because(const std::string& reason) {
  if (reason_.empty()) reason_ = reason;
}

void Uplink::reconnect() {
  if (ending_) return;
  reconnect_at_once_ = true;
  ending_ = true;
}

void Uplink::advance() {
  while (!ending_ && writes_.empty() && !events_.empty()) {
    auto event = std::move(events_.front());
    events_.pop_front();
    std::visit([this](auto& message) { on(message); }, event);
  }
}

// ---- Writes ----

void Uplink::write(WriteQueue::Build build,
                   std::function<void(const Result<store::Committed>&)> then) {
  writes_.push_back({std::move(build), std::move(then)});
}

std::optional<WriteQueue::Build> Uplink::next_write() {
  if (ending_ || writes_.empty() || is_given_out_) return std::nullopt;
  if (next_write_at_ && services_.clock.monotonic() < *next_write_at_) return std::nullopt;
  is_given_out_ = true;
  next_write_at_.reset();
  return writes_.front().build;
}

void Uplink::written(const Result<store::Committed>& result) {
  if (ending_ || !is_given_out_) return;
  is_given_out_ = false;
  if (!result && may_pass(result.error().code)) {
    if (write_pause_.count() == 0) {
      report(Level::error, "what the coordinator sent can't be written yet", {},
             result.error().reason);
      write_pause_ = kFirstCommitRetry;
    }
    next_write_at_ = services_.clock.monotonic() + write_pause_;
    write_pause_ = std::min(write_pause_ * 2, kLastCommitRetry);
    return;
  }
  write_pause_ = {};
  const auto then = std::move(writes_.front().then);
  writes_.pop_front();
  then(result);
  advance();
}

void Uplink::write_copy(const domain::IdScope& tenant, WriteQueue::Build build,
                        std::function<void()> then, std::function<void()> failed) {
  write(std::move(build), [this, tenant, then = std::move(then),
                           failed = std::move(failed)](const Result<store::Committed>& result) {
    if (result) return then();
    resync(tenant, result.error().reason);
    failed();
  });
}

void Uplink::resync(const domain::IdScope& tenant, const std::string& reason) {
  set_linked(tenant, false);
  report(Level::warning, "the copy of a tenant's records is fetched again", tenant.str(), reason);
  // A copy that fails again and again is not fetched without end.
  if (resyncs_++ > 0) {
    constexpr unsigned kMaxShift = 8;
    const auto pause = kFirstCommitRetry * (1U << std::min(resyncs_ - 2, kMaxShift));
    next_write_at_ =
        services_.clock.monotonic() + std::min<std::chrono::milliseconds>(pause, kLastCommitRetry);
  }
  session_->request_resync(tenant, reason);
}

void Uplink::renew_generation() {
  services_.generation.fetch_add(1, std::memory_order_release);
}

// ---- What the coordinator says ----

void Uplink::on(sync::Welcome& message) {
  services_.time.hear(message.wall);
  const bool is_ahead_of_us = message.outbox_watermark > services_.numbers.last();
  if (message.outbox_rolled_back || is_ahead_of_us) return renew_outbox();
  for (const domain::IdScope& tenant : message.tenants) {
    const auto created = services_.store.create_tenant(tenant);
    if (!created) {
      report(Level::error, "a tenant's keys can't be made", tenant.str(), created.error().reason);
    }
  }
  const auto held = services_.store.tenants();
  if (held) {
    for (const domain::IdScope& tenant : *held) {
      const bool serves = tenant == store::kNode ||
                          std::find(message.tenants.begin(), message.tenants.end(), tenant) !=
                              message.tenants.end();
      if (!serves) leave(tenant);
    }
  }
  open(message);
}

void Uplink::renew_outbox() {
  report(Level::error,
         "security: this gateway's disk was rolled back: the coordinator has outcomes that it does "
         "not know; everything is sent and fetched again");
  auto build = [this](const store::Reader&) -> Result<store::ChangeSet> {
    const auto renewed = services_.numbers.renew(services_.store, services_.entropy);
    if (!renewed) return renewed.error();
    return store::ChangeSet{};
  };
  write(std::move(build), [this](const Result<store::Committed>& result) {
    if (result) return reconnect();
    report(Level::error, "no new outbox", {}, result.error().reason);
    because("the outbox can't be begun anew: " + result.error().reason);
    ending_ = true;
  });
}

void Uplink::leave(const domain::IdScope& tenant) {
  report(Level::info, "this gateway no longer serves a tenant", tenant.str());
  if (!queue_.up_to(std::numeric_limits<std::uint64_t>::max()).contains(tenant)) {
    const auto erased = services_.store.erase_tenant(tenant);
    if (!erased) {
      report(Level::error, "a tenant's records can't be erased", tenant.str(),
             erased.error().reason);
    }
    return;
  }
  auto build = [tenant](const store::Reader&) -> Result<store::ChangeSet> {
    store::Change change;
    change.kind = store::Change::Kind::erase;
    change.table = store::Table::permit;
    change.id = kPermitId;
    store::ChangeSet set;
    set.tenant = tenant;
    set.changes.push_back(std::move(change));
    return set;
  };
  write(std::move(build), [this, tenant](const Result<store::Committed>& result) {
    if (!result) {
      report(Level::error, "a permit can't be erased", tenant.str(), result.error().reason);
    }
  });
}

void Uplink::open(const sync::Welcome& message) {
  renew_generation();
  connected_ = true;
  report(Level::info, "linked to the coordinator " + message.coordinator_id.str());
  for (const domain::IdScope& tenant : message.tenants) {
    if (session_->received(tenant)) set_linked(tenant, true);
  }
  if (on_open) on_open();
  send_outbox();
  audit_.restart();
  send_audit();
}

void Uplink::on(sync::Refused& message) {
  because("the coordinator refuses this gateway: " + message.reason);
}

void Uplink::on(sync::SnapshotBegin& message) {
  set_linked(message.tenant, false);
  services_.known_absent.clear();
  const domain::IdScope tenant = message.tenant;
  auto build = [this, begun = std::make_shared<const sync::SnapshotBegin>(std::move(message))](
                   const store::Reader& reader) { return applier_.begin(reader, *begun); };
  write_copy(tenant, std::move(build), [] {});
}

void Uplink::on(sync::SnapshotRecords& message) {
  const domain::IdScope tenant = message.tenant;
  auto build = [this, sent = std::make_shared<const sync::SnapshotRecords>(std::move(message))](
                   const store::Reader& reader) { return applier_.records(reader, *sent); };
  write_copy(tenant, std::move(build), [this] { renew_generation(); });
}

void Uplink::on(sync::SnapshotEnd& message) {
  sweep(message, {});
}

void Uplink::sweep(const sync::SnapshotEnd& message, const Applier::SweepPoint& from) {
  // Written by the build on the writer's thread, read here after its commit.
  auto swept = std::make_shared<Applier::Sweep>();
  auto build = [this, message, swept,
                from](const store::Reader& reader) -> Result<store::ChangeSet> {
    auto page = applier_.end(reader, message, from);
    if (!page) return page.error();
    *swept = std::move(*page);
    return swept->set;
  };
  write_copy(message.tenant, std::move(build), [this, message, swept] {
    for (const std::uint64_t sequence : swept->queued) queue_.added(message.tenant, sequence);
    if (swept->next) return sweep(message, *swept->next);
    outbox_size_ = queue_.size();
    resyncs_ = 0;
    renew_generation();
    report(Level::info, "a tenant's records are complete", message.tenant.str());
    set_linked(message.tenant, true);
    applied(message.tenant, message.sequence);
    send_outbox();
  });
}

void Uplink::on(sync::Changes& message) {
  const domain::IdScope tenant = message.tenant;
  const std::uint64_t to = message.to;
  // Registrations are not kept by the shards, and change most of all.
  const bool is_kept = std::any_of(
      message.records.begin(), message.records.end(),
      [](const sync::RecordChange& record) { return record.table != store::Table::registration; });
  auto build = [this, sent = std::make_shared<const sync::Changes>(std::move(message))](
                   const store::Reader& reader) { return applier_.changes(reader, *sent); };
  write_copy(tenant, std::move(build), [this, tenant, to, is_kept] {
    if (is_kept) renew_generation();
    applied(tenant, to);
  });
}

void Uplink::on(sync::DigestCheck& message) {
  const domain::IdScope tenant = message.tenant;
  auto build =
      [this, check = std::move(message)](const store::Reader& reader) -> Result<store::ChangeSet> {
    const auto agrees = applier_.agrees(reader, check);
    if (!agrees) return agrees.error();
    if (!*agrees) {
      return Error{Errc::corrupt, "the records held here are not those of the coordinator"};
    }
    store::ChangeSet nothing;
    nothing.tenant = check.tenant;
    return nothing;
  };
  write_copy(tenant, std::move(build), [] {});
}

void Uplink::on(sync::PermitGrant& message) {
  const std::string tenant = message.tenant.str();
  auto build = [this, grant = std::move(message)](const store::Reader& reader) {
    return take_permit(reader, grant, settings_.ca_public_key, settings_.gateway_id,
                       services_.crypto);
  };
  write(std::move(build), [this, tenant](const Result<store::Committed>& result) {
    if (!result) report(Level::error, "a permit was not taken", tenant, result.error().reason);
  });
}

void Uplink::on(sync::HubTokens& message) {
  const std::string tenant = message.tenant.str();
  auto build = [tokens = std::make_shared<const sync::HubTokens>(std::move(message))](
                   const store::Reader& reader) { return take_hub_tokens(reader, *tokens); };
  write(std::move(build), [this, tenant](const Result<store::Committed>& result) {
    if (!result) report(Level::error, "hub tokens were not taken", tenant, result.error().reason);
  });
}

void Uplink::on(sync::HeadReply& message) {
  const auto found = fences_.find(message.request_id);
  if (found == fences_.end()) return;
  found->second.target = message.sequence;
  found->second.has_target = true;
  release_fences(message.tenant);
}

void Uplink::on(sync::LookBackReply& message) {
  const bool is_absent = !message.registration.body.has_value();
  const std::uint64_t request_id = message.request_id;
  const domain::IdScope tenant = message.tenant;
  auto build = [this, reply = std::make_shared<const sync::LookBackReply>(std::move(message))](
                   const store::Reader& reader) { return applier_.look_back(reader, *reply); };
  const auto answer = [this, request_id, tenant](bool is_known_absent) {
    const auto found = look_backs_.find(request_id);
    if (found == look_backs_.end()) return;
    if (is_known_absent) services_.known_absent.add(tenant, found->second.id);
    const auto done = std::move(found->second.done);
    look_backs_.erase(found);
    done();
  };
  write_copy(
      tenant, std::move(build), [answer, is_absent] { answer(is_absent); },
      [answer] { answer(false); });
}

void Uplink::on(sync::OutboxAck& message) {
  acknowledge(std::make_shared<const sync::OutboxAck>(std::move(message)));
}

// Tenant by tenant; the entries are forgotten once all of them are written.
void Uplink::acknowledge(const std::shared_ptr<const sync::OutboxAck>& message) {
  auto has_failed = std::make_shared<bool>(false);
  auto left = std::make_shared<std::size_t>(0);
  const auto all = queue_.up_to(message->through);
  const auto finish = [this, message, has_failed] {
    if (*has_failed) return;
    queue_.acknowledged(message->through);
    outbox_size_ = queue_.size();
    send_outbox();
  };
  *left = all.size();
  if (all.empty()) return finish();
  for (const auto& [tenant, sequences] : all) {
    std::map<domain::IdScope, std::vector<std::uint64_t>> entries{{tenant, sequences}};
    auto build = [this, message, entries = std::move(entries)](
                     const store::Reader& reader) -> Result<store::ChangeSet> {
      auto sets = applier_.acknowledged(reader, *message, entries);
      if (!sets) return sets.error();
      if (sets->empty()) return store::ChangeSet{};
      return std::move(sets->front());
    };
    write_copy(
        tenant, std::move(build),
        [left, finish] {
          if (--*left == 0) finish();
        },
        [left, has_failed] {
          --*left;
          *has_failed = true;
        });
  }
}

void Uplink::on(sync::CleanupRequest& message) {
  const std::uint64_t request_id = message.request_id;
  store::Change change;
  change.table = store::Table::cleanup;
  change.id = message.task.hub_id.str() + "/" + message.task.device_id.str();
  change.body = sync::encode(message.task);
  auto build = [tenant = message.tenant,
                change](const store::Reader& reader) -> Result<store::ChangeSet> {
    const auto held = reader.read(tenant, change.table, change.id);
    if (!held) return held.error();
    store::ChangeSet set;
    set.tenant = tenant;
    // A task for that place knows what was done there already.
    if (!held->has_value()) set.changes.push_back(change);
    return set;
  };
  write(std::move(build), [this, request_id](const Result<store::Committed>& result) {
    if (result) session_->accept_cleanup(request_id);
  });
}

void Uplink::on(sync::CertificateReply& message) {
  const auto found = certificates_.find(message.request_id);
  if (found == certificates_.end()) return;
  const auto answer = std::move(found->second);
  certificates_.erase(found);
  answer(std::move(message));
}

void Uplink::on(sync::WebhookReply& message) {
  const auto found = webhooks_.find(message.request_id);
  if (found == webhooks_.end()) return;
  const auto done = std::move(found->second);
  webhooks_.erase(found);
  done(std::move(message));
}

void Uplink::on(sync::Closed& message) {
  because(message.error.reason);
}

// ---- What is asked of the coordinator ----

void Uplink::fence(const domain::IdScope& tenant, std::function<void()> done) {
  if (ending_ || !session_->open() || fences_.size() >= kMaxOpenQuestions) return done();
  Fence fence;
  fence.tenant = tenant;
  fence.done = std::move(done);
  fences_.emplace(session_->request_head(tenant), std::move(fence));
}

void Uplink::look_back(const domain::IdScope& tenant, const domain::RegistrationId& id,
                       std::function<void()> done) {
  if (ending_ || !session_->open() || look_backs_.size() >= kMaxOpenQuestions) return done();
  LookBackWaiter waiter{tenant, id, std::move(done)};
  look_backs_.emplace(session_->request_look_back(tenant, id), std::move(waiter));
}

void Uplink::request_certificate(sync::CertificateRequest::Purpose purpose, Bytes csr,
                                 std::vector<std::string> names, Certificate answer) {
  if (ending_ || !session_->open()) return;
  const std::uint64_t id = session_->request_certificate(purpose, std::move(csr), std::move(names));
  certificates_.emplace(id, std::move(answer));
}

void Uplink::call_webhook(const domain::IdScope& tenant, const domain::EnrollmentRef& enrollment,
                          std::string body, Webhook done) {
  if (ending_ || !session_->open()) return done(not_called("the coordinator is not reached"));
  if (webhooks_.size() >= kMaxOpenQuestions || body.size() > sync::kMaxWebhookBody) {
    return done(not_called("the link has no room for the call"));
  }
  webhooks_.emplace(session_->request_webhook(tenant, enrollment, std::move(body)),
                    std::move(done));
}

void Uplink::applied(const domain::IdScope& tenant, std::uint64_t sequence) {
  applied_[tenant] = sequence;
  release_fences(tenant);
}

void Uplink::release_fences(const domain::IdScope& tenant) {
  for (auto fence = fences_.begin(); fence != fences_.end();) {
    const bool is_reached = fence->second.tenant == tenant && fence->second.has_target &&
                            applied_[tenant] >= fence->second.target;
    if (!is_reached) {
      ++fence;
      continue;
    }
    const auto done = std::move(fence->second.done);
    fence = fences_.erase(fence);
    done();
  }
}

// ---- The outbox ----

void Uplink::queued(const domain::IdScope& tenant, std::uint64_t sequence) {
  queue_.added(tenant, sequence);
  outbox_size_ = queue_.size();
  send_outbox();
}

void Uplink::send_outbox() {
  if (ending_ || !session_->open()) return;
  const std::size_t room = session_->outbox_room();
  if (room == 0) return;
  const auto entries = queue_.next(services_.store, room);
  if (!entries) {
    report(Level::error, "the outbox can't be read", {}, entries.error().reason);
    return;
  }
  for (const std::uint64_t sequence : queue_.take_unreadable()) {
    outbox_size_ = queue_.size();
    report(Level::error, "an outcome can't be read and is left on the disk; the others go on", {},
           "outbox entry " + outbox_id(sequence));
  }
  if (!entries->empty()) session_->send_outbox(*entries);
}

// ---- The audit log ----

void Uplink::send_audit() {
  if (ending_ || !session_->open()) return;
  const auto segments = audit_.next_segments();
  if (!segments)
    return report(Level::error, "the audit log can't be read", {}, segments.error().reason);
  if (*segments) return session_->send_audit(**segments);
  auto seal = audit_.next_seal();
  if (!seal) return report(Level::error, "the audit log can't be sealed", {}, seal.error().reason);
  if (*seal) session_->send_audit(sync::AuditSealed{std::move(**seal)});
}

void Uplink::on(sync::AuditAck& message) {
  if (message.diverged) {
    report(Level::error,
           "security: the coordinator holds other entries of this gateway's audit log: this disk "
           "was rolled back; another log is begun");
  }
  auto build = [this, message](const store::Reader& reader) {
    return audit_.taken(message, reader);
  };
  write(std::move(build), [this, message](const Result<store::Committed>& result) {
    if (!result) {
      return report(Level::error, "the audit log can't be cut", {}, result.error().reason);
    }
    audit_.acknowledged(message);
    send_audit();
  });
}

void Uplink::on(sync::AuditSealed& message) {
  auto answer = audit_.sealed(message.seal);
  if (!answer) return report(Level::error, "a seal can't be read", {}, answer.error().reason);
  if (!answer->alarm.empty()) report(Level::error, "security: " + answer->alarm);
  if (answer->kept.changes.empty()) {
    if (answer->countersignature) {
      session_->send_audit(sync::AuditSealed{std::move(*answer->countersignature),
                                             std::move(answer->countersigned)});
    }
    return;
  }
  auto build = [set = answer->kept](const store::Reader&) { return Result<store::ChangeSet>(set); };
  // What was signed is remembered before it is told.
  write(std::move(build),
        [this, sealed = std::move(answer->countersignature),
         countersigned = std::move(answer->countersigned)](const Result<store::Committed>& result) {
          if (result && sealed) session_->send_audit(sync::AuditSealed{*sealed, countersigned});
        });
}

}  // namespace berth::gateway
