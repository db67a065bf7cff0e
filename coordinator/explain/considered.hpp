// Every enrollment that might answer for a device, each judged by itself.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "coordinator/explain/explanation.hpp"
#include "shared/base/result.hpp"
#include "shared/domain/attestation/match.hpp"
#include "shared/ports/crypto.hpp"
#include "shared/store/record_store.hpp"

namespace berth::coordinator {

struct Considered {
  std::vector<ConsideredEnrollment> enrollments;
  std::size_t left_out = 0;
};

// `answering`: the one that decides when all are there. Without evidence nothing is judged.
[[nodiscard]] Result<Considered> consider_enrollments(
    const store::Reader& records, domain::EnrollmentLookup& enrollments, ports::Crypto& crypto,
    const ExplainRequest& request, const std::optional<domain::EnrollmentRef>& answering);

}  // namespace berth::coordinator
