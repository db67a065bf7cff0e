// What a gateway's audit log says of its decisions (docs/formats/audit.md). No note holds a key, a
// token or a twin.
#pragma once

#include <string>
#include <string_view>

#include "gateway/core/ports/journal.hpp"
#include "gateway/core/registration/action.hpp"
#include "shared/domain/audit/note.hpp"

namespace berth::gateway {

// "accepted": the intent is in the journal.
[[nodiscard]] domain::AuditNote note_of(const JournalIntent& entry);
// "assigned", "moved" or "failed".
[[nodiscard]] domain::AuditNote note_of(const JournalOutcome& entry);
[[nodiscard]] domain::AuditNote note_of(const Refused& refused);
// "failed": what was accepted can't be read any more. `id` is the record's.
[[nodiscard]] domain::AuditNote note_of_unreadable(const domain::IdScope& tenant,
                                                   const std::string& id, const Error& why);
// "cleaned_up": `step` is what was done to the identity.
[[nodiscard]] domain::AuditNote note_of(const domain::IdScope& tenant,
                                        const domain::CleanupTask& task, std::string_view step);

}  // namespace berth::gateway
