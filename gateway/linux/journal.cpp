#include "gateway/linux/journal.hpp"

#include <memory>
#include <utility>

#include "gateway/core/audit/decision_notes.hpp"
#include "gateway/core/limits.hpp"
#include "gateway/linux/cleanup_tasks.hpp"
#include "shared/base/encoding.hpp"
#include "shared/protocol/sync/record_codec.hpp"
#include "shared/store/index_terms.hpp"

namespace berth::gateway {
namespace {

using store::Change;
using store::Table;

Change put(Table table, std::string id, Bytes body) {
  Change change;
  change.table = table;
  change.id = std::move(id);
  change.body = std::move(body);
  return change;
}

Change erase(Table table, std::string id) {
  Change change;
  change.kind = Change::Kind::erase;
  change.table = table;
  change.id = std::move(id);
  return change;
}

// The enrollment that answered is still enabled, at the version that was read.
Result<void> check_enrollment(const store::Reader& reader, const domain::IdScope& tenant,
                              const domain::EnrollmentRef& enrollment) {
  const Table table = enrollment.is_group ? Table::enrollment_group : Table::individual_enrollment;
  const auto record = reader.read(tenant, table, to_lower(enrollment.id));
  if (!record) return record.error();
  // Any change, disabling included, gives the record another version.
  if (!record->has_value() || (*record)->version != enrollment.version) {
    return Error{Errc::version_mismatch,
                 "the enrollment " + enrollment.id + " was changed meanwhile"};
  }
  return {};
}

// What stands beside the outcome: the registration itself, or the attempt beside it.
Result<Change> outcome_change(const store::Reader& reader, const domain::OutboxEntry& entry) {
  const domain::Registration& outcome = entry.registration;
  const std::string& id = outcome.registration_id.folded();
  if (entry.kind == domain::OutboxEntry::Kind::assigned) {
    Change change = put(Table::registration, id, sync::encode(outcome));
    change.terms = store::terms_of(outcome);
    return change;
  }
  const auto record = reader.read(entry.id_scope, Table::registration, id);
  if (!record) return record.error();
  if (!record->has_value()) {
    domain::LastAttempt attempt{outcome.registration_id, {}, outcome.enrollment};
    if (outcome.last_attempt) attempt.attempt = *outcome.last_attempt;
    return put(Table::last_attempt, id, sync::encode(attempt));
  }
  auto registration = sync::decode<domain::Registration>((*record)->body);
  if (!registration) return registration.error();
  registration->last_attempt = outcome.last_attempt;
  Change change = put(Table::registration, id, sync::encode(*registration));
  change.terms = store::terms_of(*registration);
  // The coordinator's record is not replaced by one of ours, only added to.
  change.version = (*record)->version;
  return change;
}

// Whether this very operation was accepted before and is only decided anew: its hub refused it.
Result<bool> was_accepted(const store::Reader& reader, const JournalIntent& entry) {
  const auto record =
      reader.read(entry.operation.tenant, Table::intent, entry.operation.registration_id.folded());
  if (!record) return record.error();
  if (!record->has_value()) return false;
  // One that can't be read was given up at the start; what is decided now replaces it.
  const auto held = sync::decode<domain::Intent>((*record)->body);
  return held && held->api.operation_id == entry.intent.api.operation_id;
}

// A device that was accepted is not counted again, nor stopped by a quota that it may have used up
// itself: Admission::may_continue.
Result<void> check_permit(const store::Reader& reader, const PermitBook& permits,
                          const JournalIntent& entry, bool is_accepted) {
  const Acquaintance device =
      entry.intent.is_new_device ? Acquaintance::unseen : Acquaintance::returning;
  if (is_accepted) {
    const auto facts = permits.facts(reader, entry.operation.tenant);
    if (!facts) return facts.error();
    return may_continue(*facts, device);
  }
  const auto permit = permits.admit(reader, entry.operation.tenant, device, entry.contact);
  if (!permit) return permit.error();
  return {};
}

}  // namespace

void Journal::write(const JournalIntent& entry, Done done) {
  const auto build = [this, entry](const store::Reader& reader) -> Result<store::ChangeSet> {
    store::ChangeSet set;
    set.tenant = entry.operation.tenant;
    set.changes.push_back(
        put(Table::intent, entry.operation.registration_id.folded(), sync::encode(entry.intent)));
    const auto is_accepted = was_accepted(reader, entry);
    if (!is_accepted) return is_accepted.error();
    set.notes.push_back(note_of(entry));
    if (!*is_accepted && entry.intent.is_new_device && entry.contact == Contact::alone) {
      auto count = permits_.count_new_device(reader, entry.operation.tenant);
      if (!count) return count.error();
      set.changes.push_back(std::move(*count));
    }
    set.check = [this, entry,
                 accepted = *is_accepted](const store::Reader& inside) -> Result<void> {
      const auto enabled =
          check_enrollment(inside, entry.operation.tenant, entry.intent.enrollment);
      if (!enabled) return enabled.error();
      return check_permit(inside, permits_, entry, accepted);
    };
    return set;
  };
  writer_.submit(build, std::move(done));
}

void Journal::queue(domain::OutboxEntry entry, std::vector<Change> beside,
                    domain::RegistrationId registration, std::vector<domain::AuditNote> notes,
                    Done done) {
  // Written by the build, read by the completion, both on the writer's thread.
  auto sequence = std::make_shared<std::uint64_t>(0);
  const domain::IdScope tenant = entry.id_scope;
  const auto build = [this, sequence, entry = std::move(entry), beside = std::move(beside),
                      notes = std::move(notes), id = registration.folded()](
                         const store::Reader& reader) -> Result<store::ChangeSet> {
    auto outcome = outcome_change(reader, entry);
    if (!outcome) return outcome.error();
    store::ChangeSet set;
    set.tenant = entry.id_scope;
    set.changes = beside;
    set.notes = notes;
    set.changes.push_back(std::move(*outcome));
    domain::OutboxEntry numbered = entry;
    numbered.sequence = *sequence = numbers_.next();
    set.changes.push_back(outbox_change(numbered));
    return set;
  };
  writer_.submit(
      build, [this, sequence, tenant, done = std::move(done)](Result<store::Committed> committed) {
        if (committed) queued_(tenant, *sequence);
        done(std::move(committed));
      });
}

void Journal::write(const JournalOutcome& entry, Done done) {
  const std::string& id = entry.operation.registration_id.folded();
  std::vector<Change> beside{erase(Table::intent, id)};
  if (entry.entry.kind == domain::OutboxEntry::Kind::assigned) {
    beside.push_back(erase(Table::last_attempt, id));
  }
  for (const domain::CleanupTask& task : entry.cleanup) {
    beside.push_back(put(Table::cleanup, cleanup_id(task), sync::encode(task)));
  }
  queue(entry.entry, std::move(beside), entry.operation.registration_id, {note_of(entry)},
        std::move(done));
}

void Journal::record(const RecordAttempt& entry) {
  if (++waiting_attempts_ > kMaxWaitingAttempts) {
    --waiting_attempts_;
    return;
  }
  queue(entry.entry, {}, entry.entry.registration.registration_id, {},
        [this](const Result<store::Committed>&) { --waiting_attempts_; });
}

void Journal::note(const Refused& refused, MonotonicTime now) {
  std::vector<domain::AuditNote> notes;
  {
    const std::lock_guard lock(mutex_);
    notes = refusals_.due(now);
    if (waiting_notes_ >= kMaxWaitingNotes) {
      refusals_.count(refused);
    } else if (auto note = refusals_.add(refused, now)) {
      notes.push_back(std::move(*note));
    }
  }
  if (!notes.empty()) append(std::move(notes));
}

void Journal::tell_refusals(MonotonicTime now) {
  std::vector<domain::AuditNote> notes;
  {
    const std::lock_guard lock(mutex_);
    notes = refusals_.due(now);
  }
  if (!notes.empty()) append(std::move(notes));
}

void Journal::note_unreadable(const domain::IdScope& tenant, const std::string& id,
                              const Error& why) {
  append({note_of_unreadable(tenant, id, why)});
}

void Journal::append(std::vector<domain::AuditNote> notes) {
  ++waiting_notes_;
  store::ChangeSet set;
  set.tenant = store::kNode;
  set.notes = std::move(notes);
  writer_.submit(
      [set = std::move(set)](const store::Reader&) { return Result<store::ChangeSet>(set); },
      [this](const Result<store::Committed>&) { --waiting_notes_; });
}

}  // namespace berth::gateway
