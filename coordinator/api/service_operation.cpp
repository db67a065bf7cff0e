#include "coordinator/api/service_operation.hpp"

#include <utility>
#include <vector>

#include "shared/base/encoding.hpp"

namespace berth::coordinator {
namespace {

std::vector<std::string> literals_of(const Endpoint& endpoint) {
  http::Target target;
  std::vector<std::string> literals;
  if (!http::parse_target(endpoint.path, target)) return literals;
  for (const std::string& segment : target.segments) {
    if (!segment.starts_with('{')) literals.push_back(segment);
  }
  return literals;
}

bool has_argument(const Endpoint& endpoint) {
  return endpoint.path.find('{') != std::string::npos;
}

std::string capitalised(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') {
    text[0] = static_cast<char>(text[0] - 'a' + 'A');
  }
  return text;
}

constexpr std::string_view kOwnRoot = "berth";
constexpr std::size_t kOwnPrefix = 2;  // "/berth/v1"

}  // namespace

std::string operation_name(const Endpoint& endpoint) {
  if (endpoint.method == "GET") return has_argument(endpoint) ? "Get" : "List";
  if (endpoint.method == "PUT") return "Upsert";
  if (endpoint.method == "DELETE") return "Delete";
  const std::vector<std::string> literals = literals_of(endpoint);
  if (literals.empty()) return "Post";
  // "/berth/v1/gateways:join" is the action "join" on gateways.
  const std::string& last = literals.back();
  const auto colon = last.find(':');
  if (colon != std::string::npos) return capitalised(last.substr(colon + 1));
  if (equals_ignoring_case(last, "query")) return "Query";
  const bool is_own = literals.front() == kOwnRoot;
  const std::size_t collection = is_own ? kOwnPrefix + 1 : 1;
  if (literals.size() > collection) return capitalised(last);
  return is_own ? "Create" : "BulkOperation";
}

std::string object_type(const Endpoint& endpoint) {
  const std::vector<std::string> literals = literals_of(endpoint);
  if (literals.empty()) return {};
  if (equals_ignoring_case(literals.front(), "enrollments")) return "IndividualEnrollment";
  if (equals_ignoring_case(literals.front(), "enrollmentGroups")) return "EnrollmentGroup";
  if (equals_ignoring_case(literals.front(), "registrations")) return "Registration";
  if (literals.size() <= kOwnPrefix) return capitalised(literals.back());
  const std::string& collection = literals[kOwnPrefix];
  return capitalised(collection.substr(0, collection.find(':')));
}

}  // namespace berth::coordinator
