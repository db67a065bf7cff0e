#include "tools/sim/simulation.hpp"

#include <map>
#include <memory>
#include <utility>

#include "shared/base/encoding.hpp"
#include "shared/domain/attestation/symmetric_key.hpp"
#include "tools/sim/admin.hpp"
#include "tools/sim/must.hpp"
#include "tools/sim/oracle.hpp"
#include "tools/sim/storm.hpp"

namespace berth::sim {
namespace {

constexpr SimTime kSecond{1'000'000};
constexpr SimTime kMinute = 60 * kSecond;
// How long the storm lasts; how long devices then have to come right; how long clean-up has: an
// hour at the coordinator, one until the second look, one until the deletion, and both once more
// where two gateways meet at one identity.
constexpr SimTime kStorm = 10 * kMinute;
constexpr SimTime kCalm = 6 * kMinute;
constexpr SimTime kCleanUp = 360 * kMinute;
constexpr SimTime kCheckInterval = 20 * kSecond;
constexpr SimTime kSlowTick = 5 * kSecond;
constexpr SimTime kSlowCheckInterval = 5 * kMinute;
constexpr std::size_t kKeySize = 32;
constexpr const char* kWebhookUrl = "https://webhook.example/pick";
constexpr std::chrono::minutes kShortPermit{3};
constexpr std::uint64_t kShortLog = 10;

class Simulation {
 public:
  Simulation(std::uint64_t seed, std::uint64_t chance, const Scenario& scenario,
             const std::function<void(const std::string&)>& print)
      : seed_(seed),
        scenario_(scenario),
        world_(chance, print),
        coordinator_(world_, permits(), scenario.short_log ? kShortLog : store::kLogHorizon),
        oracle_(world_, coordinator_, hubs_, gateways_),
        storm_(world_, scenario_, coordinator_, oracle_, hubs_, webhook_, gateways_) {
    set_up();
  }

  Report run() {
    if (scenario_.admin || scenario_.moves) admin_->start();
    storm_.start();
    run_for(kStorm);
    storm_.calm_down();
    if (scenario_.admin || scenario_.moves) admin_->stop();
    run_for(kCalm);
    if (!world_.failure) oracle_.check_told();
    for (const auto& device : devices_) {
      device->settle(world_.random.between(SimTime{0}, kMinute));
    }
    run_for(kCalm);
    // Those that have no right to register go on asking; they need not do it for hours.
    for (const auto& device : devices_) device->stop();
    world_.tick = kSlowTick;
    run_for(kCleanUp, kSlowCheckInterval);
    if (!world_.failure) check_settled();
    if (!world_.failure) oracle_.check_quiet(devices_);
    return report();
  }

 private:
  coordinator::PermitSettings permits() {
    coordinator::PermitSettings settings;
    if (scenario_.short_permits) {
      settings.lifetime = kShortPermit;
      if (world_.random.chance(500)) {
        settings.returning_after_expiry = domain::ReturningDeviceRule::refuse;
      }
      settings.new_device_quota = 1 + world_.random.below(8);
    }
    return settings;
  }

  void set_up() {
    // One may be unlinked, and two are left to move between.
    const std::size_t hubs = (scenario_.moves ? 3 : 2) + world_.random.below(2);
    for (std::size_t i = 0; i < hubs; ++i) link_hub("hub-" + std::to_string(i) + ".example");
    for (std::size_t i = 0; i < kGateways; ++i) {
      gateways_.push_back(std::make_unique<SimGateway>(world_, coordinator_, hubs_, webhook_, i,
                                                       "site-" + std::to_string(i)));
      gateways_.back()->on_accepted = [this](SimGateway& gateway, const domain::Intent& intent) {
        oracle_.accepted(gateway, intent);
      };
      gateways_.back()->on_outcome = [this](SimGateway& gateway, const domain::OutboxEntry& entry) {
        oracle_.ended(gateway, entry);
      };
      gateways_.back()->boot();
    }
    auto individuals = enroll_individuals(6 + world_.random.below(10));
    auto groups = enroll_groups();
    must(*coordinator_.call([](coordinator::Catalog&, coordinator::Fleet&) {
      return Result<void>{};  // tells the gateways
    }));
    admin_ = std::make_unique<Admin>(world_, coordinator_, oracle_, gateways_,
                                     std::move(individuals), std::move(groups), scenario_);
  }

  void link_hub(const std::string& host) {
    domain::LinkedHub hub;
    hub.hub_id = domain::HubId(to_hex(entropy_.bytes(16)));
    hub.host_name = host;
    hub.registry_url = "https://" + host;
    domain::HubCredential credential{hub.hub_id, "iothubowner", entropy_.secret(kKeySize)};
    hub = must(coordinator_.catalog().hubs.put(coordinator_.tenant(), hub, credential, 0)).record;
    hubs_.push_back(std::make_unique<SimHub>(world_, hub, std::move(credential)));
  }

  // Most enrollments are for all sites; reprovision and allocation policies are mixed.
  domain::Provisioning draw_provisioning() {
    domain::Provisioning provisioning;
    if (world_.random.chance(200)) {
      provisioning.sites = {gateways_[world_.random.below(kGateways)]->site()};
    }
    switch (world_.random.below(4)) {
      case 0: provisioning.reprovision_policy = domain::ReprovisionPolicy{true, false}; break;
      case 1: provisioning.reprovision_policy = domain::ReprovisionPolicy{false, false}; break;
      default: break;
    }
    if (world_.random.chance(200)) {
      provisioning.allocation_policy = domain::AllocationPolicy::geo_latency;
    }
    if (scenario_.webhooks && world_.random.chance(600)) {
      provisioning.allocation_policy = domain::AllocationPolicy::custom;
    }
    provisioning.custom_allocation = domain::CustomAllocation{kWebhookUrl, "2021-10-01"};
    provisioning.initial_twin.tags = R"({"made":"by the simulator"})";
    return provisioning;
  }

  std::vector<domain::IndividualEnrollment> enroll_individuals(std::size_t count) {
    std::vector<domain::IndividualEnrollment> all;
    for (std::size_t i = 0; i < count; ++i) {
      domain::IndividualEnrollment enrollment;
      enrollment.registration_id =
          must(domain::RegistrationId::parse("single-" + std::to_string(i)));
      const domain::SymmetricKeyAttestation keys{entropy_.secret(kKeySize),
                                                 entropy_.secret(kKeySize)};
      enrollment.attestation = keys;
      enrollment.provisioning = draw_provisioning();
      must(coordinator_.catalog().enrollments.put(coordinator_.tenant(), enrollment, 0));
      add_device(enrollment.registration_id.str(), keys.primary,
                 {store::Table::individual_enrollment, enrollment.registration_id.folded()});
      all.push_back(std::move(enrollment));
    }
    return all;
  }

  std::vector<domain::EnrollmentGroup> enroll_groups() {
    std::vector<domain::EnrollmentGroup> all;
    for (std::size_t i = 0; i < 2; ++i) {
      domain::EnrollmentGroup group;
      group.group_id = must(domain::EnrollmentGroupId::parse("group-" + std::to_string(i)));
      const domain::SymmetricKeyAttestation keys{entropy_.secret(kKeySize),
                                                 entropy_.secret(kKeySize)};
      group.attestation = keys;
      group.provisioning = draw_provisioning();
      must(coordinator_.catalog().enrollments.put(coordinator_.tenant(), group, 0));
      const std::size_t members = 2 + world_.random.below(6);
      for (std::size_t member = 0; member < members; ++member) {
        const std::string id = "member-" + std::to_string(i) + "-" + std::to_string(member);
        add_device(id, domain::derive_device_key(keys.primary, id, world_.crypto),
                   {store::Table::enrollment_group, group.group_id.folded()});
      }
      all.push_back(std::move(group));
    }
    return all;
  }

  using Enrollment = std::pair<store::Table, std::string>;
  void add_device(const std::string& id, SecretBytes key, Enrollment enrollment) {
    enrollments_.emplace(id, std::move(enrollment));
    devices_.push_back(std::make_unique<SimDevice>(world_, gateways_, coordinator_.tenant().str(),
                                                   id, std::move(key),
                                                   world_.random.below(kGateways)));
    devices_.back()->on_told = [this](SimDevice& device, const Told& told) {
      ++assignments_;
      oracle_.told(device.id(), told);
    };
    devices_.back()->start(world_.random.between(kSecond, kStorm / 2));
  }

  void run_for(SimTime time, SimTime check_interval = kCheckInterval) {
    const SimTime end = world_.scheduler.now() + time;
    while (!world_.failure && world_.scheduler.now() < end) {
      world_.scheduler.run(std::min(end, world_.scheduler.now() + check_interval),
                           [this] { storm_.bury_the_dead(); });
      if (!world_.failure) oracle_.check_copies();
      if (!world_.failure) oracle_.check_acknowledged();
    }
  }

  // Who may register has registered.
  void check_settled() {
    for (const auto& device : devices_) {
      const auto& [table, id] = enrollments_.at(device->id());
      if (device->has_settled() || !oracle_.may_register(table, id)) continue;
      return world_.fail(device->id() + " may register and was never assigned; last answer: " +
                         device->last_answer());
    }
  }

  Report report() const {
    Report report;
    report.scenario = scenario_.name;
    report.seed = seed_;
    report.hash = world_.trace.hash();
    report.events = world_.scheduler.count();
    report.assignments = assignments_;
    report.failure = world_.failure;
    if (report.failure) {
      report.last_lines.assign(world_.trace.tail().begin(), world_.trace.tail().end());
    }
    return report;
  }

  std::uint64_t seed_;
  Scenario scenario_;
  World world_;
  SimEntropy entropy_{world_.random.branch()};
  SimCoordinator coordinator_;
  std::vector<std::unique_ptr<SimHub>> hubs_;
  SimWebhook webhook_{world_};
  std::vector<std::unique_ptr<SimGateway>> gateways_;
  std::vector<std::unique_ptr<SimDevice>> devices_;
  std::map<std::string, Enrollment> enrollments_;  // by device
  Oracle oracle_;
  Storm storm_;
  std::unique_ptr<Admin> admin_;
  std::size_t assignments_ = 0;
};

}  // namespace

std::optional<Report> play(const std::string& scenario, std::uint64_t seed,
                           const std::function<void(const std::string&)>& print) {
  Random random(seed);
  const auto found = find_scenario(scenario, random);
  if (!found) return std::nullopt;
  Simulation simulation(seed, random.branch(), *found, print);
  return simulation.run();
}

}  // namespace berth::sim
