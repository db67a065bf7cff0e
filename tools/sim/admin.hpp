// An admin at work: enrollments are disabled, enabled, deleted, made again and given other keys,
// hubs get other weights, registrations are deleted, gateways are disabled for a while. One call at
// a time, and its answer may be lost.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tools/sim/oracle.hpp"

namespace berth::sim {

class Admin {
 public:
  Admin(World& world, SimCoordinator& coordinator, Oracle& oracle,
        std::vector<std::unique_ptr<SimGateway>>& gateways,
        std::vector<domain::IndividualEnrollment> individuals,
        std::vector<domain::EnrollmentGroup> groups)
      : world_(world),
        coordinator_(coordinator),
        oracle_(oracle),
        gateways_(gateways),
        individuals_(std::move(individuals)),
        groups_(std::move(groups)) {}

  void start();
  // Puts gateways right that were left disabled, then does nothing more.
  void stop();

 private:
  void work();
  void change_individual();
  void change_group();
  void change_hub();
  void delete_registration();
  void disable_gateway();
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
  bool is_working_ = false;
};

}  // namespace berth::sim
