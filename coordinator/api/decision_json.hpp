// Decision traces as JSON, for admins.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "shared/domain/model/decision_trace.hpp"

namespace berth::coordinator {

[[nodiscard]] boost::json::array write_checks(const std::vector<domain::DecisionCheck>& checks);
[[nodiscard]] boost::json::array write_candidates(
    const std::vector<domain::DecisionCandidate>& candidates);
// Members that say nothing are left out; an empty trace is an empty object.
[[nodiscard]] boost::json::object write_decision(const domain::DecisionTrace& trace);

}  // namespace berth::coordinator
