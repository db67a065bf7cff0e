#include "shared/protocol/sync/session_gateway.hpp"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "shared/base/assert.hpp"

namespace berth::sync {

GatewaySession::GatewaySession(Hello hello, MonotonicTime now)
    : hello_(std::move(hello)), started_(now), last_heard_(now), last_ping_(now) {
  for (const auto& position : hello_.positions) {
    Tenant tenant;
    tenant.awaiting_snapshot = position.incarnation.empty();
    tenant.sequence = position.sequence;
    tenants_.emplace(position.tenant, tenant);
  }
  append(output_, encode_frame(hello_));
}

Bytes GatewaySession::take_output() {
  return std::exchange(output_, {});
}

std::vector<GatewaySession::Event> GatewaySession::take_events() {
  return std::exchange(events_, {});
}

void GatewaySession::send(const Message& message) {
  append(output_, encode_frame(message));
}

void GatewaySession::fail(Error error) {
  if (state_ == State::closed) return;
  state_ = State::closed;
  events_.emplace_back(Closed{std::move(error)});
}

domain::BootMoment GatewaySession::boot_moment(MonotonicTime now) const {
  auto moment = hello_.now;
  moment.since_boot += std::chrono::duration_cast<std::chrono::microseconds>(now - started_);
  return moment;
}

void GatewaySession::receive(ByteView bytes, MonotonicTime now) {
  if (state_ == State::closed) return;
  last_heard_ = now;
  reader_.feed(bytes);
  while (state_ != State::closed) {
    auto message = reader_.next();
    if (!message) return;
    if (!*message) return fail(message->error());
    handle(std::move(**message));
  }
}

void GatewaySession::tick(MonotonicTime now) {
  if (state_ == State::closed) return;
  if (now - last_heard_ >= kIdleDeadline) {
    return fail(Error{Errc::timed_out, "the coordinator said nothing for " +
                                           std::to_string(kIdleDeadline.count()) + " seconds"});
  }
  if (state_ == State::open && now - last_ping_ >= kPingInterval) {
    last_ping_ = now;
    send(Ping{next_ping_++, boot_moment(now)});
  }
}

void GatewaySession::handle(Message message) {
  const bool greets =
      std::holds_alternative<Welcome>(message) || std::holds_alternative<Refused>(message);
  if (state_ == State::greeting && !greets) {
    return fail(Error{Errc::malformed, "the coordinator did not begin with a welcome"});
  }
  std::visit([this](auto& known) { on(known); }, message);
}

void GatewaySession::on(Welcome& message) {
  if (state_ != State::greeting) {
    return fail(Error{Errc::malformed, "the coordinator welcomed twice"});
  }
  if (message.protocol_version != kProtocolVersion) {
    return fail(Error{Errc::unsupported, "the coordinator speaks sync version " +
                                             std::to_string(message.protocol_version)});
  }
  state_ = State::open;
  std::map<domain::IdScope, Tenant> served;
  for (const auto& tenant : message.tenants) {
    const auto known = tenants_.find(tenant);
    served.emplace(tenant, known == tenants_.end() ? Tenant{} : known->second);
  }
  tenants_ = std::move(served);
  events_.emplace_back(std::move(message));
}

void GatewaySession::on(Refused& message) {
  Error error{message.code, "the coordinator refuses: " + message.reason};
  events_.emplace_back(std::move(message));
  fail(std::move(error));
}

void GatewaySession::on(SnapshotBegin& message) {
  const auto tenant = tenants_.find(message.tenant);
  if (tenant == tenants_.end()) return;
  tenant->second.in_snapshot = true;
  tenant->second.awaiting_snapshot = false;
  tenant->second.snapshot = message.number;
  events_.emplace_back(std::move(message));
}

void GatewaySession::on(SnapshotRecords& message) {
  const auto tenant = tenants_.find(message.tenant);
  if (tenant == tenants_.end() || !tenant->second.in_snapshot ||
      tenant->second.snapshot != message.number) {
    return;
  }
  events_.emplace_back(std::move(message));
}

void GatewaySession::on(SnapshotEnd& message) {
  const auto tenant = tenants_.find(message.tenant);
  if (tenant == tenants_.end() || !tenant->second.in_snapshot ||
      tenant->second.snapshot != message.number) {
    return;
  }
  tenant->second.in_snapshot = false;
  tenant->second.sequence = message.sequence;
  events_.emplace_back(std::move(message));
}

void GatewaySession::on(Changes& message) {
  const auto tenant = tenants_.find(message.tenant);
  if (tenant == tenants_.end() || tenant->second.awaiting_snapshot) return;
  if (tenant->second.in_snapshot || message.from != tenant->second.sequence) {
    return ask_for_snapshot(message.tenant, tenant->second,
                            "changes from " + std::to_string(message.from) +
                                " do not join what was received up to " +
                                std::to_string(tenant->second.sequence));
  }
  tenant->second.sequence = message.to;
  events_.emplace_back(std::move(message));
}

void GatewaySession::on(DigestCheck& message) {
  const auto tenant = tenants_.find(message.tenant);
  if (tenant == tenants_.end() || tenant->second.awaiting_snapshot || tenant->second.in_snapshot) {
    return;
  }
  events_.emplace_back(std::move(message));
}

void GatewaySession::on(OutboxAck& message) {
  if (message.incarnation != hello_.outbox_incarnation || message.through > sent_) {
    return fail(Error{Errc::malformed, "the coordinator acknowledges what was never sent"});
  }
  std::erase_if(unacknowledged_,
                [&message](std::uint64_t sequence) { return sequence <= message.through; });
  events_.emplace_back(std::move(message));
}

// All that has no order to keep; and what only a gateway says.
template <class Known>
void GatewaySession::on(Known& message) {
  if constexpr (std::is_same_v<Known, Pong>) {
    return;
  } else if constexpr (std::is_constructible_v<Event, std::in_place_type_t<Known>, Known>) {
    events_.emplace_back(std::in_place_type<Known>, std::move(message));
  } else {
    fail(Error{Errc::malformed, "the coordinator said what only a gateway says"});
  }
}

void GatewaySession::ask_for_snapshot(const domain::IdScope& tenant, Tenant& state,
                                      const std::string& reason) {
  state.awaiting_snapshot = true;
  state.in_snapshot = false;
  send(ResyncRequest{tenant, reason});
}

std::optional<std::uint64_t> GatewaySession::received(const domain::IdScope& tenant) const {
  const auto known = tenants_.find(tenant);
  if (known == tenants_.end() || known->second.awaiting_snapshot || known->second.in_snapshot) {
    return std::nullopt;
  }
  return known->second.sequence;
}

std::uint64_t GatewaySession::request_head(const domain::IdScope& tenant) {
  const std::uint64_t id = next_request_++;
  if (open()) send(HeadRequest{id, tenant});
  return id;
}

std::uint64_t GatewaySession::request_look_back(const domain::IdScope& tenant,
                                                const domain::RegistrationId& registration) {
  const std::uint64_t id = next_request_++;
  if (open()) send(LookBackRequest{id, tenant, registration});
  return id;
}

std::uint64_t GatewaySession::request_certificate(CertificateRequest::Purpose purpose, Bytes csr,
                                                  std::vector<std::string> names) {
  const std::uint64_t id = next_request_++;
  if (open()) send(CertificateRequest{id, purpose, std::move(csr), std::move(names)});
  return id;
}

std::uint64_t GatewaySession::request_webhook(const domain::IdScope& tenant,
                                              const domain::EnrollmentRef& enrollment,
                                              std::string body) {
  const std::uint64_t id = next_request_++;
  if (open()) send(WebhookRequest{id, tenant, enrollment, std::move(body)});
  return id;
}

void GatewaySession::request_resync(const domain::IdScope& tenant, const std::string& reason) {
  const auto known = tenants_.find(tenant);
  if (!open() || known == tenants_.end() || known->second.awaiting_snapshot) return;
  ask_for_snapshot(tenant, known->second, reason);
}

std::size_t GatewaySession::outbox_room() const {
  return open() ? kOutboxWindow - unacknowledged_.size() : 0;
}

void GatewaySession::send_outbox(std::span<const domain::OutboxEntry> entries) {
  BERTH_ASSERT(entries.size() <= kOutboxWindow - unacknowledged_.size());
  if (!open()) return;
  OutboxEntries batch;
  batch.incarnation = hello_.outbox_incarnation;
  std::size_t cost = 0;
  for (const auto& entry : entries) {
    BERTH_ASSERT(entry.sequence > sent_);
    sent_ = entry.sequence;
    unacknowledged_.push_back(entry.sequence);
    const std::size_t entry_cost = frame_cost(entry);
    if (batch.entries.size() == kMaxEntriesPerFrame ||
        (!batch.entries.empty() && cost + entry_cost > kFrameBudget)) {
      send(batch);
      batch.entries.clear();
      cost = 0;
    }
    batch.entries.push_back(entry);
    cost += entry_cost;
  }
  if (!batch.entries.empty()) send(batch);
}

void GatewaySession::accept_cleanup(std::uint64_t request_id) {
  if (open()) send(CleanupReply{request_id});
}

void GatewaySession::send_audit(const AuditSegments& segments) {
  if (open()) send(segments);
}

void GatewaySession::send_audit(const AuditSealed& sealed) {
  if (open()) send(sealed);
}

}  // namespace berth::sync
