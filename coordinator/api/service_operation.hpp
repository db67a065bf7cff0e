// What was asked of the service, and how it ended: DPS's log category ServiceOperations
// (service API 8).
#pragma once

#include <chrono>
#include <string>

#include "coordinator/api/endpoint.hpp"
#include "shared/domain/model/ids.hpp"

namespace berth::coordinator {

struct ServiceOperation {
  std::string operation_name;  // "Upsert", "Get", "Query", …
  std::string object_type;     // "IndividualEnrollment", …
  std::string object_id;       // as in the path; empty for a collection
  std::string api_version;     // as sent
  std::string method;          // GET, …
  std::string host;            // that was called, without its port
  domain::IdScope tenant;
  std::string caller;  // the policy's name
  std::string source;  // the peer's address
  std::string tracking_id;
  int status = 0;
  std::string description;  // why it was refused; more than the caller may have been told
  std::chrono::nanoseconds duration{0};
};

// DPS's names for what an endpoint does: "Upsert" for a PUT, "Query", "BulkOperation", … and, for
// what only Berth has, the action that its path names.
[[nodiscard]] std::string operation_name(const Endpoint& endpoint);
// What it is done to.
[[nodiscard]] std::string object_type(const Endpoint& endpoint);

}  // namespace berth::coordinator
