#include "tools/sim/oracle.hpp"

#include <algorithm>
#include <variant>

#include "coordinator/sync/scope.hpp"
#include "gateway/core/cache/applier.hpp"
#include "gateway/core/cache/permit.hpp"
#include "shared/base/encoding.hpp"
#include "shared/domain/attestation/symmetric_key.hpp"
#include "shared/protocol/hub/connector.hpp"
#include "shared/protocol/sync/record_codec.hpp"
#include "tools/sim/must.hpp"

namespace berth::sim {
namespace {

// Between a request that a device sent and its arrival by the clocks that order conflicts.
constexpr SimTime kArrivalTolerance{30'000'000};
// How exact a gateway knows the time after its last contact.
constexpr std::chrono::seconds kPermitTolerance{2};

std::string shown(store::Table table, const std::string& id) {
  return std::string(store::name_of(table)) + " " + id;
}

domain::Provisioning provisioning_of(const store::Record& record) {
  if (record.table == store::Table::enrollment_group) {
    return must(sync::decode<domain::EnrollmentGroup>(record.body)).provisioning;
  }
  return must(sync::decode<domain::IndividualEnrollment>(record.body)).provisioning;
}

std::string described(const store::Record& record) {
  const auto registration = must(sync::decode<domain::Registration>(record.body));
  return "version " + std::to_string(record.version) + " (" + registration.assigned_hub +
         ", arrived " + to_iso8601(registration.arrival) + ", updated " +
         to_iso8601(registration.updated) +
         (registration.last_attempt ? ", last attempt " + to_iso8601(registration.last_attempt->at)
                                    : std::string()) +
         ")";
}

std::vector<store::Record> all_of(const store::RecordStore& store, const domain::IdScope& tenant,
                                  store::Table table) {
  std::vector<store::Record> records;
  std::string continuation;
  do {
    auto page = must(store.list(tenant, table, continuation, store::kMaxPage));
    for (auto& record : page.records) records.push_back(std::move(record));
    continuation = page.continuation;
  } while (!continuation.empty());
  return records;
}

}  // namespace

// ---- What was where ----

const store::Record* Oracle::record_at(store::Table table, const std::string& id,
                                       std::uint64_t sequence) const {
  const store::Record* record = nullptr;
  for (const store::LogEntry& entry : coordinator_.history()) {
    if (entry.sequence > sequence) break;
    if (entry.table == table && entry.id == id) record = entry.after ? &*entry.after : nullptr;
  }
  return record;
}

Oracle::Records Oracle::in_scope_at(const SimGateway& gateway, std::uint64_t sequence) const {
  std::map<RecordKey, const store::Record*> all;
  for (const store::LogEntry& entry : coordinator_.history()) {
    if (entry.sequence > sequence) break;
    if (entry.table == store::Table::registration) continue;
    all[{entry.table, entry.id}] = entry.after ? &*entry.after : nullptr;
  }
  const coordinator::Scope scope(gateway.site(), world_.crypto);
  Records seen;
  for (const auto& [key, record] : all) {
    if (record == nullptr) continue;
    auto view = must(scope.view(*record));
    if (!view) continue;
    seen[{view->table, view->id}] = {view->table, view->id, view->version, 0,
                                     std::move(*view->body)};
  }
  return seen;
}

Oracle::Records Oracle::held_by(const SimGateway& gateway) const {
  Records held;
  for (const auto table :
       {store::Table::individual_enrollment, store::Table::enrollment_group,
        store::Table::linked_hub, store::Table::tenant_settings, store::Table::refusal_stub}) {
    for (auto& record : all_of(gateway.store().disk(), coordinator_.tenant(), table)) {
      held[{record.table, record.id}] = std::move(record);
    }
  }
  return held;
}

std::map<std::string, domain::Registration> Oracle::registrations() const {
  std::map<std::string, domain::Registration> all;
  for (const auto& record :
       all_of(coordinator_.store().disk(), coordinator_.tenant(), store::Table::registration)) {
    all.emplace(record.id, must(sync::decode<domain::Registration>(record.body)));
  }
  return all;
}

bool Oracle::is_linked(const domain::HubId& hub) const {
  const auto& disk = coordinator_.store().disk();
  return must(disk.read(coordinator_.tenant(), store::Table::linked_hub, hub.str())).has_value();
}

bool Oracle::is_quarantined(const std::string& device) const {
  for (const auto& record :
       all_of(coordinator_.store().disk(), store::kNode, store::Table::quarantined_outcome)) {
    const auto kept = must(sync::decode<domain::QuarantinedOutcome>(record.body));
    if (kept.entry.kind == domain::OutboxEntry::Kind::assigned &&
        kept.entry.registration.registration_id.folded() == device) {
      return true;
    }
  }
  return false;
}

// ---- As it happens ----

void Oracle::told(const std::string& device, const Told& told) {
  told_[device] = told;
}

void Oracle::deleting(const std::string& device) {
  deleted_[device] = world_.scheduler.now();
  // DPS deletes no identity with a registration; what stands on hubs is the admin's.
  for (const auto& hub : hubs_) released_.emplace(hub->link().host_name, device);
}

void Oracle::ended(const SimGateway& gateway, const domain::OutboxEntry& entry) {
  if (entry.kind != domain::OutboxEntry::Kind::assigned) return;
  const domain::Registration& registration = entry.registration;
  const auto& attempts = registration.decision.attempts;
  if (attempts.empty() || attempts.back().host_name != registration.assigned_hub) {
    world_.fail(gateway.name() + " assigned " + registration.registration_id.str() + " to " +
                registration.assigned_hub + ", which is not the last hub that it tried");
  }
}

void Oracle::check_chosen(const SimGateway& gateway, const domain::Intent& intent) {
  if (intent.decision.policy != domain::AllocationPolicy::custom || intent.hub_id.empty()) return;
  const auto [chosen, is_new] = chosen_.emplace(intent.api.operation_id, intent.hub_id);
  if (!is_new && chosen->second != intent.hub_id) {
    world_.fail(gateway.name() + " has another hub for " + intent.registration_id.str() +
                " than the webhook chose for the same registration");
  }
}

// Invariant 4.
void Oracle::accepted(const SimGateway& gateway, const domain::Intent& intent) {
  accepted_.emplace(intent.registration_id.folded(), gateway.id(), intent.enrollment.version);
  check_chosen(gateway, intent);
  const auto& disk = gateway.store().disk();
  const auto& tenant = coordinator_.tenant();
  const auto cursor = must(gateway::read_cursor(disk, tenant));
  const std::string who = gateway.name() + " accepted " + intent.registration_id.str();
  const store::Table table = intent.enrollment.is_group ? store::Table::enrollment_group
                                                        : store::Table::individual_enrollment;
  if (cursor.snapshot_in_progress == 0) {
    const store::Record* record = record_at(table, to_lower(intent.enrollment.id), cursor.sequence);
    if (record == nullptr) {
      return world_.fail("invariant 4: " + who + " on an enrollment that was deleted before");
    }
    if (record->version != intent.enrollment.version) {
      return world_.fail("invariant 4: " + who + " on enrollment version " +
                         std::to_string(intent.enrollment.version) + " where " +
                         std::to_string(record->version) + " stands at its cursor");
    }
    if (provisioning_of(*record).status != domain::ProvisioningStatus::enabled) {
      return world_.fail("invariant 4: " + who + " on a disabled enrollment");
    }
  }
  const auto record = must(disk.read(tenant, store::Table::permit, gateway::kPermitId));
  if (!record) return world_.fail("invariant 4: " + who + " without a permit");
  const auto permit = must(
      sync::decode<domain::Permit>(must(sync::decode<domain::SignedPermit>(record->body)).body));
  const bool may_outlive =
      !intent.is_new_device && permit.returning_after_expiry == domain::ReturningDeviceRule::serve;
  if (may_outlive) return;
  WallTime now = gateway.trusted_now();
  if (!set_clocks_.contains(gateway.index())) {
    now = std::max<WallTime>(now, kBeginning + world_.scheduler.now() - kPermitTolerance);
  }
  if (now > permit.expiry) world_.fail("invariant 4: " + who + " past its permit");
}

void Oracle::change_begins(store::Table table, const std::string& id) {
  acknowledged_[{table, id}].is_unclear = true;
}

void Oracle::change_acknowledged(store::Table table, const std::string& id) {
  const auto record = must(coordinator_.store().disk().read(coordinator_.tenant(), table, id));
  Acknowledged& known = acknowledged_[{table, id}];
  known.is_unclear = false;
  known.record.reset();
  if (record) known.record = {record->version, record->body};
}

void Oracle::change_unclear(store::Table table, const std::string& id) {
  acknowledged_[{table, id}].is_unclear = true;
}

// ---- At any time ----

// Invariant 5.
void Oracle::check_acknowledged() {
  for (const auto& [key, known] : acknowledged_) {
    if (known.is_unclear) continue;
    const auto record =
        must(coordinator_.store().disk().read(coordinator_.tenant(), key.first, key.second));
    const std::string what = shown(key.first, key.second);
    if (record.has_value() != known.record.has_value()) {
      return world_.fail("invariant 5: " + what +
                         (record ? " is back after its deletion was acknowledged"
                                 : " is gone after it was acknowledged"));
    }
    if (record &&
        (record->version != known.record->first || record->body != known.record->second)) {
      return world_.fail("invariant 5: " + what + " is not what was acknowledged");
    }
  }
}

// Invariant 3, but for registrations, of which a gateway may know better than its cursor.
void Oracle::check_copies() {
  for (const auto& gateway : gateways_) check_copy(*gateway);
}

void Oracle::check_copy(const SimGateway& gateway) {
  const auto cursor = must(gateway::read_cursor(gateway.store().disk(), coordinator_.tenant()));
  if (cursor.incarnation.empty() || cursor.snapshot_in_progress != 0) return;
  const Records wanted = in_scope_at(gateway, cursor.sequence);
  const Records held = held_by(gateway);
  const std::string where =
      "invariant 3: " + gateway.name() + " at " + std::to_string(cursor.sequence);
  for (const auto& [key, record] : wanted) {
    const auto found = held.find(key);
    if (found == held.end()) return world_.fail(where + " lacks " + shown(key.first, key.second));
    if (found->second.version != record.version || found->second.body != record.body) {
      return world_.fail(where + " holds another version of " + shown(key.first, key.second));
    }
  }
  for (const auto& [key, record] : held) {
    if (!wanted.contains(key)) {
      return world_.fail(where + " holds " + shown(key.first, key.second) +
                         ", which is not in its scope");
    }
  }
}

// ---- Once it is quiet ----

// Invariant 1.
void Oracle::check_told() {
  const auto all = registrations();
  for (const auto& [device, told] : told_) {
    const auto deleted = deleted_.find(device);
    if (deleted != deleted_.end() && told.asked < deleted->second + kArrivalTolerance) continue;
    const auto found = all.find(device);
    const bool is_known =
        found != all.end() && found->second.status == domain::RegistrationStatus::assigned;
    if (is_known || is_quarantined(device)) continue;
    return world_.fail("invariant 1: " + device + " was told " + told.hub + " at " +
                       std::to_string(told.told.count() / 1'000'000) +
                       " s, and the coordinator knows nothing of it");
  }
}

bool Oracle::may_register(store::Table table, const std::string& id) const {
  const auto record = must(coordinator_.store().disk().read(coordinator_.tenant(), table, id));
  return record && provisioning_of(*record).status == domain::ProvisioningStatus::enabled;
}

void Oracle::check_quiet(const std::vector<std::unique_ptr<SimDevice>>& devices) {
  check_acknowledged();
  const auto head = must(coordinator_.store().disk().head(coordinator_.tenant()));
  for (const auto& gateway : gateways_) {
    const auto cursor = must(gateway::read_cursor(gateway->store().disk(), coordinator_.tenant()));
    if (!gateway->is_linked()) return world_.fail(gateway->name() + " is not linked");
    if (cursor.sequence != head) {
      return world_.fail(gateway->name() + " stays at " + std::to_string(cursor.sequence) +
                         " where the head is " + std::to_string(head));
    }
    check_copy(*gateway);
    check_registrations(*gateway);
    if (const std::string left = gateway->unfinished(); !left.empty()) {
      return world_.fail(gateway->name() + " never finished: " + left);
    }
  }
  const auto all = registrations();
  for (const auto& device : devices) {
    if (!device->has_settled()) continue;
    const auto found = all.find(device->id());
    if (found == all.end()) {
      if (is_quarantined(device->id())) continue;
      return world_.fail("invariant 1: " + device->id() + " settled, and has no registration");
    }
    if (found->second.assigned_hub != device->told()->hub) {
      return world_.fail("invariant 1: " + device->id() + " was told " + device->told()->hub +
                         " and its registration names " + found->second.assigned_hub);
    }
  }
  check_identities();
}

// Registrations that a gateway asked for or reported are the coordinator's.
void Oracle::check_registrations(const SimGateway& gateway) {
  const auto& tenant = coordinator_.tenant();
  const auto& truth = coordinator_.store().disk();
  for (const auto& held : all_of(gateway.store().disk(), tenant, store::Table::registration)) {
    const auto record = must(truth.read(tenant, store::Table::registration, held.id));
    if (!record) {
      if (is_quarantined(held.id)) continue;
      return world_.fail("invariant 3: " + gateway.name() + " holds a registration of " + held.id +
                         ", the coordinator none");
    }
    if (record->version != held.version || record->body != held.body) {
      if (is_quarantined(held.id)) continue;
      return world_.fail("invariant 3: " + gateway.name() + " holds another registration of " +
                         held.id + " than the coordinator: " + described(held) + " for " +
                         described(*record));
    }
  }
  for (const auto& record : all_of(truth, tenant, store::Table::registration)) {
    const auto interest = must(truth.read(tenant, store::Table::registration_interest,
                                          coordinator::interest_id(gateway.id(), record.id)));
    const auto held =
        must(gateway.store().disk().read(tenant, store::Table::registration, record.id));
    if (interest && !held) {
      return world_.fail("invariant 3: " + gateway.name() + " lacks the registration of " +
                         record.id);
    }
  }
}

// Invariant 2.
void Oracle::check_identities() {
  const auto all = registrations();
  const std::string marker = hub::ownership_marker(coordinator_.id());
  std::set<std::string> found;
  for (const auto& hub : hubs_) {
    const std::string& host = hub->link().host_name;
    if (!is_linked(hub->link().hub_id)) continue;
    for (const auto& identity : hub->devices()) {
      if (identity.status_reason != marker) continue;
      const std::string device = to_lower(identity.id);
      const auto known = all.find(device);
      // An admin has the last word on it, and has not spoken.
      if (is_quarantined(device)) continue;
      const bool names_it = known != all.end() && known->second.assigned_hub == host;
      if (!names_it) {
        if (released_.contains({host, device})) continue;
        return world_.fail("invariant 2: " + device + " exists on " + host + ", " +
                           (known == all.end()
                                ? "without a registration"
                                : "where its registration names " + known->second.assigned_hub));
      }
      found.insert(device);
      if (!identity.enabled) {
        return world_.fail("invariant 2: " + device + " is disabled on its hub " + host);
      }
      check_credential(known->second, identity);
    }
  }
  for (const auto& [device, registration] : all) {
    if (registration.status != domain::RegistrationStatus::assigned || found.contains(device) ||
        !is_linked(registration.hub_id) || is_quarantined(device)) {
      continue;
    }
    return world_.fail("invariant 2: " + device + " does not exist on " +
                       registration.assigned_hub + ", which its registration names");
  }
}

void Oracle::check_credential(const domain::Registration& registration,
                              const hub_server::Device& identity) {
  const domain::EnrollmentRef& ref = registration.enrollment;
  const store::Table table =
      ref.is_group ? store::Table::enrollment_group : store::Table::individual_enrollment;
  // Another gateway, which had not heard of a later version, may have written after this one.
  const auto was_accepted_elsewhere = [&](std::uint64_t version) {
    return std::any_of(gateways_.begin(), gateways_.end(), [&](const auto& gateway) {
      return gateway->id() != registration.gateway_id &&
             accepted_.contains({registration.registration_id.folded(), gateway->id(), version});
    });
  };
  // An ID may have been deleted and made again, with versions that begin anew.
  bool fits = false;
  for (const store::LogEntry& entry : coordinator_.history()) {
    if (entry.table != table || entry.id != to_lower(ref.id) || !entry.after) continue;
    const std::uint64_t version = entry.after->version;
    if (version < ref.version && !was_accepted_elsewhere(version)) continue;
    domain::SymmetricKeyAttestation keys;
    if (ref.is_group) {
      const auto group = must(sync::decode<domain::EnrollmentGroup>(entry.after->body));
      keys =
          domain::derive_device_keys(std::get<domain::SymmetricKeyAttestation>(group.attestation),
                                     registration.registration_id.str(), world_.crypto);
    } else {
      const auto individual = must(sync::decode<domain::IndividualEnrollment>(entry.after->body));
      keys = std::get<domain::SymmetricKeyAttestation>(individual.attestation);
    }
    fits = fits || (identity.authentication.primary_key == to_base64(keys.primary.reveal()) &&
                    identity.authentication.secondary_key == to_base64(keys.secondary.reveal()));
  }
  if (!fits) {
    world_.fail("invariant 2: " + registration.registration_id.str() +
                " has another credential on its hub than its enrollment gives");
  }
}

}  // namespace berth::sim
