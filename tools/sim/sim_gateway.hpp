// A gateway: its real registration engine, journal, cache and dialogue with the coordinator, over a
// disk that outlives it. What gateway/linux does with threads and sockets happens here in virtual
// time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gateway/core/device/request.hpp"
#include "gateway/core/registration/action.hpp"
#include "shared/domain/model/journal.hpp"
#include "tools/sim/node_clock.hpp"
#include "tools/sim/sim_coordinator.hpp"
#include "tools/sim/sim_hub.hpp"
#include "tools/sim/sim_store.hpp"
#include "tools/sim/sim_webhook.hpp"
#include "tools/sim/wire.hpp"
#include "tools/sim/world.hpp"

namespace berth::sim {

class SimGateway {
 public:
  using Answer = std::function<void(const gateway::Reply&)>;
  // An intent is durable: the device is accepted.
  using OnAccepted = std::function<void(SimGateway&, const domain::Intent&)>;
  // An outcome is durable.
  using OnOutcome = std::function<void(SimGateway&, const domain::OutboxEntry&)>;

  SimGateway(World& world, SimCoordinator& coordinator, std::vector<std::unique_ptr<SimHub>>& hubs,
             SimWebhook& webhook, std::size_t index, const std::string& site);
  ~SimGateway();

  OnAccepted on_accepted;
  OnOutcome on_outcome;

  void boot();
  void crash();
  [[nodiscard]] bool is_up() const { return running_ != nullptr; }
  [[nodiscard]] bool has_died() const { return is_up() && store_.is_dead(); }

  // A device's request, as it comes in; dropped if the gateway is down.
  void submit(gateway::DeviceRequest request, Answer answer);
  // The network's doing.
  void hold_wire();
  void release_wire();
  void reset_wire();

  [[nodiscard]] bool is_linked() const;
  // Nothing that this gateway still has to do.
  [[nodiscard]] std::string unfinished() const;
  [[nodiscard]] WallTime trusted_now() const;

  [[nodiscard]] std::size_t index() const { return index_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const domain::GatewayId& id() const { return id_; }
  [[nodiscard]] const domain::SiteId& site() const { return site_; }
  [[nodiscard]] SimStore& store() { return store_; }
  [[nodiscard]] const SimStore& store() const { return store_; }
  [[nodiscard]] NodeClock& clock() { return clock_; }

 private:
  struct Running;

  void note(const store::ChangeSet& set);
  void after(SimTime delay, std::function<void()> what);

  World& world_;
  SimCoordinator& coordinator_;
  std::vector<std::unique_ptr<SimHub>>& hubs_;
  SimWebhook& webhook_;
  std::size_t index_;
  std::string name_;
  domain::SiteId site_;
  NodeClock clock_;
  SimEntropy entropy_;
  SimStore store_;
  domain::GatewayId id_;
  Bytes certificate_;
  std::uint64_t boot_ = 0;
  std::shared_ptr<Wire> wire_;
  std::unique_ptr<Running> running_;
};

}  // namespace berth::sim
