// The parts of requests to explain and to dry-run that say how things would be.
#pragma once

#include <boost/json/object.hpp>

#include "coordinator/explain/allocation_change.hpp"
#include "shared/base/result.hpp"
#include "shared/domain/allocation/candidates.hpp"
#include "shared/ports/entropy.hpp"

namespace berth::coordinator {

// "allocationPolicy", "hubs", "addHubs", "removeHubs", "enrollmentGroups" and "enrollments" of
// `body`. A hub to be added without an ID is given one. Errc::invalid names what is wrong.
[[nodiscard]] Result<AllocationChange> read_allocation_change(const boost::json::object& body,
                                                              ports::Entropy& entropy);

// "latencies": milliseconds by host name, of the hubs that are linked or would be.
[[nodiscard]] Result<domain::HubLatencies> read_latencies(const boost::json::object& body,
                                                          const Ground& ground,
                                                          const AllocationChange& change);

}  // namespace berth::coordinator
