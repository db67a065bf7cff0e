#include "coordinator/sync/sync_server.hpp"

#include <string>
#include <utility>

#include "shared/base/assert.hpp"

namespace berth::coordinator {

SyncServer::SyncServer(Services services)
    : services_(std::move(services)),
      intake_(services_.store, services_.clock),
      audit_(services_.store, services_.ca, services_.crypto, services_.clock,
             services_.coordinator, services_.audit),
      alarms_(services_.clock.monotonic()),
      incarnation_(services_.store, services_.crypto, services_.clock) {}

SyncServer::~SyncServer() {
  BERTH_ASSERT(sessions_.empty());
}

Result<std::unique_ptr<GatewaySession>> SyncServer::accept(ByteView certificate,
                                                           std::function<void()> wake) {
  auto visitor = services_.fleet.identify(certificate);
  if (!visitor) return visitor.error();
  const auto id = visitor->gateway.gateway_id;
  const auto older = sessions_.find(id);
  if (older != sessions_.end()) {
    auto* session = older->second;
    left(*session);
    session->session_.refuse(Errc::conflict, "the gateway connected once more");
    session->wake_();
  }
  // The constructor is the server's alone.
  std::unique_ptr<GatewaySession> session(
      new GatewaySession(*this, std::move(visitor->gateway), visitor->may_only_renew,
                         std::move(wake), services_.clock.monotonic()));
  session->number_ = ++last_session_;
  sessions_.emplace(id, session.get());
  return session;
}

void SyncServer::committed(const domain::IdScope& tenant) {
  for (const auto& [id, session] : sessions_) {
    if (session->serving(tenant) == nullptr) continue;
    const bool had_output = session->has_output();
    session->pump();
    if (!had_output && session->has_output()) session->wake_();
  }
}

void SyncServer::gateway_changed(const domain::GatewayId& gateway) {
  const auto known = sessions_.find(gateway);
  if (known == sessions_.end()) return;
  known->second->session_.refuse(Errc::forbidden, "the gateway's standing has changed");
  known->second->wake_();
}

Result<void> SyncServer::store_was_restored(const GatewaySession& noticed) {
  report(noticed.gateway().gateway_id, true,
         "the gateway knows later records than this coordinator: a back-up of its store was "
         "restored; every gateway gets a snapshot, and sends again what is missing here");
  if (auto renewed = incarnation_.renew(); !renewed) return renewed;
  if (auto begun = audit_.begin_another("a back-up of the coordinator's store was restored");
      !begun) {
    return begun;
  }
  for (const auto& [id, session] : sessions_) {
    session->begin_all_snapshots();
    if (session != &noticed) session->wake_();
  }
  return {};
}

void SyncServer::report(const domain::GatewayId& gateway, bool is_alarm, std::string text) {
  if (is_alarm) {
    if (alarms_.may_tell(gateway, services_.clock.monotonic())) tell_alarm(gateway, text);
  } else if (services_.report) {
    services_.report(SyncEvent{gateway, false, std::move(text)});
  }
}

void SyncServer::tell_counted_alarms(MonotonicTime now) {
  for (const AlarmLog::Counted& counted : alarms_.due(now)) {
    tell_alarm(counted.gateway, std::to_string(counted.alarms) +
                                    " more alarms of this gateway were counted, and not told one "
                                    "by one");
  }
}

void SyncServer::tell_alarm(const domain::GatewayId& gateway, const std::string& text) const {
  note_alarm(gateway, text);
  if (services_.report) services_.report(SyncEvent{gateway, true, text});
}

// An alarm that can't be written down is still reported; the log says that it could not.
void SyncServer::note_alarm(const domain::GatewayId& gateway, const std::string& text) const {
  store::ChangeSet set;
  set.tenant = store::kNode;
  domain::AuditNote note;
  note.kind = "alarm";
  note.add("gatewayId", gateway.str()).add("text", text);
  set.notes.push_back(std::move(note));
  const auto noted = store::commit_one(services_.store, std::move(set));
  if (!noted && services_.report) {
    services_.report(
        SyncEvent{gateway, true, "the audit log can't be written: " + noted.error().reason});
  }
}

void SyncServer::left(const GatewaySession& session) {
  const auto known = sessions_.find(session.gateway().gateway_id);
  if (known != sessions_.end() && known->second == &session) sessions_.erase(known);
  std::erase_if(asked_, [&session](const auto& asked) { return asked.second == &session; });
}

// The gateway may meanwhile have another session, which asked nothing.
void SyncServer::webhook_answered(const domain::GatewayId& gateway, std::uint64_t session_number,
                                  const sync::WebhookReply& reply) {
  const auto known = sessions_.find(gateway);
  if (known == sessions_.end() || known->second->number_ != session_number) return;
  GatewaySession& session = *known->second;
  --session.webhook_calls_;
  session.session_.send(reply);
  session.wake_();
}

ScopeDigest& SyncServer::digest_of(const domain::IdScope& tenant, const domain::SiteId& site) {
  auto& digest = digests_[{tenant, site}];
  if (!digest) {
    digest = std::make_unique<ScopeDigest>(services_.store, tenant, Scope(site, services_.crypto),
                                           services_.crypto);
  }
  return *digest;
}

}  // namespace berth::coordinator
