#include "coordinator/api/tenant_json.hpp"

#include <string>
#include <utility>
#include <vector>

#include <boost/json/array.hpp>

#include "coordinator/api/https_url.hpp"
#include "coordinator/api/limits.hpp"
#include "coordinator/store/tenants.hpp"
#include "shared/base/encoding.hpp"
#include "shared/json/enrollment_json.hpp"
#include "shared/json/json_text.hpp"

namespace berth::coordinator {

Result<void> read_tenant_names(const boost::json::object& body, domain::TenantSettings& settings) {
  auto name = json::find_string(body, "name");
  if (!name) return name.error();
  if (*name) settings.name = std::move(**name);
  if (settings.name.empty() || settings.name.size() > kMaxTenantNameLength) {
    return Error{Errc::invalid, "'name' has 1 to 64 characters"};
  }
  const auto host_names = json::find_array(body, "hostNames");
  if (!host_names) return host_names.error();
  if (*host_names == nullptr) return {};
  if ((*host_names)->size() > kMaxTenantHostNames) {
    return Error{Errc::invalid,
                 "'hostNames' lists at most " + std::to_string(kMaxTenantHostNames) + " names"};
  }
  settings.host_names.clear();
  for (const boost::json::value& value : **host_names) {
    const boost::json::string* text = value.if_string();
    if (text == nullptr || !is_host_name({text->data(), text->size()})) {
      return Error{Errc::invalid, "'hostNames' must be an array of host names without port"};
    }
    settings.host_names.push_back(to_lower({text->data(), text->size()}));
  }
  return {};
}

Result<bool> asks_to_be_default(const boost::json::object& body, bool is_default) {
  const auto flag = json::find_bool(body, "isDefault");
  if (!flag) return flag.error();
  if (!*flag) return false;
  if (**flag) return !is_default;
  if (!is_default) return false;
  return Error{Errc::invalid, "make another tenant the default to end this one being it"};
}

Result<void> read_tenant_policy(const boost::json::object& body, domain::TenantSettings& settings) {
  const auto text = json::find_string(body, "allocationPolicy");
  if (!text) return text.error();
  if (!*text) return {};
  const auto policy = json::read_allocation_policy(**text);
  if (!policy) return policy.error();
  // A webhook belongs to a record (service API 2.8).
  if (*policy == domain::AllocationPolicy::custom) {
    return Error{Errc::invalid, "'allocationPolicy' of a tenant cannot be custom"};
  }
  settings.allocation_policy = *policy;
  return {};
}

}  // namespace berth::coordinator
