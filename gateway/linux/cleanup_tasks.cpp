#include "gateway/linux/cleanup_tasks.hpp"

#include <functional>
#include <optional>
#include <string_view>
#include <utility>

#include "gateway/core/audit/decision_notes.hpp"
#include "gateway/core/cache/applier.hpp"
#include "shared/protocol/sync/record_codec.hpp"

namespace berth::gateway {
namespace {

using Phase = domain::CleanupTask::Phase;

// Whether a registration names what the task wants to remove, or may come to.
enum class Wanted : std::uint8_t { no, not_yet_known, yes };

Wanted wanted(const store::Reader& reader, const HeldCleanup& held) {
  const domain::CleanupTask& task = held.task;
  const std::string& id = task.registration_id.folded();
  const auto intent = reader.read(held.tenant, store::Table::intent, id);
  if (!intent) return Wanted::not_yet_known;
  // A registration under way may be on its way back to this hub. One that can't be read was given
  // up when the gateway started.
  if (intent->has_value() && sync::decode<domain::Intent>((*intent)->body)) {
    return Wanted::not_yet_known;
  }
  const auto record = reader.read(held.tenant, store::Table::registration, id);
  if (!record) return Wanted::not_yet_known;
  if (!record->has_value()) return Wanted::no;
  const auto registration = sync::decode<domain::Registration>((*record)->body);
  if (!registration) return Wanted::not_yet_known;
  const bool names_it = registration->status == domain::RegistrationStatus::assigned &&
                        registration->hub_id == task.hub_id &&
                        registration->device_id == task.device_id;
  return names_it ? Wanted::yes : Wanted::no;
}

// What is deleted was disabled before, by that etag. Without one, nothing was there at the first
// look.
bool was_disabled(const domain::CleanupTask& task) {
  return task.phase == Phase::remove && !task.hub_etag.empty();
}

// What is due may have been disabled already, by an attempt whose end could not be noted.
bool may_be_disabled(const domain::CleanupTask& task, WallTime now) {
  return was_disabled(task) || task.not_before <= now;
}

// The etag of our own write is no longer that of an identity that somebody wrote since. Without
// one, or with nothing known of the registration, another gateway may have registered the device
// there; and what is deleted can't be enabled again.
bool needs_the_coordinator(const store::Reader& reader, const HeldCleanup& held) {
  if (held.task.hub_etag.empty() || held.task.phase == Phase::remove) return true;
  const auto record =
      reader.read(held.tenant, store::Table::registration, held.task.registration_id.folded());
  return !record || !record->has_value();
}

// Its hub was unlinked: nobody may write there any more. A copy that is only being made proves
// nothing.
bool is_out_of_hands(const store::Reader& reader, const HeldCleanup& held) {
  const auto hub = reader.read(held.tenant, store::Table::linked_hub, held.task.hub_id.str());
  if (!hub || hub->has_value()) return false;
  const auto cursor = read_cursor(reader, held.tenant);
  return cursor && !cursor->incarnation.empty() && cursor->snapshot_in_progress == 0;
}

class Guarded final : public hub::HubOperation {
 public:
  Guarded(std::unique_ptr<hub::HubOperation> operation, std::function<bool()> may_go_on)
      : operation_(std::move(operation)), may_go_on_(std::move(may_go_on)) {}

  const hub::HubRequest& next() const override { return operation_->next(); }

  std::optional<Result<hub::HubOutcome>> receive(const hub::HubResponse& response) override {
    auto ending = operation_->receive(response);
    if (!ending && !may_go_on_()) {
      return Result<hub::HubOutcome>(Error{Errc::conflict, "the device's place has changed"});
    }
    return ending;
  }

 private:
  std::unique_ptr<hub::HubOperation> operation_;
  std::function<bool()> may_go_on_;
};

}  // namespace

std::string cleanup_id(const domain::CleanupTask& task) {
  return task.hub_id.str() + "/" + task.device_id.str();
}

bool is_to_be_looked_at(const domain::CleanupTask& task, WallTime now) {
  return task.phase == Phase::remove || task.not_before <= now;
}

CleanupStep next_step(const store::Reader& reader, const HeldCleanup& held, WallTime now,
                      bool was_asked) {
  switch (wanted(reader, held)) {
    case Wanted::not_yet_known: return CleanupStep::wait;
    case Wanted::yes:
      return may_be_disabled(held.task, now) ? CleanupStep::enable : CleanupStep::drop;
    case Wanted::no: break;
  }
  if (is_out_of_hands(reader, held)) return CleanupStep::drop;
  if (held.task.not_before > now) return CleanupStep::wait;
  if (!was_asked && needs_the_coordinator(reader, held)) return CleanupStep::ask_coordinator;
  return was_disabled(held.task) ? CleanupStep::remove : CleanupStep::disable;
}

std::unique_ptr<hub::HubOperation> cleanup_operation(const store::Reader& reader,
                                                     const HeldCleanup& held, CleanupStep step,
                                                     hub::HubConnector& connector) {
  std::unique_ptr<hub::HubOperation> operation;
  Wanted expected = Wanted::no;
  switch (step) {
    case CleanupStep::enable:
      operation = connector.enable(held.task.device_id);
      expected = Wanted::yes;
      break;
    case CleanupStep::remove:
      operation = connector.remove(held.task.device_id, held.task.hub_etag);
      break;
    case CleanupStep::disable:
    case CleanupStep::wait:
    case CleanupStep::ask_coordinator:
    case CleanupStep::drop:
      operation = connector.disable(held.task.device_id, held.task.hub_etag);
      break;
  }
  return std::make_unique<Guarded>(
      std::move(operation), [&reader, held, expected] { return wanted(reader, held) == expected; });
}

namespace {

std::string_view text_of(CleanupStep step) {
  switch (step) {
    case CleanupStep::wait:
    case CleanupStep::ask_coordinator: return "waiting";
    case CleanupStep::drop: return "kept";
    case CleanupStep::disable: return "disabled";
    case CleanupStep::enable: return "enabled";
    case CleanupStep::remove: return "removed";
  }
  return {};
}

}  // namespace

store::ChangeSet cleanup_done(const HeldCleanup& held, CleanupStep step,
                              const hub::HubOutcome& outcome, WallTime now) {
  store::Change change;
  change.table = store::Table::cleanup;
  change.id = cleanup_id(held.task);
  change.expected_version = held.version;
  store::ChangeSet set;
  set.tenant = held.tenant;
  set.notes.push_back(note_of(held.tenant, held.task, text_of(step)));
  // Absent, foreign or written since: there is nothing of what we left. But an attempt whose end is
  // not known may still be on its way to the hub, and who wrote since may have been a gateway that
  // knew less: once more is looked, by the marker alone, when all that had time to come has come.
  const bool is_first_look = held.task.phase == Phase::disable;
  if (step == CleanupStep::disable && (outcome.found || is_first_look)) {
    domain::CleanupTask task = held.task;
    task.phase = Phase::remove;
    task.not_before = now + kCleanupGrace;
    // Disabling was a write of ours and gave the identity another etag.
    task.hub_etag = outcome.etag;
    change.body = sync::encode(task);
  } else if (step == CleanupStep::remove && !outcome.found) {
    // Between the two looks somebody wrote it again, a gateway that knew less, or it is gone. Both
    // looks once more, by the marker alone.
    domain::CleanupTask task = held.task;
    task.phase = Phase::disable;
    task.not_before = now;
    task.hub_etag.clear();
    change.body = sync::encode(task);
  } else {
    change.kind = store::Change::Kind::erase;
  }
  set.changes.push_back(std::move(change));
  return set;
}

}  // namespace berth::gateway
