// /berth/v1/audit: the audit log, as JSON lines that prove themselves (docs/formats/audit.md). A
// tenant's policy sees the tenant's entries, and of the others their hashes; the operator sees all.
#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "coordinator/api/admin_api.hpp"
#include "coordinator/api/answers.hpp"

namespace berth::coordinator {
namespace {

constexpr const char* kJsonLines = "application/x-ndjson; charset=utf-8";

Result<std::optional<WallTime>> time_parameter(const Call& call, std::string_view name) {
  const std::string_view text = call.target.parameter(name);
  if (text.empty()) return std::optional<WallTime>{};
  const auto time = from_iso8601(text);
  if (!time) {
    return Error{Errc::invalid, "'" + std::string(name) + "' is a time: 2026-01-31T12:00:00Z"};
  }
  return std::optional<WallTime>(*time);
}

// Whether a chain tells anything of the tenant: the coordinator's, and those of its gateways.
Result<bool> concerns(const Catalog& catalog, const std::string& chain,
                      const domain::IdScope& tenant) {
  if (tenant.empty()) return true;
  const std::string node = domain::node_of_chain(chain);
  const auto coordinator = catalog.coordinator_id();
  if (!coordinator) return coordinator.error();
  if (node == coordinator->str()) return true;
  const auto gateway = catalog.gateways.find(domain::GatewayId(node));
  if (!gateway) return gateway.error();
  if (!*gateway) return false;
  const auto& tenants = (*gateway)->record.tenants;
  return std::find(tenants.begin(), tenants.end(), tenant) != tenants.end();
}

Result<http::Response> export_log(const Catalog& catalog, const AuditExport& audit,
                                  const Call& call, const domain::IdScope& tenant) {
  AuditExport::Request request;
  request.tenant = tenant;
  const auto from = time_parameter(call, "from");
  if (!from) return from.error();
  request.from = *from;
  const auto until = time_parameter(call, "until");
  if (!until) return until.error();
  request.until = *until;
  request.continuation = std::string(call.target.parameter("continuation"));
  const std::string_view only = call.target.parameter("chain");
  auto chains = audit.chains();
  if (!chains) return chains.error();
  for (std::string& chain : *chains) {
    if (!only.empty() && chain != only) continue;
    const auto shown = concerns(catalog, chain, tenant);
    if (!shown) return shown.error();
    if (*shown) request.chains.push_back(std::move(chain));
  }
  if (!only.empty() && request.chains.empty()) {
    return Error{Errc::not_found, "there is no audit log of that name"};
  }
  auto page = audit.page(request);
  if (!page) return page.error();
  http::Response response;
  response.headers.set("content-type", kJsonLines);
  if (!page->continuation.empty()) {
    response.headers.set("x-ms-continuation", std::move(page->continuation));
  }
  for (const std::string& line : page->lines) {
    response.body += line;
    response.body += '\n';
  }
  return response;
}

// The tenant that the operator asks for; empty: all.
Result<domain::IdScope> tenant_parameter(const Catalog& catalog, const Call& call) {
  const std::string_view text = call.target.parameter("tenant");
  if (text.empty()) return domain::IdScope{};
  const auto parsed = domain::parse_id_scope(text);
  if (!parsed) return parsed.error();
  const auto settings = catalog.tenants.find(*parsed);
  if (!settings) return settings.error();
  if (!*settings) return Error{Errc::not_found, "there is no tenant " + parsed->str()};
  return (*settings)->record.id_scope;
}

}  // namespace

std::vector<Endpoint> audit_endpoints(const Catalog& catalog, const AuditExport& audit) {
  return {
      {"GET", "/berth/v1/audit", tenant_with(domain::AccessRight::service_config), false,
       [&](const Call& call) { return export_log(catalog, audit, call, call.tenant); }},
      {"GET", "/berth/v1/audit/all", operator_only(), false,
       [&](const Call& call) -> Result<http::Response> {
         const auto tenant = tenant_parameter(catalog, call);
         if (!tenant) return tenant.error();
         return export_log(catalog, audit, call, *tenant);
       }},
  };
}

}  // namespace berth::coordinator
