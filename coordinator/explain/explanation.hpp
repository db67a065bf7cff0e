// Tells, without changing anything, what a gateway would make of a device: which enrollment would
// answer and why the others do not, each check with its result, the hub that it would get and why,
// and what would be asked of that hub. All of it comes from the functions that gateways run:
// domain::match for what a device shows, domain::find_destination for where it goes.
//
// For admins of the tenant alone. Of a secret that does not fit it says that, and nothing of how
// nearly it would have.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/explain/prospect.hpp"
#include "coordinator/store/catalog.hpp"
#include "shared/base/result.hpp"
#include "shared/base/timestamp.hpp"
#include "shared/domain/attestation/evidence.hpp"
#include "shared/domain/model/decision_trace.hpp"
#include "shared/domain/model/enrollment.hpp"
#include "shared/domain/model/ids.hpp"
#include "shared/domain/model/registration.hpp"
#include "shared/ports/crypto.hpp"

namespace berth::coordinator {

// Most enrollment groups of which each is judged by itself; the rest is counted.
inline constexpr std::size_t kMaxExplainedGroups = 200;

struct ExplainRequest {
  domain::IdScope tenant;
  domain::RegistrationId registration_id;
  std::optional<domain::Evidence> evidence;        // none: nothing is judged that needs it
  std::optional<domain::EnrollmentGroupId> group;  // without evidence: suppose that it answers
  std::optional<domain::SiteId> site;              // as gateways there; none: as any gateway
  WallTime now{};
};

// What became of one enrollment.
enum class Fit : std::uint8_t {
  answers,       // it decides about the device, for or against
  comes_second,  // it would take the device, but another one decides
  does_not_fit,  // what the device shows is not what it asks for
  refuses,       // the device is its own, and it would refuse it; another one decides
  not_judged,    // there is nothing to judge by
};
[[nodiscard]] std::string_view fit_text(Fit fit);

struct ConsideredEnrollment {
  domain::EnrollmentRef enrollment;
  domain::AttestationType attestation = domain::AttestationType::symmetric_key;
  bool is_enabled = true;
  Fit fit = Fit::not_judged;
  std::string text;                           // why, for people
  std::string needs;                          // what a device must show
  std::vector<domain::SiteId> sites;          // that alone serve it; empty: all
  std::vector<domain::DecisionCheck> checks;  // as if there were no other
};

struct Explanation {
  Prospect prospect;
  std::optional<domain::EnrollmentRef> enrollment;  // that answers, or is supposed to
  std::vector<ConsideredEnrollment> considered;     // an individual one first, groups by their IDs
  std::size_t left_out = 0;
  std::optional<Versioned<domain::Registration>> registration;  // what there is today
  std::vector<std::string> text;                                // all of it, for people
};

[[nodiscard]] Result<Explanation> explain(const Catalog& catalog, ports::Crypto& crypto,
                                          const Ground& ground, const ExplainRequest& request);

// "enrollment group sensors", "individual enrollment dev-1".
[[nodiscard]] std::string name_of(const domain::EnrollmentRef& enrollment);

}  // namespace berth::coordinator
