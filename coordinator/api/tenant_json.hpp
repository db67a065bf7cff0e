// The parts of a tenant that requests carry.
#pragma once

#include <boost/json/object.hpp>

#include "shared/base/result.hpp"
#include "shared/domain/model/tenant.hpp"

namespace berth::coordinator {

// Members that are absent leave `settings` as they are. Errc::invalid names the member.
[[nodiscard]] Result<void> read_tenant_names(const boost::json::object& body,
                                             domain::TenantSettings& settings);
// Whether "isDefault" makes it the default tenant. Errc::invalid where it says that the default one
// is not: that ends when another one becomes it.
[[nodiscard]] Result<bool> asks_to_be_default(const boost::json::object& body, bool is_default);
[[nodiscard]] Result<void> read_tenant_policy(const boost::json::object& body,
                                              domain::TenantSettings& settings);

}  // namespace berth::coordinator
