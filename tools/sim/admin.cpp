#include "tools/sim/admin.hpp"

#include <utility>

#include "shared/base/encoding.hpp"

namespace berth::sim {
namespace {

constexpr SimTime kSecond{1'000'000};
constexpr std::size_t kKeySize = 32;

// What may become of an enrollment: its status toggles, its secondary key is rolled, it goes or
// comes back. The primary key stays: devices know it.
template <class Record, class Id, class Find>
Result<void> change_enrollment(coordinator::Enrollments& enrollments, const domain::IdScope& tenant,
                               const Record& original, const Id& id, const Find& find,
                               std::uint64_t draw, const SecretBytes& key) {
  auto stored = find();
  if (!stored) return stored.error();
  if (!*stored) {
    Record again = original;
    again.provisioning.status =
        draw % 4 == 0 ? domain::ProvisioningStatus::disabled : domain::ProvisioningStatus::enabled;
    auto made = enrollments.put(tenant, std::move(again), 0);
    if (!made) return made.error();
    return {};
  }
  Record record = std::move((*stored)->record);
  switch (draw % 8) {
    case 0:
    case 1: return enrollments.erase(tenant, id, (*stored)->version);
    case 2:
    case 3: std::get<domain::SymmetricKeyAttestation>(record.attestation).secondary = key; break;
    default:
      record.provisioning.status = record.provisioning.status == domain::ProvisioningStatus::enabled
                                       ? domain::ProvisioningStatus::disabled
                                       : domain::ProvisioningStatus::enabled;
      break;
  }
  auto written = enrollments.put(tenant, std::move(record), (*stored)->version);
  if (!written) return written.error();
  return {};
}

}  // namespace

void Admin::start() {
  is_working_ = true;
  world_.scheduler.after(world_.random.between(5 * kSecond, 30 * kSecond), [this] { work(); });
}

void Admin::stop() {
  is_working_ = false;
  if (scenario_.moves) {
    for (const auto& individual : individuals_) move_individual(individual, true);
    for (const auto& group : groups_) move_group(group, true);
  }
  for (const auto& gateway : gateways_) enable_gateway(gateway->id());
}

void Admin::work() {
  if (!is_working_) return;
  if (scenario_.moves && (!scenario_.admin || world_.random.chance(500))) {
    move_something();
    world_.scheduler.after(world_.random.between(2 * kSecond, 15 * kSecond), [this] { work(); });
    return;
  }
  switch (world_.random.below(10)) {
    case 0:
    case 1:
    case 2:
    case 3: change_individual(); break;
    case 4:
    case 5: change_group(); break;
    case 6:
    case 7: change_hub(); break;
    case 8: delete_registration(); break;
    default: disable_gateway(); break;
  }
  world_.scheduler.after(world_.random.between(2 * kSecond, 25 * kSecond), [this] { work(); });
}

void Admin::call(const std::string& what, store::Table table, const std::string& id,
                 SimCoordinator::Call change) {
  oracle_.change_begins(table, id);
  world_.scheduler.after(world_.latency(), [this, what, table, id, change = std::move(change)] {
    const auto answer = coordinator_.call(change);
    world_.trace.line("admin", what + (!answer   ? ": no answer"
                                       : *answer ? ""
                                                 : ": " + answer->error().reason));
    // A refusal leaves the record as it was, which the oracle reads as well.
    if (answer && (*answer || answer->error().code != Errc::io)) {
      oracle_.change_acknowledged(table, id);
    } else {
      oracle_.change_unclear(table, id);
    }
  });
}

void Admin::change_individual() {
  if (individuals_.empty()) return;
  const auto& original = individuals_[world_.random.below(individuals_.size())];
  const std::string id = original.registration_id.folded();
  SimEntropy entropy(world_.random.branch());
  call("changes enrollment " + id, store::Table::individual_enrollment, id,
       [this, original, draw = world_.random.next(), key = entropy.secret(kKeySize)](
           coordinator::Catalog& catalog, coordinator::Fleet&) {
         const auto& tenant = coordinator_.tenant();
         return change_enrollment(
             catalog.enrollments, tenant, original, original.registration_id,
             [&] { return catalog.enrollments.individual(tenant, original.registration_id); }, draw,
             key);
       });
}

void Admin::change_group() {
  if (groups_.empty()) return;
  const auto& original = groups_[world_.random.below(groups_.size())];
  const std::string id = original.group_id.folded();
  SimEntropy entropy(world_.random.branch());
  call("changes group " + id, store::Table::enrollment_group, id,
       [this, original, draw = world_.random.next(), key = entropy.secret(kKeySize)](
           coordinator::Catalog& catalog, coordinator::Fleet&) {
         const auto& tenant = coordinator_.tenant();
         return change_enrollment(
             catalog.enrollments, tenant, original, original.group_id,
             [&] { return catalog.enrollments.group(tenant, original.group_id); }, draw, key);
       });
}

// ---- Moves ----

void Admin::move_something() {
  const std::uint64_t draw = world_.random.below(20);
  if (draw == 0 && !has_unlinked_) {
    unlink_hub();
  } else if (draw < 5) {
    change_hub();
  } else if (draw < 12 && !groups_.empty()) {
    move_group(groups_[world_.random.below(groups_.size())], false);
  } else if (!individuals_.empty()) {
    move_individual(individuals_[world_.random.below(individuals_.size())], false);
  }
}

std::vector<domain::LinkedHub> Admin::linked_hubs() {
  std::vector<domain::LinkedHub> hubs;
  if (!coordinator_.is_up()) return hubs;
  const auto all = coordinator_.catalog().hubs.all(coordinator_.tenant());
  if (!all) return hubs;
  for (const auto& hub : *all) hubs.push_back(hub.record);
  return hubs;
}

// For good: so that every device can get a hub that is linked, also one whose hub is not any more.
domain::Provisioning Admin::moved(domain::Provisioning provisioning, bool for_good) {
  auto& random = world_.random;
  const auto hubs = linked_hubs();
  provisioning.iot_hubs.clear();
  provisioning.reprovision_policy =
      for_good ? domain::ReprovisionPolicy{true, random.chance(500)}
               : domain::ReprovisionPolicy{random.chance(700), random.chance(500)};
  switch (random.below(scenario_.webhooks ? 4 : 3)) {
    case 0: provisioning.allocation_policy = domain::AllocationPolicy::hashed; break;
    case 1: provisioning.allocation_policy = domain::AllocationPolicy::geo_latency; break;
    case 2:
      provisioning.allocation_policy = domain::AllocationPolicy::hashed;
      if (hubs.empty() || for_good) break;
      provisioning.allocation_policy = domain::AllocationPolicy::static_hub;
      provisioning.iot_hubs = {hubs[random.below(hubs.size())].host_name};
      break;
    default: provisioning.allocation_policy = domain::AllocationPolicy::custom; break;
  }
  return provisioning;
}

void Admin::move_individual(const domain::IndividualEnrollment& original, bool for_good) {
  const std::string id = original.registration_id.folded();
  call("moves enrollment " + id, store::Table::individual_enrollment, id,
       [this, id = original.registration_id, provisioning = moved(original.provisioning, for_good)](
           coordinator::Catalog& catalog, coordinator::Fleet&) -> Result<void> {
         auto stored = catalog.enrollments.individual(coordinator_.tenant(), id);
         if (!stored) return stored.error();
         if (!*stored) return Error{Errc::not_found, "no such enrollment"};
         const auto status = (*stored)->record.provisioning.status;
         (*stored)->record.provisioning = provisioning;
         (*stored)->record.provisioning.status = status;
         auto written =
             catalog.enrollments.put(coordinator_.tenant(), (*stored)->record, (*stored)->version);
         if (!written) return written.error();
         return {};
       });
}

void Admin::move_group(const domain::EnrollmentGroup& original, bool for_good) {
  const std::string id = original.group_id.folded();
  call("moves group " + id, store::Table::enrollment_group, id,
       [this, id = original.group_id, provisioning = moved(original.provisioning, for_good)](
           coordinator::Catalog& catalog, coordinator::Fleet&) -> Result<void> {
         auto stored = catalog.enrollments.group(coordinator_.tenant(), id);
         if (!stored) return stored.error();
         if (!*stored) return Error{Errc::not_found, "no such group"};
         const auto status = (*stored)->record.provisioning.status;
         (*stored)->record.provisioning = provisioning;
         (*stored)->record.provisioning.status = status;
         auto written =
             catalog.enrollments.put(coordinator_.tenant(), (*stored)->record, (*stored)->version);
         if (!written) return written.error();
         return {};
       });
}

// What stands there is the admin's to remove: nobody may write to it any more.
void Admin::unlink_hub() {
  const auto hubs = linked_hubs();
  if (hubs.size() < 3) return;
  has_unlinked_ = true;
  const domain::LinkedHub& gone = hubs[world_.random.below(hubs.size())];
  call("unlinks " + gone.host_name, store::Table::linked_hub, gone.hub_id.str(),
       [this, gone](coordinator::Catalog& catalog, coordinator::Fleet&) -> Result<void> {
         auto stored = catalog.hubs.find(coordinator_.tenant(), gone.hub_id);
         if (!stored) return stored.error();
         if (!*stored) return Error{Errc::not_found, "no such hub"};
         return catalog.hubs.erase(coordinator_.tenant(), gone.hub_id, (*stored)->version);
       });
}

void Admin::change_hub() {
  const auto hubs =
      coordinator_.is_up()
          ? coordinator_.catalog().hubs.all(coordinator_.tenant())
          : Result<std::vector<coordinator::Versioned<domain::LinkedHub>>>(Error{Errc::io, ""});
  if (!hubs || hubs->empty()) return;
  const domain::HubId id = (*hubs)[world_.random.below(hubs->size())].record.hub_id;
  const auto weight = static_cast<std::uint32_t>(1 + world_.random.below(10));
  call("gives hub " + id.str().substr(0, 4) + " weight " + std::to_string(weight),
       store::Table::linked_hub, id.str(),
       [this, id, weight](coordinator::Catalog& catalog, coordinator::Fleet&) -> Result<void> {
         auto stored = catalog.hubs.find(coordinator_.tenant(), id);
         if (!stored) return stored.error();
         if (!*stored) return Error{Errc::not_found, "no such hub"};
         (*stored)->record.allocation_weight = weight;
         auto written = catalog.hubs.put(coordinator_.tenant(), (*stored)->record, std::nullopt,
                                         (*stored)->version);
         if (!written) return written.error();
         return {};
       });
}

void Admin::delete_registration() {
  if (individuals_.empty()) return;
  const auto& id = individuals_[world_.random.below(individuals_.size())].registration_id;
  world_.scheduler.after(world_.latency(), [this, id] {
    const auto answer = coordinator_.call(
        [this, id](coordinator::Catalog& catalog, coordinator::Fleet&) -> Result<void> {
          auto stored = catalog.registrations.find(coordinator_.tenant(), id);
          if (!stored) return stored.error();
          if (!*stored) return Error{Errc::not_found, "not registered"};
          oracle_.deleting(id.folded());
          return catalog.registrations.erase(coordinator_.tenant(), id, (*stored)->version);
        });
    world_.trace.line("admin", "deletes the registration of " + id.str() +
                                   (!answer   ? ": no answer"
                                    : *answer ? ""
                                              : ": " + answer->error().reason));
  });
}

void Admin::disable_gateway() {
  const domain::GatewayId gateway = gateways_[world_.random.below(gateways_.size())]->id();
  world_.scheduler.after(world_.latency(), [this, gateway] {
    const auto answer =
        coordinator_.call([gateway](coordinator::Catalog&, coordinator::Fleet& fleet) {
          return fleet.disable(gateway);
        });
    world_.trace.line("admin", "disables a gateway" + std::string(answer ? "" : ": no answer"));
    world_.scheduler.after(world_.random.between(5 * kSecond, 60 * kSecond),
                           [this, gateway] { enable_gateway(gateway); });
  });
}

// Until it is done: an admin who left it disabled would be no fault of Berth's.
void Admin::enable_gateway(const domain::GatewayId& gateway) {
  const auto answer =
      coordinator_.call([gateway](coordinator::Catalog&, coordinator::Fleet& fleet) {
        return fleet.enable(gateway);
      });
  world_.trace.line("admin", "enables a gateway");
  if (answer && *answer) return;
  world_.scheduler.after(5 * kSecond, [this, gateway] { enable_gateway(gateway); });
}

}  // namespace berth::sim
