// /berth/v1/sites: named places with gateways, of the operator.
#include <string>
#include <utility>

#include <boost/json/array.hpp>

#include "coordinator/api/admin_api.hpp"
#include "coordinator/api/admin_json.hpp"
#include "coordinator/api/answers.hpp"
#include "shared/json/json_text.hpp"

namespace berth::coordinator {
namespace {

Result<http::Response> list(const Catalog& catalog) {
  const auto sites = catalog.gateways.sites();
  if (!sites) return sites.error();
  boost::json::array rows;
  for (const auto& site : *sites) rows.push_back(write_site(site));
  return list_answer(std::move(rows));
}

Result<http::Response> create(Catalog& catalog, const Call& call) {
  const auto body = read_body(call.request);
  if (!body) return body.error();
  auto name = json::find_string(*body, "siteId");
  if (!name) return name.error();
  const auto made = catalog.gateways.create_site(domain::SiteId(std::move(*name).value_or("")));
  if (!made) return made.error();
  return json_answer(201, write_site(*made));
}

// For scripts that want the site to be there, whoever made it.
Result<http::Response> put(Catalog& catalog, const Call& call) {
  const domain::SiteId name(call.arguments.front());
  const auto site = catalog.gateways.site(name);
  if (!site) return site.error();
  if (*site) return json_answer(200, write_site(**site));
  const auto made = catalog.gateways.create_site(name);
  if (!made) return made.error();
  return json_answer(201, write_site(*made));
}

Result<http::Response> get(const Catalog& catalog, const Call& call) {
  const auto site = catalog.gateways.site(domain::SiteId(call.arguments.front()));
  if (!site) return site.error();
  if (!*site) return Error{Errc::not_found, "there is no site '" + call.arguments.front() + "'"};
  return json_answer(200, write_site(**site));
}

Result<http::Response> erase(Catalog& catalog, const Call& call) {
  const auto erased = catalog.gateways.erase_site(domain::SiteId(call.arguments.front()));
  if (!erased) return erased.error();
  return empty_answer();
}

}  // namespace

std::vector<Endpoint> site_endpoints(Catalog& catalog) {
  const std::string collection = "/berth/v1/sites";
  const std::string single = collection + "/{siteId}";
  return {
      {"GET", collection, operator_only(), false, [&](const Call&) { return list(catalog); }},
      {"POST", collection, operator_only(), false,
       [&](const Call& call) { return create(catalog, call); }},
      {"GET", single, operator_only(), false, [&](const Call& call) { return get(catalog, call); }},
      {"PUT", single, operator_only(), false, [&](const Call& call) { return put(catalog, call); }},
      {"DELETE", single, operator_only(), false,
       [&](const Call& call) { return erase(catalog, call); }},
  };
}

}  // namespace berth::coordinator
