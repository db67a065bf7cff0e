#include "tools/sim/sim_coordinator.hpp"

#include "coordinator/fleet/certificate_authority.hpp"
#include "shared/base/assert.hpp"
#include "shared/base/encoding.hpp"
#include "tools/sim/must.hpp"

namespace berth::sim {

struct SimCoordinator::Session {
  std::shared_ptr<Wire> wire;
  std::unique_ptr<coordinator::GatewaySession> session;
};

// What a crash takes.
struct SimCoordinator::Running {
  coordinator::Catalog catalog;
  domain::CoordinatorId id;
  coordinator::CertificateAuthority ca;
  coordinator::Joining joining;
  coordinator::Fleet fleet;
  coordinator::Permits permits;
  std::unique_ptr<coordinator::SyncServer> server;
  std::map<domain::GatewayId, std::pair<domain::GatewayStatus, std::uint64_t>> standings;
  std::map<std::uint64_t, Session> sessions;

  explicit Running(SimCoordinator& of)
      : catalog(prepared(of)),
        id(must(catalog.coordinator_id())),
        ca(must(coordinator::CertificateAuthority::open(of.store_, of.authority_, of.world_.crypto,
                                                        of.clock_, id, std::nullopt))),
        joining(catalog.gateways, ca, id, {"coordinator.example", 443}, of.world_.crypto, of.clock_,
                of.entropy_),
        fleet(catalog.gateways, joining, ca, of.world_.crypto, of.clock_, of.entropy_),
        permits(of.store_, ca, of.clock_, of.permit_settings_) {
    server = std::make_unique<coordinator::SyncServer>(coordinator::SyncServer::Services{
        of.store_, catalog.hubs, fleet, permits, ca, of.world_.crypto, of.clock_, id,
        [](const std::string& name) { return equals_ignoring_case(name, "coordinator.example"); },
        [&of](const coordinator::SyncEvent& event) {
          of.world_.trace.line("coordinator", event.gateway.str().substr(0, 4) +
                                                  (event.is_alarm ? " ALARM " : " ") + event.text);
        }});
  }
  ~Running() { sessions.clear(); }

  static coordinator::Catalog prepared(SimCoordinator& of) {
    coordinator::Catalog catalog(of.store_, of.world_.crypto, of.clock_, of.entropy_);
    must(catalog.prepare());
    return catalog;
  }
};

SimCoordinator::SimCoordinator(World& world, coordinator::PermitSettings permits,
                               std::uint64_t log_horizon)
    : world_(world),
      permit_settings_(permits),
      clock_(world.scheduler),
      entropy_(world.random.branch()),
      authority_(world.crypto, entropy_),
      store_("coordinator-store", log_horizon) {
  store_.on_committed = [this](const store::ChangeSet&, const store::Committed&) {
    remember_changes();
  };
  boot();
}

SimCoordinator::~SimCoordinator() = default;

void SimCoordinator::boot() {
  store_.revive();
  clock_.boot();
  ++boot_;
  running_ = std::make_unique<Running>(*this);
  id_ = running_->id;
  ca_public_key_ = running_->ca.public_key();
  tenant_ = must(running_->catalog.tenants.all()).front().record.id_scope;
  remember_changes();
  tell_gateways();
  world_.trace.line("coordinator", "boots");
}

void SimCoordinator::crash() {
  if (!is_up()) return;
  world_.trace.line("coordinator", "crashes");
  for (const auto& [number, session] : running_->sessions) {
    session.wire->close(Side::coordinator);
  }
  running_.reset();
  ++boot_;
}

void SimCoordinator::after(SimTime delay, std::function<void()> what) {
  world_.scheduler.after(delay, [this, boot = boot_, what = std::move(what)] {
    if (boot == boot_ && is_up() && !store_.is_dead()) what();
  });
}

coordinator::Catalog& SimCoordinator::catalog() {
  return running_->catalog;
}
coordinator::Fleet& SimCoordinator::fleet() {
  return running_->fleet;
}
coordinator::Joining& SimCoordinator::joining() {
  return running_->joining;
}

void SimCoordinator::remember_changes() {
  if (tenant_.empty()) return;
  const std::uint64_t known = history_.empty() ? 0 : history_.back().sequence;
  auto entries = must(store_.disk().changes(tenant_, known, store::kMaxPage));
  for (auto& entry : entries) history_.push_back(std::move(entry));
}

bool SimCoordinator::accept(const std::shared_ptr<Wire>& wire, const Bytes& certificate) {
  if (!is_up() || store_.is_dead()) return false;
  const std::uint64_t number = ++last_session_;
  auto session = running_->server->accept(
      certificate, [this, number] { after(SimTime{0}, [this, number] { flush(number); }); });
  if (!session) {
    world_.trace.line("coordinator", "accepts no connection: " + session.error().reason);
    return false;
  }
  running_->sessions.emplace(number, Session{wire, std::move(*session)});
  const std::uint64_t boot = boot_;
  wire->listen(
      Side::coordinator,
      [this, number, boot](const Bytes& bytes) {
        if (boot != boot_ || store_.is_dead()) return;
        const auto found = running_->sessions.find(number);
        if (found == running_->sessions.end()) return;
        found->second.session->receive(bytes, clock_.monotonic());
        flush(number);
      },
      [this, number, boot] {
        if (boot == boot_) running_->sessions.erase(number);
      });
  after(world_.tick, [this, number] { tick(number); });
  return true;
}

void SimCoordinator::flush(std::uint64_t session) {
  const auto found = running_->sessions.find(session);
  if (found == running_->sessions.end()) return;
  auto& of = *found->second.session;
  while (!store_.is_dead() && of.has_output()) {
    found->second.wire->send(Side::coordinator, of.take_output());
  }
  if (!store_.is_dead() && of.closed()) close(session);
}

void SimCoordinator::close(std::uint64_t session) {
  const auto found = running_->sessions.find(session);
  if (found == running_->sessions.end()) return;
  found->second.wire->close(Side::coordinator);
  running_->sessions.erase(found);
}

void SimCoordinator::tick(std::uint64_t session) {
  const auto found = running_->sessions.find(session);
  if (found == running_->sessions.end()) return;
  found->second.session->tick(clock_.monotonic());
  flush(session);
  after(world_.tick, [this, session] { tick(session); });
}

std::optional<Result<void>> SimCoordinator::call(const Call& what) {
  if (!is_up() || store_.is_dead()) return std::nullopt;
  auto result = what(running_->catalog, running_->fleet);
  if (store_.is_dead()) return std::nullopt;
  tell_gateways();
  return result;
}

// As coordinator/app does after every change by an admin.
void SimCoordinator::tell_gateways() {
  std::map<domain::GatewayId, std::pair<domain::GatewayStatus, std::uint64_t>> now;
  const auto gateways = running_->catalog.gateways.all();
  if (!gateways) return;
  for (const auto& gateway : *gateways) {
    now.emplace(gateway.record.gateway_id,
                std::pair(gateway.record.status, gateway.record.scope_version));
  }
  for (const auto& [gateway, standing] : std::exchange(running_->standings, now)) {
    if (now.at(gateway) != standing) running_->server->gateway_changed(gateway);
  }
  running_->server->committed(tenant_);
}

}  // namespace berth::sim
