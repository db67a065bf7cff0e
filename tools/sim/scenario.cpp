#include "tools/sim/scenario.hpp"

#include <algorithm>

namespace berth::sim {
namespace {

constexpr std::string_view kSwarm = "swarm";
constexpr unsigned kHalf = 500;

std::vector<Scenario> make() {
  std::vector<Scenario> all;
  const auto add = [&all](const char* name, const char* about) -> Scenario& {
    Scenario& scenario = all.emplace_back();
    scenario.name = name;
    scenario.about = about;
    return scenario;
  };
  add(kSwarm.data(), "a different half of all faults for every seed");
  add("calm", "nothing goes wrong");
  add("partitions", "gateways lose the coordinator for a while").partitions = true;
  add("crashes", "gateways and the coordinator lose power, also in the middle of a commit")
      .crashes = true;
  add("hubs", "hubs are down, throttle, refuse or are out of reach").hubs = true;
  add("messages", "messages to gateways and hubs are lost, repeated and late").messages = true;
  add("admin", "enrollments, hubs, registrations and gateways change").admin = true;
  add("clocks", "gateways' clocks are set").clocks = true;
  add("disks", "disks refuse to write").disks = true;
  Scenario& permits = add("permits", "permits expire while the coordinator is out of reach");
  permits.partitions = true;
  permits.short_permits = true;
  Scenario& snapshots = add("snapshots", "the change log forgets what a gateway missed");
  snapshots.partitions = true;
  snapshots.admin = true;
  snapshots.short_log = true;
  Scenario& webhooks = add("webhooks", "webhooks choose hubs, change their mind, and fail");
  webhooks.webhooks = webhooks.partitions = webhooks.crashes = webhooks.messages = true;
  Scenario& moves = add("moves", "enrollments get other hubs and policies, a hub is unlinked");
  moves.moves = moves.partitions = moves.crashes = moves.hubs = moves.messages = true;
  Scenario& full = add("full-hubs", "hubs are full, and new devices go on to the next");
  full.full_hubs = full.partitions = full.crashes = full.messages = true;
  Scenario& allocation =
      add("allocation", "webhooks, moves, full hubs and disks that fail at once");
  allocation.webhooks = allocation.moves = allocation.full_hubs = true;
  allocation.partitions = allocation.crashes = allocation.hubs = true;
  allocation.messages = allocation.disks = true;
  Scenario& storm = add("storm", "all of these at once, but for what webhooks and moves add");
  storm.partitions = storm.crashes = storm.hubs = storm.messages = storm.admin = true;
  storm.clocks = storm.disks = storm.short_permits = storm.short_log = true;
  return all;
}

}  // namespace

const std::vector<Scenario>& scenarios() {
  static const std::vector<Scenario> all = make();
  return all;
}

std::optional<Scenario> find_scenario(std::string_view name, Random& random) {
  const auto& all = scenarios();
  const auto found =
      std::ranges::find_if(all, [name](const auto& known) { return known.name == name; });
  if (found == all.end()) return std::nullopt;
  Scenario scenario = *found;
  if (name == kSwarm) {
    for (bool Scenario::*fault :
         {&Scenario::partitions, &Scenario::crashes, &Scenario::hubs, &Scenario::messages,
          &Scenario::admin, &Scenario::clocks, &Scenario::disks, &Scenario::short_permits,
          &Scenario::short_log}) {
      scenario.*fault = random.chance(kHalf);
    }
  }
  return scenario;
}

}  // namespace berth::sim
