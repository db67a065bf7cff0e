// How matching names the record that decided, and words its refusals. For the matchers of this
// folder.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "shared/domain/attestation/match.hpp"
#include "shared/domain/attestation/verdict.hpp"

namespace berth::domain {

inline EnrollmentRef reference_to(const Versioned<IndividualEnrollment>& found) {
  return EnrollmentRef{false, found.record.registration_id.str(), found.version};
}

inline EnrollmentRef reference_to(const Versioned<EnrollmentGroup>& found) {
  return EnrollmentRef{true, found.record.group_id.str(), found.version};
}

inline std::string name_of(const EnrollmentRef& enrollment) {
  return (enrollment.is_group ? "enrollment group " : "individual enrollment ") + enrollment.id;
}

// A record at hand decided.
inline Refusal refused_by(const EnrollmentRef& enrollment, Errc code, const std::string& reason) {
  return Refusal{Error{code, reason + " (" + name_of(enrollment) + ")"}, false, enrollment};
}

// Nothing fits, or what stands under that ID does not: the coordinator may know better.
inline Refusal matched_nothing(Errc code, std::string reason,
                               std::optional<EnrollmentRef> enrollment = std::nullopt) {
  return Refusal{Error{code, std::move(reason)}, true, std::move(enrollment)};
}

}  // namespace berth::domain
