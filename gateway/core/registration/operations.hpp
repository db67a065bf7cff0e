// Operations: one per device that is being provisioned, kept for a while after its end so that the
// device can read it (device API 1.8). Their IDs are self-describing: a poll on any connection, at
// any shard, before or after a restart, leads to the device.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/core/ports/journal.hpp"
#include "gateway/core/registration/pending_request.hpp"
#include "shared/base/timestamp.hpp"
#include "shared/domain/model/ids.hpp"
#include "shared/domain/model/journal.hpp"
#include "shared/domain/model/registration.hpp"

namespace berth::gateway {

// The number by which a device's state is placed in a shard and its operations are named; the same
// in every gateway. Both names count without regard to case.
[[nodiscard]] std::uint64_t device_hash(std::string_view id_scope,
                                        std::string_view registration_id);

// "5.<16 hex digits of device_hash>.<guid>", the shape that clients know (device API 1.3).
[[nodiscard]] std::string make_operation_id(std::uint64_t device_hash, std::string_view guid);
// The GUID of an operation that was not opened, for want of room: a poll opens it (design 7).
inline constexpr std::string_view kUnopenedGuid = "00000000-0000-0000-0000-000000000000";

struct OperationIdParts {
  std::uint64_t device_hash = 0;
  std::string guid;
};
// Anything else is nobody's operation.
[[nodiscard]] std::optional<OperationIdParts> parse_operation_id(std::string_view text);

// Where an operation stands (design section 3).
enum class OperationState : std::uint8_t {
  journaling_intent,    // not accepted yet: the requests that opened it wait
  rejournaling_intent,  // accepted; another hub was chosen, which must be durable before it is
                        // written to
  awaiting_allocation,  // accepted; the webhook is choosing the hub
  reading_twin,         // moving with its data: asking the hub that it leaves
  applying,             // the hub is writing the identity
  waiting_to_apply,     // not possible now; tried again from the start
  journaling_outcome,   // the end is known; nothing is told before it is durable
  waiting_to_journal,   // the outcome could not be written
  assigned,
  failed,
};
[[nodiscard]] bool is_final(OperationState state);

struct Operation {
  OperationRef ref;
  std::string operation_id;
  OperationState state = OperationState::journaling_intent;
  domain::Intent intent;
  domain::HubId durable_hub;  // the one that the journaled intent names
  Contact contact = Contact::confirmed;
  std::vector<PendingRequest> joined;    // to be answered once the intent is durable
  int failures_in_a_row = 0;             // sets the pause before the next try
  std::uint32_t allocation_retries = 0;  // calls of the webhook that are made again
  bool twin_was_read = false;  // intent.twin is the one from the hub that the device leaves
  JournalOutcome outcome;      // from journaling_outcome on
  WallTime opened{};
  WallTime updated{};
  std::optional<MonotonicTime> wake;  // kept by the table
};

// Bounded. When it is full, the finished operation that is nearest to being forgotten makes room;
// running ones are never dropped.
class OperationTable {
 public:
  explicit OperationTable(std::size_t capacity) : capacity_(capacity) {}

  [[nodiscard]] Operation* find(const domain::IdScope& tenant, const domain::RegistrationId& id);
  // In place of a finished operation of the same device, if there is one. Null if there is no room.
  [[nodiscard]] Operation* open(const OperationRef& ref);
  // Past the capacity too: what was accepted before a restart is not dropped for want of room.
  Operation& reopen(const OperationRef& ref);
  void close(Operation& operation);

  // The operation is taken by take_due() at that time; once finished, it may be dropped before.
  void wake_at(Operation& operation, MonotonicTime when);
  // Null if nothing is due; the one returned has no wake set.
  [[nodiscard]] Operation* take_due(MonotonicTime now);
  [[nodiscard]] std::optional<MonotonicTime> next_wake() const;

  [[nodiscard]] std::size_t size() const { return operations_.size(); }

 private:
  using Key = std::pair<std::string, std::string>;  // scope, folded registration ID
  using Wakes = std::set<std::pair<MonotonicTime, Key>>;
  static Key key_of(const OperationRef& ref);
  Wakes& wakes_of(const Operation& operation);
  void forget_wake(Operation& operation);
  bool make_room();

  std::size_t capacity_;
  std::map<Key, Operation> operations_;
  Wakes running_;   // those that wait for their next try
  Wakes finished_;  // those that are only kept for polls
};

}  // namespace berth::gateway
