// The storm: draws faults of the kinds that a scenario has, for as long as it lasts.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "tools/sim/oracle.hpp"
#include "tools/sim/scenario.hpp"
#include "tools/sim/sim_webhook.hpp"

namespace berth::sim {

class Storm {
 public:
  Storm(World& world, const Scenario& scenario, SimCoordinator& coordinator, Oracle& oracle,
        std::vector<std::unique_ptr<SimHub>>& hubs, SimWebhook& webhook,
        std::vector<std::unique_ptr<SimGateway>>& gateways)
      : world_(world),
        scenario_(scenario),
        coordinator_(coordinator),
        oracle_(oracle),
        hubs_(hubs),
        webhook_(webhook),
        gateways_(gateways) {}

  void start();
  // Everything is put right: the network heals, hubs serve, clocks are set, nodes boot.
  void calm_down();
  // After each event: who has lost power in it goes down, and comes back later.
  void bury_the_dead();

 private:
  // `what` again and again while the storm lasts, at random times about `period` apart.
  void every(SimTime period, std::function<void()> what);
  void after(SimTime delay, std::function<void()> what);
  [[nodiscard]] SimGateway& any_gateway();
  void partition();
  void crash_gateway();
  void crash_coordinator();
  void trouble_hub();
  void fill_hub();
  void cut_from_hubs();
  void trouble_webhook();
  void worsen_messages();
  void set_clock();
  void spoil_disk();
  void gateway_comes_back(SimGateway& gateway);
  void coordinator_comes_back();

  World& world_;
  const Scenario& scenario_;
  SimCoordinator& coordinator_;
  Oracle& oracle_;
  std::vector<std::unique_ptr<SimHub>>& hubs_;
  SimWebhook& webhook_;
  std::vector<std::unique_ptr<SimGateway>>& gateways_;
  bool rages_ = false;
};

}  // namespace berth::sim
