// The oracle: knows from outside what happened, and says when a rule of design section 4 is broken.
//
//  1. no device that was told `assigned` is forgotten, unless an admin deleted it;
//  2. once all is connected and quiet, among identities that Berth created, every device exists on
//     exactly the hub its registration names, with the credential last delivered;
//  3. a gateway at cursor S holds exactly the coordinator's records in its scope at S;
//  4. no registration is accepted on an enrollment version disabled at or before the journal's
//     cursor, nor past the permit, save returning devices under the permit's rule;
//  5. no crash loses a change that was acknowledged to an admin.
// And: once all is connected and quiet, nothing is left to do; what a webhook chose stays chosen
// through any crash; and an outcome tells the hubs that were tried, ending with the one it names.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "shared/domain/model/enrollment.hpp"
#include "tools/sim/sim_device.hpp"
#include "tools/sim/sim_gateway.hpp"
#include "tools/sim/world.hpp"

namespace berth::sim {

class Oracle {
 public:
  Oracle(World& world, SimCoordinator& coordinator, std::vector<std::unique_ptr<SimHub>>& hubs,
         std::vector<std::unique_ptr<SimGateway>>& gateways)
      : world_(world), coordinator_(coordinator), hubs_(hubs), gateways_(gateways) {}

  // What it is told as it happens.
  void accepted(const SimGateway& gateway, const domain::Intent& intent);
  void ended(const SimGateway& gateway, const domain::OutboxEntry& entry);
  void told(const std::string& device, const Told& told);
  // An admin's change of a record: begun, and acknowledged or not.
  void change_begins(store::Table table, const std::string& id);
  void change_acknowledged(store::Table table, const std::string& id);
  void change_unclear(store::Table table, const std::string& id);
  // A registration is about to be deleted by an admin.
  void deleting(const std::string& device);
  void clock_was_set(std::size_t gateway) { set_clocks_.insert(gateway); }

  // At any time.
  void check_copies();
  void check_acknowledged();
  // Once all is connected and every device has had time.
  void check_told();
  // Whether the enrollment lets its devices register at some gateway now.
  [[nodiscard]] bool may_register(store::Table table, const std::string& id) const;
  void check_quiet(const std::vector<std::unique_ptr<SimDevice>>& devices);

 private:
  using RecordKey = std::pair<store::Table, std::string>;
  using Records = std::map<RecordKey, store::Record>;

  // The coordinator's record as it was at a sequence.
  [[nodiscard]] const store::Record* record_at(store::Table table, const std::string& id,
                                               std::uint64_t sequence) const;
  [[nodiscard]] Records in_scope_at(const SimGateway& gateway, std::uint64_t sequence) const;
  [[nodiscard]] Records held_by(const SimGateway& gateway) const;
  void check_copy(const SimGateway& gateway);
  void check_registrations(const SimGateway& gateway);
  void check_identities();
  void check_chosen(const SimGateway& gateway, const domain::Intent& intent);
  void check_credential(const domain::Registration& registration,
                        const hub_server::Device& identity);
  [[nodiscard]] std::map<std::string, domain::Registration> registrations() const;
  // What stands in a hub that an admin unlinked is the admin's.
  [[nodiscard]] bool is_linked(const domain::HubId& hub) const;
  [[nodiscard]] bool is_quarantined(const std::string& device) const;

  // What an admin was told about a record; nothing: that it is gone.
  struct Acknowledged {
    std::optional<std::pair<std::uint64_t, Bytes>> record;  // version, body
    bool is_unclear = false;                                // a later change may have happened
  };

  World& world_;
  SimCoordinator& coordinator_;
  std::vector<std::unique_ptr<SimHub>>& hubs_;
  std::vector<std::unique_ptr<SimGateway>>& gateways_;
  std::map<std::string, Told> told_;
  std::map<RecordKey, Acknowledged> acknowledged_;
  std::map<std::string, SimTime> deleted_;
  // Identities that an admin's deletion of their registration left to the admin: host, device.
  std::set<std::pair<std::string, std::string>> released_;
  // The hub that a webhook chose for an operation, once that was durable.
  std::map<std::string, domain::HubId> chosen_;
  std::set<std::size_t> set_clocks_;
  // Enrollment versions that gateways accepted a device on: device, gateway, version.
  std::set<std::tuple<std::string, domain::GatewayId, std::uint64_t>> accepted_;
};

}  // namespace berth::sim
