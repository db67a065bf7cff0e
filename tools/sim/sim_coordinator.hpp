// The coordinator: its real fleet, store and sync code over a disk that outlives it. What the
// program in coordinator/app does with sockets happens here with wires.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "coordinator/fleet/fleet.hpp"
#include "coordinator/fleet/joining.hpp"
#include "coordinator/fleet/permits.hpp"
#include "coordinator/store/catalog.hpp"
#include "coordinator/sync/sync_server.hpp"
#include "tools/sim/node_clock.hpp"
#include "tools/sim/sim_store.hpp"
#include "tools/sim/wire.hpp"
#include "tools/sim/world.hpp"

namespace berth::sim {

class SimCoordinator {
 public:
  // What an admin's call does; an error is its refusal.
  using Call =
      std::function<Result<void>(coordinator::Catalog& catalog, coordinator::Fleet& fleet)>;

  SimCoordinator(World& world, coordinator::PermitSettings permits, std::uint64_t log_horizon);
  ~SimCoordinator();

  void boot();
  void crash();
  [[nodiscard]] bool is_up() const { return running_ != nullptr; }
  // The power went while it worked.
  [[nodiscard]] bool has_died() const { return is_up() && store_.is_dead(); }

  // A connection with this client certificate. False if nobody listens, or it is refused at once.
  [[nodiscard]] bool accept(const std::shared_ptr<Wire>& wire, const Bytes& certificate);
  // Nothing if the coordinator is down, or goes down meanwhile.
  [[nodiscard]] std::optional<Result<void>> call(const Call& what);

  [[nodiscard]] SimStore& store() { return store_; }
  [[nodiscard]] coordinator::Catalog& catalog();
  [[nodiscard]] coordinator::Fleet& fleet();
  [[nodiscard]] coordinator::Joining& joining();
  [[nodiscard]] SimAuthority& authority() { return authority_; }
  [[nodiscard]] const Bytes& ca_public_key() const { return ca_public_key_; }
  [[nodiscard]] const domain::IdScope& tenant() const { return tenant_; }
  [[nodiscard]] const domain::CoordinatorId& id() const { return id_; }
  [[nodiscard]] const NodeClock& clock() const { return clock_; }

  // Every change of the tenant's log since the beginning, though the coordinator may forget.
  [[nodiscard]] const std::vector<store::LogEntry>& history() const { return history_; }

 private:
  struct Running;
  struct Session;

  void remember_changes();
  void tell_gateways();
  void flush(std::uint64_t session);
  void tick(std::uint64_t session);
  void close(std::uint64_t session);
  // Runs in this boot, or not at all.
  void after(SimTime delay, std::function<void()> what);

  World& world_;
  coordinator::PermitSettings permit_settings_;
  NodeClock clock_;
  SimEntropy entropy_;
  SimAuthority authority_;
  SimStore store_;
  std::vector<store::LogEntry> history_;
  domain::IdScope tenant_;
  domain::CoordinatorId id_;
  Bytes ca_public_key_;
  std::uint64_t boot_ = 0;
  std::uint64_t last_session_ = 0;
  std::unique_ptr<Running> running_;
};

}  // namespace berth::sim
