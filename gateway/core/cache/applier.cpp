#include "gateway/core/cache/applier.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "shared/base/encoding.hpp"
#include "shared/protocol/sync/record_codec.hpp"
#include "shared/store/index_terms.hpp"

namespace berth::gateway {
namespace {

constexpr std::array kSwept = {store::Table::individual_enrollment,
                               store::Table::enrollment_group,
                               store::Table::linked_hub,
                               store::Table::tenant_settings,
                               store::Table::refusal_stub,
                               store::Table::ca_certificate,
                               store::Table::admitted_tpm,
                               store::Table::registration};

store::Change erase(store::Table table, const std::string& id) {
  store::Change change;
  change.kind = store::Change::Kind::erase;
  change.table = table;
  change.id = id;
  return change;
}

store::Change cursor_change(const domain::Cursor& cursor) {
  store::Change change;
  change.table = store::Table::cursor;
  change.id = kCursorId;
  change.body = sync::encode(cursor);
  return change;
}

vault::DigestElement element_of(ports::Crypto& crypto, const SecretBytes& key, store::Table table,
                                const std::string& id, std::uint64_t version, ByteView body) {
  return vault::digest_element(crypto, key.reveal(), static_cast<std::uint8_t>(table), id, version,
                               body);
}

// Whether an outcome of this registration, later than `after` in the outbox, waits for the
// coordinator.
Result<bool> has_outcome_on_the_way(const store::Reader& reader, const domain::IdScope& tenant,
                                    const std::string& registration, std::uint64_t after) {
  const store::IndexTerm term{store::Index::outbox_registration, registration};
  std::string continuation;
  do {
    auto page = reader.find(tenant, store::Table::outbox, term, continuation, store::kMaxPage);
    if (!page) return page.error();
    const std::string last = outbox_id(after);
    for (const auto& entry : page->records) {
      // Fixed width: the order of texts is the order of numbers.
      if (entry.id > last) return true;
    }
    continuation = page->continuation;
  } while (!continuation.empty());
  return false;
}

}  // namespace

Result<domain::Cursor> read_cursor(const store::Reader& reader, const domain::IdScope& tenant) {
  auto record = reader.read(tenant, store::Table::cursor, kCursorId);
  if (!record) return record.error();
  if (!*record) return domain::Cursor{};
  return sync::decode<domain::Cursor>((*record)->body);
}

sync::Position position_of(const domain::IdScope& tenant, const domain::Cursor& cursor) {
  sync::Position position;
  position.tenant = tenant;
  if (cursor.snapshot_in_progress != 0) return position;
  position.incarnation = cursor.incarnation;
  position.scope_version = cursor.scope_version;
  position.sequence = cursor.sequence;
  return position;
}

Result<store::ChangeSet> Applier::begin(const store::Reader& reader,
                                        const sync::SnapshotBegin& message) {
  auto cursor = read_cursor(reader, message.tenant);
  if (!cursor) return cursor.error();
  snapshots_[message.tenant] = Snapshot{message, {}};
  // The incarnation stays that of the last complete copy until this one is complete: by it, the
  // end knows whether the coordinator's store is another one.
  cursor->snapshot_in_progress = message.number;
  store::ChangeSet set;
  set.tenant = message.tenant;
  set.changes.push_back(cursor_change(*cursor));
  return set;
}

Result<store::ChangeSet> Applier::records(const store::Reader& reader,
                                          const sync::SnapshotRecords& message) {
  auto snapshot = this->snapshot(message.tenant, message.number);
  if (!snapshot) return snapshot.error();
  auto cursor = read_cursor(reader, message.tenant);
  if (!cursor) return cursor.error();
  const bool is_of_another_store =
      !cursor->incarnation.empty() && cursor->incarnation != (*snapshot)->begin.incarnation;
  store::ChangeSet set;
  set.tenant = message.tenant;
  for (const auto& record : message.records) {
    const std::uint64_t mark = mark_of(record.table, record.id);
    if (is_of_another_store && record.table == store::Table::registration) {
      auto outdated = is_outdated(reader, message.tenant, record);
      if (!outdated) return outdated.error();
      // Counts as missing: the sweep sends ours.
      if (*outdated) continue;
    }
    if (record.body) {
      (*snapshot)->seen.insert(mark);
    } else {
      (*snapshot)->seen.erase(mark);
    }
    if (record.table == store::Table::registration) {
      auto added = add_registration(reader, message.tenant, record, 0, set);
      if (!added) return added.error();
    } else {
      auto change = change_for(record);
      if (!change) return change.error();
      set.changes.push_back(std::move(*change));
    }
  }
  // Written again with every frame, so that frames are committed one after another.
  set.changes.push_back(cursor_change(*cursor));
  return set;
}

Result<Applier::Sweep> Applier::end(const store::Reader& reader, const sync::SnapshotEnd& message,
                                    const SweepPoint& from) {
  auto snapshot = this->snapshot(message.tenant, message.number);
  if (!snapshot) return snapshot.error();
  auto cursor = read_cursor(reader, message.tenant);
  if (!cursor) return cursor.error();
  const auto& begin = (*snapshot)->begin;

  Sweep sweep;
  sweep.set.tenant = message.tenant;
  SweepPoint point = from;
  auto page = reader.list(message.tenant, kSwept.at(point.table), point.continuation, kSweepPage);
  if (!page) return page.error();
  for (const auto& record : page->records) {
    auto swept = sweep_record(reader, **snapshot, record, point, sweep);
    if (!swept) return swept.error();
  }
  point.continuation = page->continuation;
  if (point.continuation.empty()) ++point.table;
  if (point.table < kSwept.size()) {
    sweep.next = std::move(point);
  } else {
    cursor->incarnation = begin.incarnation;
    cursor->scope_version = begin.scope_version;
    cursor->sequence = message.sequence;
    cursor->digest = point.digest.serialise();
    cursor->digest_key = begin.digest_key;
    cursor->snapshot_in_progress = 0;
  }
  sweep.set.changes.push_back(cursor_change(*cursor));
  return sweep;
}

Result<void> Applier::sweep_record(const store::Reader& reader, const Snapshot& snapshot,
                                   const store::Record& record, SweepPoint& point, Sweep& sweep) {
  const bool is_registration = record.table == store::Table::registration;
  if (snapshot.seen.contains(mark_of(record.table, record.id))) {
    if (!is_registration) {
      point.digest.add(element_of(crypto_, snapshot.begin.digest_key, record.table, record.id,
                                  record.version, record.body));
    }
    return {};
  }
  if (is_registration) {
    auto on_the_way = has_outcome_on_the_way(reader, sweep.set.tenant, record.id, 0);
    if (!on_the_way) return on_the_way.error();
    if (*on_the_way) return {};
    auto registration = sync::decode<domain::Registration>(record.body);
    if (!registration) return registration.error();
    // What this gateway decided and the coordinator does not have was deleted or lost, and the
    // coordinator knows which: a tombstone beats what is sent again, and the answer says so.
    if (registration->gateway_id == gateway_) {
      domain::OutboxEntry entry;
      entry.sequence = numbers_.next();
      entry.id_scope = sweep.set.tenant;
      entry.registration = std::move(*registration);
      sweep.queued.push_back(entry.sequence);
      sweep.set.changes.push_back(outbox_change(entry));
      return {};
    }
  }
  sweep.set.changes.push_back(erase(record.table, record.id));
  return {};
}

Result<bool> Applier::is_outdated(const store::Reader& reader, const domain::IdScope& tenant,
                                  const sync::RecordChange& record) const {
  if (!record.body) return false;
  auto held = reader.read(tenant, store::Table::registration, record.id);
  if (!held) return held.error();
  if (!*held) return false;
  auto ours = sync::decode<domain::Registration>((*held)->body);
  if (!ours) return ours.error();
  auto theirs = sync::decode<domain::Registration>(*record.body);
  if (!theirs) return theirs.error();
  return ours->gateway_id == gateway_ && ours->arrival > theirs->arrival;
}

Result<store::ChangeSet> Applier::changes(const store::Reader& reader,
                                          const sync::Changes& message) {
  auto cursor = read_cursor(reader, message.tenant);
  if (!cursor) return cursor.error();
  store::ChangeSet set;
  set.tenant = message.tenant;
  if (cursor->incarnation.empty() || cursor->snapshot_in_progress != 0) {
    return Error{Errc::conflict, "changes came for a copy that is not complete"};
  }
  if (message.to <= cursor->sequence) return set;
  if (message.from != cursor->sequence) {
    return Error{Errc::conflict, "changes from " + std::to_string(message.from) +
                                     " do not join the copy at " +
                                     std::to_string(cursor->sequence)};
  }
  snapshots_.erase(message.tenant);
  auto digest = vault::SetDigest::parse(cursor->digest);
  if (!digest) return Error{Errc::corrupt, "the cursor's digest has a wrong size"};

  // A record may change twice in one frame: the second time it stands as the first left it.
  struct Standing {
    std::uint64_t version = 0;
    std::optional<Bytes> body;
  };
  std::map<std::pair<store::Table, std::string>, Standing> standing;
  for (const auto& record : message.records) {
    if (record.table == store::Table::registration) {
      auto added = add_registration(reader, message.tenant, record, 0, set);
      if (!added) return added.error();
      continue;
    }
    auto [known, is_first] = standing.try_emplace({record.table, record.id});
    if (is_first) {
      auto before = reader.read(message.tenant, record.table, record.id);
      if (!before) return before.error();
      if (*before) known->second = {(*before)->version, std::move((*before)->body)};
    }
    if (known->second.body) {
      digest->remove(element_of(crypto_, cursor->digest_key, record.table, record.id,
                                known->second.version, *known->second.body));
    }
    if (record.body) {
      digest->add(element_of(crypto_, cursor->digest_key, record.table, record.id, record.version,
                             *record.body));
    }
    known->second = {record.version, record.body};
    auto change = change_for(record);
    if (!change) return change.error();
    set.changes.push_back(std::move(*change));
  }
  cursor->sequence = message.to;
  cursor->digest = digest->serialise();
  set.changes.push_back(cursor_change(*cursor));
  return set;
}

Result<store::ChangeSet> Applier::look_back(const store::Reader& reader,
                                            const sync::LookBackReply& message) {
  store::ChangeSet set;
  set.tenant = message.tenant;
  auto added = add_registration(reader, message.tenant, message.registration, 0, set);
  if (!added) return added.error();
  return set;
}

Result<std::vector<store::ChangeSet>> Applier::acknowledged(
    const store::Reader& reader, const sync::OutboxAck& message,
    const std::map<domain::IdScope, std::vector<std::uint64_t>>& entries) {
  std::vector<store::ChangeSet> sets;
  for (const auto& [tenant, sequences] : entries) {
    auto& set = sets.emplace_back();
    set.tenant = tenant;
    for (const std::uint64_t sequence : sequences) {
      set.changes.push_back(erase(store::Table::outbox, outbox_id(sequence)));
    }
    for (const auto& taken : message.records) {
      if (taken.tenant != tenant) continue;
      auto added = add_registration(reader, tenant, taken.registration, message.through, set);
      if (!added) return added.error();
    }
  }
  return sets;
}

Result<bool> Applier::agrees(const store::Reader& reader, const sync::DigestCheck& message) {
  auto cursor = read_cursor(reader, message.tenant);
  if (!cursor) return cursor.error();
  if (cursor->snapshot_in_progress != 0 || cursor->sequence != message.sequence) return true;
  // What the last snapshot needed while it was on its way.
  snapshots_.erase(message.tenant);
  return cursor->digest == message.digest;
}

Result<void> Applier::add_registration(const store::Reader& reader, const domain::IdScope& tenant,
                                       const sync::RecordChange& record, std::uint64_t after,
                                       store::ChangeSet& set) {
  if (record.table != store::Table::registration) {
    return Error{Errc::malformed, "the coordinator sent another record than a registration"};
  }
  // What came meanwhile counts as part of a snapshot that is on its way.
  const auto running = snapshots_.find(tenant);
  if (running != snapshots_.end() && record.body) {
    running->second.seen.insert(mark_of(record.table, record.id));
  }
  auto on_the_way = has_outcome_on_the_way(reader, tenant, record.id, after);
  if (!on_the_way) return on_the_way.error();
  if (*on_the_way) return {};
  auto change = change_for(record);
  if (!change) return change.error();
  set.changes.push_back(std::move(*change));
  return {};
}

Result<store::Change> Applier::change_for(const sync::RecordChange& record) {
  if (!record.body) return erase(record.table, record.id);
  store::Change change;
  change.table = record.table;
  change.id = record.id;
  change.version = record.version;
  change.body = *record.body;
  switch (record.table) {
    case store::Table::individual_enrollment: {
      auto enrollment = sync::decode<domain::IndividualEnrollment>(*record.body);
      if (!enrollment) return enrollment.error();
      change.terms = store::terms_of(*enrollment, crypto_);
      return change;
    }
    case store::Table::enrollment_group: {
      auto group = sync::decode<domain::EnrollmentGroup>(*record.body);
      if (!group) return group.error();
      change.terms = store::terms_of(*group, crypto_);
      return change;
    }
    case store::Table::registration: {
      auto registration = sync::decode<domain::Registration>(*record.body);
      if (!registration) return registration.error();
      change.terms = store::terms_of(*registration);
      return change;
    }
    case store::Table::refusal_stub: {
      auto stub = sync::decode<domain::RefusalStub>(*record.body);
      if (!stub) return stub.error();
      for (const auto& sha256 : {stub->certificate_sha256, stub->secondary_certificate_sha256}) {
        if (sha256.empty()) continue;
        change.terms.push_back({store::Index::certificate_thumbprint, to_upper_hex(sha256)});
      }
      if (!stub->endorsement_key_sha256.empty()) {
        change.terms.push_back(
            {store::Index::endorsement_key, to_hex(stub->endorsement_key_sha256)});
      }
      return change;
    }
    case store::Table::ca_certificate: {
      auto certificate = sync::decode<domain::CaCertificate>(*record.body);
      if (!certificate) return certificate.error();
      change.terms = store::terms_of(*certificate, crypto_);
      return change;
    }
    case store::Table::admitted_tpm: {
      auto tpm = sync::decode<domain::AdmittedTpm>(*record.body);
      if (!tpm) return tpm.error();
      change.terms = store::terms_of(*tpm);
      return change;
    }
    case store::Table::linked_hub: {
      if (auto hub = sync::decode<domain::LinkedHub>(*record.body); !hub) return hub.error();
      return change;
    }
    case store::Table::tenant_settings: {
      auto settings = sync::decode<domain::TenantSettings>(*record.body);
      if (!settings) return settings.error();
      return change;
    }
    case store::Table::hub_credential:
    case store::Table::access_policy:
    case store::Table::registration_interest:
    case store::Table::registration_tombstone:
    case store::Table::tenant:
    case store::Table::gateway:
    case store::Table::site:
    case store::Table::node:
    case store::Table::quarantined_outcome:
    case store::Table::outbox_watermark:
    case store::Table::audit_segment:
    case store::Table::audit_chain:
    case store::Table::audit_seal:
    case store::Table::cursor:
    case store::Table::permit:
    case store::Table::hub_token:
    case store::Table::intent:
    case store::Table::outbox:
    case store::Table::cleanup:
    case store::Table::new_device_count:
    case store::Table::last_attempt: break;
  }
  return Error{Errc::malformed, "the coordinator sent a record that is not for gateways"};
}

std::uint64_t Applier::mark_of(store::Table table, const std::string& id) {
  Bytes named = {static_cast<std::uint8_t>(table)};
  append(named, as_bytes(id));
  const auto hash = crypto_.sha256(named);
  std::uint64_t mark = 0;
  for (std::size_t i = 0; i < sizeof mark; ++i) mark = (mark << 8U) | hash.at(i);
  return mark;
}

Result<Applier::Snapshot*> Applier::snapshot(const domain::IdScope& tenant, std::uint64_t number) {
  const auto running = snapshots_.find(tenant);
  if (running == snapshots_.end() || running->second.begin.number != number) {
    return Error{Errc::conflict, "a snapshot goes on that did not begin here"};
  }
  return &running->second;
}

}  // namespace berth::gateway
