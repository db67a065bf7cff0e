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
    bj::object row = write_tenant(tenant);
    row["isDefault"] = rows.empty();
    rows.push_back(std::move(row));
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
  const auto made = catalog.tenants.create(std::move(settings));
  if (!made) return made.error();
  auto keys = policies_with_keys(catalog, made->record.id_scope);
  if (!keys) return keys.error();
  bj::object answer = write_tenant(*made);
  answer["accessPolicies"] = std::move(*keys);
  return json_answer(201, answer);
}

Result<http::Response> get(const Catalog& catalog, const Call& call) {
  const auto tenant = existing(catalog, call.arguments.front());
  if (!tenant) return tenant.error();
  return json_answer(200, write_tenant(*tenant));
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
  const auto written = catalog.tenants.put(std::move(tenant->record), tenant->version);
  if (!written) return written.error();
  return json_answer(200, write_tenant(*written));
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
       [&](const Call& call) { return list_keys(catalog, call); }},
  };
}

}  // namespace berth::coordinator
