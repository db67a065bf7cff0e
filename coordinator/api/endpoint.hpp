// An endpoint: what is called, who may call it, and what answers.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "shared/base/result.hpp"
#include "shared/domain/model/ids.hpp"
#include "shared/domain/model/tenant.hpp"
#include "shared/protocol/http/message.hpp"

namespace berth::coordinator {

// Who may call.
struct Access {
  enum class Who : std::uint8_t {
    anyone,         // no credential, or one of the endpoint's own
    tenant,         // a policy of the tenant, with `right`
    operator_only,  // the operator's credential (design section 5)
  };
  Who who = Who::operator_only;
  domain::AccessRight right = domain::AccessRight::service_config;
  std::optional<domain::AccessRight> also = std::nullopt;  // and this one
};

constexpr Access anyone() {
  return {Access::Who::anyone, domain::AccessRight::service_config, std::nullopt};
}
constexpr Access tenant_with(domain::AccessRight right) {
  return {Access::Who::tenant, right, std::nullopt};
}
constexpr Access tenant_with(domain::AccessRight right, domain::AccessRight also) {
  return {Access::Who::tenant, right, also};
}
constexpr Access operator_only() {
  return {Access::Who::operator_only, domain::AccessRight::service_config, std::nullopt};
}

// A request that was routed and authorized.
struct Call {
  const http::Request& request;
  const http::Target& target;
  std::vector<std::string> arguments;  // what stood for each {…} of the path, in order
  domain::IdScope tenant;              // by the host name called; not set with operator_only
  std::string host;                    // the Host header as sent, with its port if there was one
};

struct Endpoint {
  std::string method;
  std::string path;  // "/enrollments/{id}": literals in any letter case, {…} takes one segment
  Access access;
  bool needs_api_version = true;  // DPS operations do, /berth/v1 does not
  // An Error is answered through the error catalogue.
  std::function<Result<http::Response>(const Call&)> answer;
  // Counts as one of the tenant's operations, as those with an API version do: it looks at many
  // records, on the thread that serves everybody.
  bool is_costly = false;
  // Answers with secrets, and changes nothing by which the audit log would know of it.
  bool shows_secrets = false;
  // Whose secrets, where that is not the call's tenant: its owner is told that they were shown.
  std::function<Result<domain::IdScope>(const Call&)> whose_secrets = {};
};

}  // namespace berth::coordinator
