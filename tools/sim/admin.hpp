// An admin at work: enrollments are disabled, enabled, deleted, made again and given other keys,
// hubs get other weights, registrations are deleted, gateways are disabled for a while. One call at
// a time, and its answer may be lost.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tools/sim/oracle.hpp"
#include "tools/sim/scenario.hpp"

namespace berth::sim {

class Admin {
 public:
  Admin(World& world, SimCoordinator& coordinator, Oracle& oracle,
        std::vector<std::unique_ptr<SimGateway>>& gateways,
        std::vector<domain::IndividualEnrollment> individuals,
        std::vector<domain::EnrollmentGroup> groups, const Scenario& scenario)
      : world_(world),
        coordinator_(coordinator),
        oracle_(oracle),
        gateways_(gateways),
        individuals_(std::move(individuals)),
        groups_(std::move(groups)),
        scenario_(scenario) {}

  void start();
  // Puts right what would keep devices from their hubs, then does nothing more.
  void stop();

 private:
  void work();
  void change_individual();
  void change_group();
  void change_hub();
  void delete_registration();
  void disable_gateway();
  // Other hubs, another policy, another way of moving.
  void move_something();
  void move_individual(const domain::IndividualEnrollment& original, bool for_good);
  void move_group(const domain::EnrollmentGroup& original, bool for_good);
  void unlink_hub();
  [[nodiscard]] std::vector<domain::LinkedHub> linked_hubs();
  [[nodiscard]] domain::Provisioning moved(domain::Provisioning provisioning, bool for_good);
  void enable_gateway(const domain::GatewayId& gateway);
  // Calls, with the record that is changed named to the oracle.
  void call(const std::string& what, store::Table table, const std::string& id,
            SimCoordinator::Call change);

  World& world_;
  SimCoordinator& coordinator_;
  Oracle& oracle_;
  std::vector<std::unique_ptr<SimGateway>>& gateways_;
  std::vector<domain::IndividualEnrollment> individuals_;
  std::vector<domain::EnrollmentGroup> groups_;
  const Scenario& scenario_;
  bool is_working_ = false;
  bool has_unlinked_ = false;
};

}  // namespace berth::sim
