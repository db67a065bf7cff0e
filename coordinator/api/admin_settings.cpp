// /berth/v1/settings: the calling tenant's own.
#include <string>
#include <utility>

#include "coordinator/api/admin_api.hpp"
#include "coordinator/api/admin_json.hpp"
#include "coordinator/api/answers.hpp"
#include "coordinator/api/tenant_json.hpp"
#include "coordinator/store/etag.hpp"

namespace berth::coordinator {
namespace {

Result<Versioned<domain::TenantSettings>> own(const Catalog& catalog, const Call& call) {
  auto settings = catalog.tenants.find(call.tenant);
  if (!settings) return settings.error();
  if (!*settings) return Error{Errc::not_found, "the tenant has no settings"};
  return std::move(**settings);
}

Result<http::Response> get(const Catalog& catalog, const Call& call) {
  const auto settings = own(catalog, call);
  if (!settings) return settings.error();
  return json_answer(200, write_tenant(*settings));
}

// Names are the operator's to give: they decide which tenant a host name reaches.
Result<http::Response> put(Catalog& catalog, const Call& call) {
  auto settings = own(catalog, call);
  if (!settings) return settings.error();
  const std::string etag = etag_of(settings->version, settings->record.stamps.created);
  if (const auto fits = check_if_match(call.request, etag); !fits) return fits.error();
  const auto body = read_body(call.request);
  if (!body) return body.error();
  if (const auto policy = read_tenant_policy(*body, settings->record); !policy) {
    return policy.error();
  }
  const auto written = catalog.tenants.put(std::move(settings->record), settings->version);
  if (!written) return written.error();
  return json_answer(200, write_tenant(*written));
}

}  // namespace

std::vector<Endpoint> settings_endpoints(Catalog& catalog) {
  const Access read = tenant_with(domain::AccessRight::enrollment_read);
  const Access write = tenant_with(domain::AccessRight::service_config);
  return {
      {"GET", "/berth/v1/settings", read, false,
       [&](const Call& call) { return get(catalog, call); }},
      {"PUT", "/berth/v1/settings", write, false,
       [&](const Call& call) { return put(catalog, call); }},
  };
}

}  // namespace berth::coordinator
