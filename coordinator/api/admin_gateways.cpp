// /berth/v1/gateways: of the operator, addressed by ID or name; and the one way in for a gateway
// that has nothing but its join token.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <boost/json/array.hpp>

#include "coordinator/api/admin_api.hpp"
#include "coordinator/api/admin_json.hpp"
#include "coordinator/api/answers.hpp"
#include "coordinator/store/etag.hpp"
#include "shared/base/encoding.hpp"
#include "shared/json/join_json.hpp"
#include "shared/json/json_text.hpp"

namespace berth::coordinator {
namespace {

namespace bj = boost::json;

using Gateway = Versioned<domain::Gateway>;

Result<Gateway> existing(const Catalog& catalog, const std::string& name) {
  auto gateway = catalog.gateways.find(domain::GatewayId(to_lower(name)));
  if (!gateway) return gateway.error();
  if (*gateway) return std::move(**gateway);
  gateway = catalog.gateways.find_by_name(name);
  if (!gateway) return gateway.error();
  if (*gateway) return std::move(**gateway);
  return Error{Errc::not_found, "there is no gateway '" + name + "'"};
}

// The ID scopes of `tenants`, in the tenants' own spelling. Absent: none were named.
Result<std::optional<std::vector<domain::IdScope>>> read_tenants(const Catalog& catalog,
                                                                 const bj::object& body) {
  const auto array = json::find_array(body, "tenants");
  if (!array) return array.error();
  if (*array == nullptr) return std::optional<std::vector<domain::IdScope>>{};
  const auto known = catalog.tenants.all();
  if (!known) return known.error();
  std::vector<domain::IdScope> tenants;
  for (const bj::value& value : **array) {
    const bj::string* text = value.if_string();
    const auto found = std::find_if(known->begin(), known->end(), [text](const auto& tenant) {
      return text != nullptr &&
             equals_ignoring_case(tenant.record.id_scope.str(), {text->data(), text->size()});
    });
    if (found == known->end()) {
      return Error{Errc::invalid, "'tenants' must be an array of the tenants' ID scopes"};
    }
    if (std::find(tenants.begin(), tenants.end(), found->record.id_scope) == tenants.end()) {
      tenants.push_back(found->record.id_scope);
    }
  }
  if (tenants.empty()) return Error{Errc::invalid, "a gateway serves at least one tenant"};
  return std::optional<std::vector<domain::IdScope>>(std::move(tenants));
}

// The token is shown here and never again.
http::Response with_token(int status, const Gateway& gateway, const protocol::JoinToken& token) {
  bj::object body = write_gateway(gateway);
  body["joinToken"] = json::write_join_token(token);
  return json_answer(status, body);
}

Result<http::Response> list(const Catalog& catalog) {
  const auto gateways = catalog.gateways.all();
  if (!gateways) return gateways.error();
  bj::array rows;
  for (const Gateway& gateway : *gateways) rows.push_back(write_gateway(gateway));
  return list_answer(std::move(rows));
}

// Without `tenants` the gateway serves the default one.
Result<http::Response> create(const Catalog& catalog, Fleet& fleet, const Call& call) {
  const auto body = read_body(call.request);
  if (!body) return body.error();
  auto name = json::find_string(*body, "name");
  if (!name) return name.error();
  auto site = json::find_string(*body, "site");
  if (!site) return site.error();
  if (!*name || !*site) return Error{Errc::invalid, "a gateway needs a 'name' and a 'site'"};
  auto tenants = read_tenants(catalog, *body);
  if (!tenants) return tenants.error();
  if (!*tenants) {
    auto by_default = catalog.tenants.default_tenant();
    if (!by_default) return by_default.error();
    *tenants = {std::move(*by_default)};
  }
  const auto made = fleet.create(**name, domain::SiteId(**site), std::move(**tenants));
  if (!made) return made.error();
  return with_token(201, made->gateway, made->token);
}

Result<http::Response> get(const Catalog& catalog, const Call& call) {
  const auto gateway = existing(catalog, call.arguments.front());
  if (!gateway) return gateway.error();
  return json_answer(200, write_gateway(*gateway));
}

// Another site or other tenants are another scope: the gateway gets a snapshot of it.
Result<http::Response> put(Catalog& catalog, const Call& call) {
  auto gateway = existing(catalog, call.arguments.front());
  if (!gateway) return gateway.error();
  const std::string etag = etag_of(gateway->version, gateway->record.stamps.created);
  if (const auto fits = check_if_match(call.request, etag); !fits) return fits.error();
  const auto body = read_body(call.request);
  if (!body) return body.error();
  if (gateway->record.status == domain::GatewayStatus::removed) {
    return Error{Errc::conflict, "gateway " + gateway->record.name + " was removed"};
  }
  auto name = json::find_string(*body, "name");
  if (!name) return name.error();
  if (*name) gateway->record.name = std::move(**name);
  const auto site = json::find_string(*body, "site");
  if (!site) return site.error();
  const auto tenants = read_tenants(catalog, *body);
  if (!tenants) return tenants.error();
  const domain::SiteId before = gateway->record.site;
  const std::vector<domain::IdScope> served = gateway->record.tenants;
  if (*site) gateway->record.site = domain::SiteId(**site);
  if (*tenants) gateway->record.tenants = **tenants;
  if (gateway->record.site != before || gateway->record.tenants != served) {
    ++gateway->record.scope_version;
  }
  const auto written = catalog.gateways.put(std::move(gateway->record), gateway->version);
  if (!written) return written.error();
  return json_answer(200, write_gateway(*written));
}

Result<http::Response> change(const Catalog& catalog, const Call& call,
                              const std::function<Result<void>(const domain::GatewayId&)>& how) {
  const auto gateway = existing(catalog, call.arguments.front());
  if (!gateway) return gateway.error();
  if (const auto changed = how(gateway->record.gateway_id); !changed) return changed.error();
  const auto now = existing(catalog, gateway->record.gateway_id.str());
  if (!now) return now.error();
  return json_answer(200, write_gateway(*now));
}

Result<http::Response> remove(const Catalog& catalog, Fleet& fleet, const Call& call) {
  const auto gateway = existing(catalog, call.arguments.front());
  if (!gateway) return gateway.error();
  const auto removed = fleet.remove(gateway->record.gateway_id);
  if (!removed) return removed.error();
  return empty_answer();
}

Result<http::Response> create_token(const Catalog& catalog, Joining& joining, const Call& call) {
  const auto gateway = existing(catalog, call.arguments.front());
  if (!gateway) return gateway.error();
  const auto token = joining.create_token(gateway->record.gateway_id);
  if (!token) return token.error();
  const auto now = existing(catalog, gateway->record.gateway_id.str());
  if (!now) return now.error();
  return with_token(200, *now, *token);
}

Result<http::Response> join(Joining& joining, const Call& call) {
  const auto request = json::read_join_request(call.request.body);
  if (!request) return request.error();
  const auto reply = joining.join(*request);
  if (!reply) return reply.error();
  http::Response response;
  response.headers.set("content-type", "application/json; charset=utf-8");
  response.body = json::write(*reply);
  return response;
}

}  // namespace

std::vector<Endpoint> gateway_endpoints(Catalog& catalog, Fleet& fleet, Joining& joining) {
  const std::string collection = "/berth/v1/gateways";
  const std::string single = collection + "/{gateway}";
  const Access access = operator_only();
  return {
      {"GET", collection, access, false, [&](const Call&) { return list(catalog); }},
      {"POST", collection, access, false,
       [&](const Call& call) { return create(catalog, fleet, call); }},
      {"GET", single, access, false, [&](const Call& call) { return get(catalog, call); }},
      {"PUT", single, access, false, [&](const Call& call) { return put(catalog, call); }},
      {"DELETE", single, access, false,
       [&](const Call& call) { return remove(catalog, fleet, call); }},
      {"POST", single + "/disable", access, false,
       [&](const Call& call) {
         return change(catalog, call, [&](const auto& id) { return fleet.disable(id); });
       }},
      {"POST", single + "/enable", access, false,
       [&](const Call& call) {
         return change(catalog, call, [&](const auto& id) { return fleet.enable(id); });
       }},
      {"POST", single + "/joinToken", access, false,
       [&](const Call& call) { return create_token(catalog, joining, call); }},
      {"POST", "/berth/v1/gateways:join", anyone(), false,
       [&](const Call& call) { return join(joining, call); }},
  };
}

}  // namespace berth::coordinator
