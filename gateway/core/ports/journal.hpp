// What the registration engine asks of the journal (design section 3.6). Entries are actions; the
// writer answers each JournalIntent and JournalOutcome through RegistrationEngine::on_journaled.
//
// The writer MUST make an entry durable before it answers, and MUST check a JournalIntent again in
// cursor order, in the transaction that writes it: the enrollment is enabled at the version named
// (else Errc::version_mismatch, and the engine decides anew) and the permit still admits the device
// (else Errc::unavailable). A group of entries may share one flush.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gateway/core/ports/admission.hpp"
#include "shared/domain/model/ids.hpp"
#include "shared/domain/model/journal.hpp"

namespace berth::gateway {

// One operation of one device, as actions and their answers name it. An answer for an operation
// that is over, or in another state by now, is ignored.
struct OperationRef {
  domain::IdScope tenant;
  domain::RegistrationId registration_id;
  std::uint64_t serial = 0;  // never given twice by one engine
  // The GUID by which logs on both sides know the operation (docs/monitoring.md).
  std::string tracking_id = {};
};

// Write the intent, replacing an earlier one of the same device. Once written, the device's
// registration is accepted.
struct JournalIntent {
  OperationRef operation;
  domain::Intent intent;
  Contact contact = Contact::confirmed;
};

// In one transaction: drop the intent, write the registration (kind assigned) or the last attempt
// beside it (failed_attempt), queue the entry for the coordinator (the writer gives its sequence)
// and queue the clean-up.
struct JournalOutcome {
  OperationRef operation;
  domain::OutboxEntry entry;
  std::vector<domain::CleanupTask> cleanup;
};

// A refusal, to be recorded beside what is known of the ID. Not answered; may be dropped under
// load, and only the latest of one ID counts.
struct RecordAttempt {
  domain::OutboxEntry entry;  // failed_attempt
};

}  // namespace berth::gateway
