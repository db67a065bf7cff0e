// /berth/v1/tenants: provisioning service instances, of the operator.
#include <string>
#include <utility>

#include <boost/json/array.hpp>

#include "coordinator/api/admin_api.hpp"
#include "coordinator/api/admin_json.hpp"
#include "coordinator/api/answers.hpp"
#include "coordinator/api/tenant_json.hpp"
#include "coordinator/store/etag.hpp"
#include "shared/base/encoding.hpp"

namespace berth::coordinator {
namespace {

namespace bj = boost::json;

using Tenant = Versioned<domain::TenantSettings>;

// By ID scope, in any letter case.
Result<Tenant> existing(const Catalog& catalog, const std::string& id_scope) {
  const auto parsed = domain::parse_id_scope(id_scope);
  if (!parsed) return parsed.error();
  auto tenants = catalog.tenants.all();
  if (!tenants) return tenants.error();
  for (Tenant& tenant : *tenants) {
    if (equals_ignoring_case(tenant.record.id_scope.str(), parsed->str())) return tenant;
  }
  return Error{Errc::not_found, "there is no tenant " + parsed->str()};
}

// A tenant as the operator sees it.
Result<bj::object> shown(const Catalog& catalog, const Tenant& tenant) {
  const auto by_default = catalog.tenants.default_tenant();
  if (!by_default) return by_default.error();
  bj::object body = write_tenant(tenant);
  body["isDefault"] = tenant.record.id_scope == *by_default;
  return body;
}

Result<http::Response> answer_with(const Catalog& catalog, const Tenant& tenant) {
  const auto body = shown(catalog, tenant);
  if (!body) return body.error();
  return json_answer(200, *body);
}

Result<bj::array> policies_with_keys(const Catalog& catalog, const domain::IdScope& tenant) {
  const auto policies = catalog.policies.all(tenant);
  if (!policies) return policies.error();
  bj::array rows;
  for (const auto& policy : *policies) rows.push_back(write_policy(policy, PolicyKeys::shown));
  return rows;
}

Result<http::Response> list(const Catalog& catalog) {
  const auto tenants = catalog.tenants.all();
  if (!tenants) return tenants.error();
  bj::array rows;
  for (const Tenant& tenant : *tenants) {
    auto row = shown(catalog, tenant);
    if (!row) return row.error();
    rows.push_back(std::move(*row));
  }
  return list_answer(std::move(rows));
}

// The one answer beside listKeys that shows the keys of the tenant's owner.
Result<http::Response> create(Catalog& catalog, const Call& call) {
  const auto body = read_body(call.request);
  if (!body) return body.error();
  domain::TenantSettings settings;
  if (const auto names = read_tenant_names(*body, settings); !names) return names.error();
  if (const auto policy = read_tenant_policy(*body, settings); !policy) return policy.error();
  const auto becomes_default = asks_to_be_default(*body, false);
  if (!becomes_default) return becomes_default.error();
  const auto made = catalog.tenants.create(std::move(settings));
  if (!made) return made.error();
  if (*becomes_default) {
    const auto chosen = catalog.tenants.make_default(made->record.id_scope);
    if (!chosen) return chosen.error();
  }
  auto keys = policies_with_keys(catalog, made->record.id_scope);
  if (!keys) return keys.error();
  auto answer = shown(catalog, *made);
  if (!answer) return answer.error();
  (*answer)["accessPolicies"] = std::move(*keys);
  return json_answer(201, *answer);
}

Result<http::Response> get(const Catalog& catalog, const Call& call) {
  const auto tenant = existing(catalog, call.arguments.front());
  if (!tenant) return tenant.error();
  return answer_with(catalog, *tenant);
}

Result<http::Response> put(Catalog& catalog, const Call& call) {
  auto tenant = existing(catalog, call.arguments.front());
  if (!tenant) return tenant.error();
  const std::string etag = etag_of(tenant->version, tenant->record.stamps.created);
  if (const auto fits = check_if_match(call.request, etag); !fits) return fits.error();
  const auto body = read_body(call.request);
  if (!body) return body.error();
  if (const auto names = read_tenant_names(*body, tenant->record); !names) return names.error();
  if (const auto policy = read_tenant_policy(*body, tenant->record); !policy) {
    return policy.error();
  }
  const auto by_default = catalog.tenants.default_tenant();
  if (!by_default) return by_default.error();
  const auto becomes_default = asks_to_be_default(*body, tenant->record.id_scope == *by_default);
  if (!becomes_default) return becomes_default.error();
  const auto written = catalog.tenants.put(std::move(tenant->record), tenant->version);
  if (!written) return written.error();
  if (*becomes_default) {
    const auto chosen = catalog.tenants.make_default(written->record.id_scope);
    if (!chosen) return chosen.error();
  }
  return answer_with(catalog, *written);
}

Result<http::Response> erase(Catalog& catalog, const Call& call) {
  const auto tenant = existing(catalog, call.arguments.front());
  if (!tenant) return tenant.error();
  const std::string etag = etag_of(tenant->version, tenant->record.stamps.created);
  if (const auto fits = check_if_match(call.request, etag); !fits) return fits.error();
  const auto erased = catalog.tenants.erase(tenant->record.id_scope);
  if (!erased) return erased.error();
  return empty_answer();
}

Result<domain::IdScope> scope_of(const Catalog& catalog, const Call& call) {
  const auto tenant = existing(catalog, call.arguments.front());
  if (!tenant) return tenant.error();
  return tenant->record.id_scope;
}

Result<http::Response> list_keys(const Catalog& catalog, const Call& call) {
  const auto tenant = existing(catalog, call.arguments.front());
  if (!tenant) return tenant.error();
  auto keys = policies_with_keys(catalog, tenant->record.id_scope);
  if (!keys) return keys.error();
  return list_answer(std::move(*keys));
}

}  // namespace

std::vector<Endpoint> tenant_endpoints(Catalog& catalog) {
  const std::string collection = "/berth/v1/tenants";
  const std::string single = collection + "/{idScope}";
  return {
      {"GET", collection, operator_only(), false, [&](const Call&) { return list(catalog); }},
      {"POST", collection, operator_only(), false,
       [&](const Call& call) { return create(catalog, call); }},
      {"GET", single, operator_only(), false, [&](const Call& call) { return get(catalog, call); }},
      {"PUT", single, operator_only(), false, [&](const Call& call) { return put(catalog, call); }},
      {"DELETE", single, operator_only(), false,
       [&](const Call& call) { return erase(catalog, call); }},
      {"POST", single + "/listKeys", operator_only(), false,
       [&](const Call& call) { return list_keys(catalog, call); }, false, true,
       [&](const Call& call) { return scope_of(catalog, call); }},
  };
}

}  // namespace berth::coordinator
