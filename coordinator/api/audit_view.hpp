// How the audit log shows what admins change: as the API shows it, and never a secret.
#pragma once

#include <optional>

#include "coordinator/audit/admin_store.hpp"
#include "shared/json/enrollment_json.hpp"

namespace berth::coordinator {

// What AdminStore asks for each record. `json` outlives it.
[[nodiscard]] AdminStore::Describe audit_views(const json::EnrollmentJson& json);

}  // namespace berth::coordinator
