#include "coordinator/sync/intake.hpp"

#include <algorithm>
#include <utility>

#include "coordinator/sync/scope.hpp"
#include "shared/base/encoding.hpp"
#include "shared/protocol/sync/record_codec.hpp"
#include "shared/store/index_terms.hpp"

namespace berth::coordinator {
namespace {

constexpr std::chrono::hours kSupersedeWindow{1};

template <class T>
Result<std::optional<T>> read(const store::Reader& reader, const domain::IdScope& tenant,
                              store::Table table, const std::string& id) {
  auto record = reader.read(tenant, table, id);
  if (!record) return record.error();
  if (!*record) return std::optional<T>{};
  auto decoded = sync::decode<T>((*record)->body);
  if (!decoded) return decoded.error();
  return std::optional<T>(std::move(*decoded));
}

store::Change put(store::Table table, std::string id, Bytes body) {
  store::Change change;
  change.table = table;
  change.id = std::move(id);
  change.body = std::move(body);
  return change;
}

bool same_place(const domain::Registration& a, const domain::Registration& b) {
  return a.hub_id == b.hub_id && a.device_id == b.device_id;
}

domain::SupersededAssignment side_of(const domain::Registration& registration) {
  return {registration.gateway_id, registration.hub_id, registration.assigned_hub,
          registration.device_id, registration.arrival};
}

// Of two equal arrivals every coordinator must choose alike.
bool is_newer(const domain::Registration& a, const domain::Registration& b) {
  if (a.arrival != b.arrival) return a.arrival > b.arrival;
  return a.gateway_id > b.gateway_id;
}

}  // namespace

struct Intake::Batch {
  struct Standing {
    std::optional<domain::Registration> registration;
    std::uint64_t version = 0;  // stored; 0: absent
    bool is_dirty = false;
  };
  using Key = std::pair<domain::IdScope, std::string>;

  const domain::Gateway& gateway;
  const Contact& contact;
  const std::optional<Contact>& previous;
  WallTime now;
  std::map<Key, Standing> standing = {};
  std::map<domain::IdScope, std::vector<store::Change>> changes = {};

  Result<Standing*> stand(const store::Reader& reader, const domain::OutboxEntry& entry) {
    const auto& id = entry.registration.registration_id.folded();
    auto [found, is_new] = standing.try_emplace(Key{entry.id_scope, id});
    if (is_new) {
      auto record = reader.read(entry.id_scope, store::Table::registration, id);
      if (!record) return record.error();
      if (*record) {
        auto registration = sync::decode<domain::Registration>((*record)->body);
        if (!registration) return registration.error();
        found->second = {std::move(*registration), (*record)->version, false};
      }
    }
    return &found->second;
  }

  // When the request arrived by our clock. A stamp that no contact can vouch for is believed, but
  // not from the future. Whether one does.
  bool retime(domain::Registration& registration, const domain::BootMoment& moment) const {
    bool is_vouched_for = false;
    for (const auto* known : {&contact, previous ? &*previous : nullptr}) {
      if (known == nullptr || moment.boot_id.empty() || moment.boot_id != known->gateway.boot_id) {
        continue;
      }
      registration.arrival = known->ours + (moment.since_boot - known->gateway.since_boot);
      is_vouched_for = true;
      break;
    }
    if (registration.arrival > now + kMaxSkew) {
      registration.arrival = now;
      registration.arrival_clamped = true;
    }
    return is_vouched_for;
  }

  // The identity that lost its place goes from its hub.
  void clean_up(const domain::IdScope& tenant, const domain::Registration& loser) {
    domain::CleanupTask task;
    task.hub_id = loser.hub_id;
    task.device_id = loser.device_id;
    task.registration_id = loser.registration_id;
    task.hub_etag = loser.hub_etag;
    task.not_before = now + kConflictGrace;
    changes[tenant].push_back(put(store::Table::cleanup,
                                  loser.hub_id.str() + "/" + loser.device_id.str(),
                                  sync::encode(task)));
  }
};

std::string watermark_id(const domain::GatewayId& gateway, const std::string& incarnation) {
  return gateway.str() + "/" + incarnation;
}

Result<Intake::Outcome> Intake::take(const domain::Gateway& gateway, const Contact& contact,
                                     const std::optional<Contact>& previous,
                                     const sync::OutboxEntries& entries) {
  auto mark = watermark(gateway.gateway_id, entries.incarnation);
  if (!mark) return mark.error();
  domain::OutboxWatermark next = *mark ? **mark : domain::OutboxWatermark{};
  next.gateway_id = gateway.gateway_id;
  next.incarnation = entries.incarnation;
  next.contact_moment = contact.gateway;
  next.contact = contact.ours;

  Batch batch{gateway, contact, previous, clock_.wall()};
  Outcome outcome;
  store::ChangeSet node;
  node.tenant = store::kNode;
  for (const auto& entry : entries.entries) {
    if (entry.sequence <= next.sequence) {
      auto missing = is_missing(entry, batch);
      if (!missing) return missing.error();
      if (!*missing) {
        // Taken before; its acknowledgement was lost. What stands now is told once more.
        outcome.taken.push_back({entry.sequence, entry.id_scope, std::nullopt, {}, true});
        continue;
      }
    }
    auto taken = apply(entry, batch);
    if (!taken) return taken.error();
    if (!taken->quarantine_reason.empty()) {
      domain::QuarantinedOutcome kept;
      kept.gateway_id = gateway.gateway_id;
      kept.incarnation = entries.incarnation;
      kept.entry = entry;
      kept.received = batch.now;
      kept.reason = taken->quarantine_reason;
      domain::AuditNote note;
      note.tenant = entry.id_scope;
      note.kind = "quarantined";
      note.add("gatewayId", gateway.gateway_id.str());
      note.add("registrationId", entry.registration.registration_id.str());
      note.add("reason", kept.reason).add("trackingId", entry.tracking_id);
      node.notes.push_back(std::move(note));
      node.changes.push_back(put(store::Table::quarantined_outcome,
                                 watermark_id(gateway.gateway_id, entries.incarnation) + "/" +
                                     std::to_string(entry.sequence),
                                 sync::encode(kept)));
    }
    next.sequence = std::max(next.sequence, entry.sequence);
    outcome.taken.push_back(std::move(*taken));
  }

  // Who is told of a registration goes on being told of it: what a gateway holds, it trusts to be
  // current (design section 3.4).
  for (const auto& [key, standing] : batch.standing) {
    if (!standing.registration) continue;
    batch.changes[key.first].push_back(
        interest_change(gateway.gateway_id, standing.registration->registration_id, batch.now));
  }
  std::vector<store::ChangeSet> sets;
  for (auto& [tenant, changes] : batch.changes) {
    auto& set = sets.emplace_back();
    set.tenant = tenant;
    set.changes = std::move(changes);
  }
  for (auto& [key, standing] : batch.standing) {
    if (!standing.is_dirty) continue;
    auto set = std::find_if(sets.begin(), sets.end(),
                            [&key = key](const auto& known) { return known.tenant == key.first; });
    if (set == sets.end()) {
      set = sets.emplace(sets.end());
      set->tenant = key.first;
    }
    store::Change change =
        put(store::Table::registration, key.second, sync::encode(*standing.registration));
    change.expected_version = standing.version;
    change.version = ++standing.version;
    change.terms = store::terms_of(*standing.registration);
    // By its host name too: a hub that is linked again has another ID and the same devices.
    change.terms.push_back(store::hub_term(standing.registration->assigned_hub));
    set->changes.push_back(std::move(change));
    if (std::find(outcome.changed.begin(), outcome.changed.end(), key.first) ==
        outcome.changed.end()) {
      outcome.changed.push_back(key.first);
    }
  }
  node.changes.push_back(put(store::Table::outbox_watermark,
                             watermark_id(gateway.gateway_id, entries.incarnation),
                             sync::encode(next)));
  // Sets fail one by one: the watermark must not pass what another set failed to write.
  node.check = [&batch](const store::Reader& reader) -> Result<void> {
    for (const auto& [key, standing] : batch.standing) {
      if (!standing.is_dirty) continue;
      auto record = reader.read(key.first, store::Table::registration, key.second);
      if (!record) return record.error();
      if (!*record || (*record)->version != standing.version) {
        return Error{Errc::conflict, "an outcome was not written"};
      }
    }
    return {};
  };
  sets.push_back(std::move(node));
  auto committed = store_.commit(sets);
  if (!committed) return committed.error();
  for (const auto& set : *committed) {
    if (!set) return set.error();
  }

  for (auto& taken : outcome.taken) {
    const auto& entry =
        *std::find_if(entries.entries.begin(), entries.entries.end(),
                      [&taken](const auto& sent) { return sent.sequence == taken.sequence; });
    const auto& id = entry.registration.registration_id.folded();
    const auto standing = batch.standing.find({taken.tenant, id});
    if (!taken.quarantine_reason.empty() || standing == batch.standing.end()) continue;
    if (standing->second.registration) {
      taken.registration = {store::Table::registration, id, standing->second.version,
                            sync::encode(*standing->second.registration)};
      continue;
    }
    // Nothing stands here: only an admin's deletion says that nothing shall stand there either.
    auto tombstone = store_.read(taken.tenant, store::Table::registration_tombstone, id);
    if (!tombstone) return tombstone.error();
    if (*tombstone) taken.registration = {store::Table::registration, id, 0, std::nullopt};
  }
  return outcome;
}

Result<bool> Intake::is_missing(const domain::OutboxEntry& entry, Batch& batch) const {
  const auto& tenants = batch.gateway.tenants;
  if (std::find(tenants.begin(), tenants.end(), entry.id_scope) == tenants.end()) return false;
  auto standing = batch.stand(store_, entry);
  if (!standing) return standing.error();
  if (entry.kind != domain::OutboxEntry::Kind::assigned || (*standing)->registration) return false;
  auto tombstone = store_.read(entry.id_scope, store::Table::registration_tombstone,
                               entry.registration.registration_id.folded());
  if (!tombstone) return tombstone.error();
  return !*tombstone;
}

Result<Intake::Taken> Intake::apply(const domain::OutboxEntry& entry, Batch& batch) {
  auto objects = objection(entry, batch.gateway);
  if (!objects) return objects.error();
  if (!objects->empty()) {
    return Taken{entry.sequence, entry.id_scope, std::nullopt, std::move(*objects)};
  }
  switch (entry.kind) {
    case domain::OutboxEntry::Kind::assigned: return apply_assignment(entry, batch);
    case domain::OutboxEntry::Kind::failed_attempt: return apply_attempt(entry, batch);
  }
  return Error{Errc::internal, "an outcome of no kind"};
}

Result<Intake::Taken> Intake::apply_assignment(const domain::OutboxEntry& entry, Batch& batch) {
  Taken taken{entry.sequence, entry.id_scope, std::nullopt, {}};
  auto standing = batch.stand(store_, entry);
  if (!standing) return standing.error();
  auto& present = **standing;
  const auto& id = entry.registration.registration_id;
  auto incoming = entry.registration;
  incoming.gateway_id = batch.gateway.gateway_id;
  const bool is_vouched_for = batch.retime(incoming, entry.arrival_moment);

  auto tombstone = read<domain::RegistrationTombstone>(
      store_, entry.id_scope, store::Table::registration_tombstone, id.folded());
  if (!tombstone) return tombstone.error();
  auto& changes = batch.changes[entry.id_scope];
  if (*tombstone) {
    if (incoming.arrival <= (*tombstone)->deleted) {
      if (is_vouched_for) return taken;
      // Only the gateway's own clock says that it came before, and that may have been set back. The
      // device was told, and its identity is in the hub: that is not forgotten.
      incoming.arrival = (*tombstone)->deleted;
      incoming.arrival_clamped = true;
    }
    store::Change forget;
    forget.kind = store::Change::Kind::erase;
    forget.table = store::Table::registration_tombstone;
    forget.id = id.folded();
    changes.push_back(std::move(forget));
  }

  incoming.updated = batch.now;
  const bool was_assigned =
      present.registration && present.registration->status == domain::RegistrationStatus::assigned;
  if (!was_assigned) {
    incoming.created = present.registration ? present.registration->created : batch.now;
    // What it was refused with before gives way: a device is in one of the two tables.
    store::Change refusal;
    refusal.kind = store::Change::Kind::erase;
    refusal.table = store::Table::last_attempt;
    refusal.id = id.folded();
    changes.push_back(std::move(refusal));
    present.registration = std::move(incoming);
    present.is_dirty = true;
    taken.is_placed = true;
    return taken;
  }

  auto& current = *present.registration;
  const bool is_ours = current.gateway_id == incoming.gateway_id;
  if (is_ours && current.arrival == incoming.arrival && same_place(current, incoming)) return taken;
  // A gateway that knew of an assignment moves the device by another substatus.
  const bool decided_apart =
      !is_ours && incoming.substatus == domain::RegistrationSubstatus::initial_assignment;
  // A gateway's outcomes come in the order in which it decided, whatever its clock said.
  if (is_ours && incoming.arrival < current.arrival) {
    incoming.arrival = current.arrival;
    incoming.arrival_clamped = true;
  }
  if (is_ours || is_newer(incoming, current)) {
    if (!is_ours && !may_supersede(batch.gateway.gateway_id)) {
      taken.quarantine_reason =
          "the gateway supersedes more assignments in an hour than a gateway may";
      return taken;
    }
    incoming.created = current.created;
    if (current.last_attempt && current.last_attempt->at > incoming.arrival) {
      incoming.last_attempt = current.last_attempt;
    }
    if (decided_apart) incoming.superseded = side_of(current);
    taken.is_placed = !same_place(current, incoming);
    // Another gateway may have moved the device from an older place than this one.
    if (!is_ours && taken.is_placed) batch.clean_up(entry.id_scope, current);
    current = std::move(incoming);
    present.is_dirty = true;
    return taken;
  }
  // The older side: it is kept in sight, and what it wrote goes.
  current.superseded = side_of(incoming);
  current.updated = batch.now;
  present.is_dirty = true;
  if (!same_place(current, incoming)) batch.clean_up(entry.id_scope, incoming);
  return taken;
}

Result<Intake::Taken> Intake::apply_attempt(const domain::OutboxEntry& entry, Batch& batch) {
  Taken taken{entry.sequence, entry.id_scope, std::nullopt, {}};
  const auto& attempt = entry.registration.last_attempt;
  if (!attempt) {
    taken.quarantine_reason = "a failed attempt that does not say what failed";
    return taken;
  }
  auto standing = batch.stand(store_, entry);
  if (!standing) return standing.error();
  auto& present = **standing;
  if (present.registration) {
    auto& last = present.registration->last_attempt;
    if (!last || last->at < attempt->at) {
      last = attempt;
      present.is_dirty = true;
    }
    return taken;
  }
  // Whoever reaches a gateway may try IDs that nobody enrolled: these are not kept.
  if (entry.registration.enrollment.id.empty()) return taken;
  const domain::LastAttempt refused{entry.registration.registration_id, *attempt,
                                    entry.registration.enrollment};
  store::Change change =
      put(store::Table::last_attempt, refused.registration_id.folded(), sync::encode(refused));
  change.terms = store::terms_of(refused);
  batch.changes[entry.id_scope].push_back(std::move(change));
  return taken;
}

Result<std::string> Intake::objection(const domain::OutboxEntry& entry,
                                      const domain::Gateway& gateway) const {
  if (std::find(gateway.tenants.begin(), gateway.tenants.end(), entry.id_scope) ==
      gateway.tenants.end()) {
    return std::string("the gateway does not serve this tenant");
  }
  const auto& ref = entry.registration.enrollment;
  // A refusal may be of a device that no enrollment answers for.
  if (entry.kind == domain::OutboxEntry::Kind::failed_attempt && ref.id.empty()) {
    return std::string();
  }
  domain::Provisioning provisioning;
  if (ref.is_group) {
    auto group = read<domain::EnrollmentGroup>(store_, entry.id_scope,
                                               store::Table::enrollment_group, to_lower(ref.id));
    if (!group) return group.error();
    if (!*group) return "there is no enrollment group " + ref.id;
    provisioning = std::move((*group)->provisioning);
  } else {
    auto individual = read<domain::IndividualEnrollment>(
        store_, entry.id_scope, store::Table::individual_enrollment, to_lower(ref.id));
    if (!individual) return individual.error();
    if (!*individual) return "there is no individual enrollment " + ref.id;
    provisioning = std::move((*individual)->provisioning);
  }
  // A disabled individual blocks everywhere, so any gateway may tell of its refusals.
  if (entry.kind == domain::OutboxEntry::Kind::assigned && !may_serve(provisioning, gateway.site)) {
    return "the enrollment " + ref.id + " is not for site " + gateway.site.str();
  }
  if (entry.kind == domain::OutboxEntry::Kind::assigned) {
    auto hub = read<domain::LinkedHub>(store_, entry.id_scope, store::Table::linked_hub,
                                       entry.registration.hub_id.str());
    if (!hub) return hub.error();
    if (!*hub) return "no linked hub is " + entry.registration.assigned_hub;
  }
  return std::string();
}

bool Intake::may_supersede(const domain::GatewayId& gateway) {
  auto& times = superseded_[gateway];
  const WallTime now = clock_.wall();
  while (!times.empty() && times.front() + kSupersedeWindow <= now) times.pop_front();
  if (times.size() >= kMaxSupersededPerHour) return false;
  times.push_back(now);
  return true;
}

Result<std::optional<domain::OutboxWatermark>> Intake::watermark(
    const domain::GatewayId& gateway, const std::string& incarnation) const {
  return read<domain::OutboxWatermark>(store_, store::kNode, store::Table::outbox_watermark,
                                       watermark_id(gateway, incarnation));
}

Result<bool> Intake::knows_another(const domain::GatewayId& gateway,
                                   const std::string& incarnation) const {
  std::string continuation;
  do {
    auto page =
        store_.list(store::kNode, store::Table::outbox_watermark, continuation, store::kMaxPage);
    if (!page) return page.error();
    for (const auto& record : page->records) {
      if (record.id.starts_with(gateway.str() + "/") &&
          record.id != watermark_id(gateway, incarnation)) {
        return true;
      }
    }
    continuation = page->continuation;
  } while (!continuation.empty());
  return false;
}

Result<void> Intake::remember(const domain::GatewayId& gateway, const std::string& incarnation,
                              const Contact& contact) {
  auto mark = watermark(gateway, incarnation);
  if (!mark) return mark.error();
  domain::OutboxWatermark next = *mark ? **mark : domain::OutboxWatermark{};
  next.gateway_id = gateway;
  next.incarnation = incarnation;
  next.contact_moment = contact.gateway;
  next.contact = contact.ours;
  store::ChangeSet set;
  set.tenant = store::kNode;
  set.changes.push_back(
      put(store::Table::outbox_watermark, watermark_id(gateway, incarnation), sync::encode(next)));
  auto committed = store::commit_one(store_, std::move(set));
  if (!committed) return committed.error();
  return {};
}

}  // namespace berth::coordinator
