// /berth/v1/registrations: what DPS cannot list, all registrations of a tenant with what only the
// admin sees; and /berth/v1/quarantine, outcomes that could not be taken in.
#include <string>
#include <utility>

#include <boost/json/array.hpp>

#include "coordinator/api/admin_api.hpp"
#include "coordinator/api/admin_json.hpp"
#include "coordinator/api/answers.hpp"
#include "coordinator/api/paging.hpp"

namespace berth::coordinator {
namespace {

Result<PageRequest> page_of(const Call& call) {
  return read_page_request(call.target.parameter("maxItemCount"),
                           call.target.parameter("continuation"));
}

Result<http::Response> list(const Catalog& catalog, const Call& call) {
  const auto page = page_of(call);
  if (!page) return page.error();
  const std::string_view group_text = call.target.parameter("enrollmentGroupId");
  auto listing = [&]() -> Result<Listing<domain::Registration>> {
    if (group_text.empty()) {
      return catalog.registrations.states(call.tenant, page->continuation, page->size);
    }
    const auto group = domain::EnrollmentGroupId::parse(group_text);
    if (!group) return group.error();
    return catalog.registrations.states_of_group(call.tenant, *group, page->continuation,
                                                 page->size);
  }();
  if (!listing) return listing.error();
  boost::json::array rows;
  for (const auto& row : listing->records) rows.push_back(write_registration(row));
  return list_answer(std::move(rows), listing->continuation);
}

Result<http::Response> get(const Catalog& catalog, const Call& call) {
  const auto id = domain::RegistrationId::parse(call.arguments.front());
  if (!id) return id.error();
  const auto registration = catalog.registrations.state(call.tenant, *id);
  if (!registration) return registration.error();
  if (!*registration) return Error{Errc::not_found, "'" + id->str() + "' has no registration"};
  return json_answer(200, write_registration_with_decision(**registration));
}

Result<http::Response> list_quarantined(const Catalog& catalog, const Call& call) {
  const auto page = page_of(call);
  if (!page) return page.error();
  const auto listing = catalog.registrations.quarantined(page->continuation, page->size);
  if (!listing) return listing.error();
  boost::json::array rows;
  for (const auto& row : listing->records) rows.push_back(write_quarantined(row.record));
  return list_answer(std::move(rows), listing->continuation);
}

}  // namespace

std::vector<Endpoint> registration_endpoints(Catalog& catalog) {
  const Access read = tenant_with(domain::AccessRight::registration_status_read);
  return {
      {"GET", "/berth/v1/registrations", read, false,
       [&](const Call& call) { return list(catalog, call); }},
      {"GET", "/berth/v1/registrations/{registrationId}", read, false,
       [&](const Call& call) { return get(catalog, call); }},
  };
}

std::vector<Endpoint> quarantine_endpoints(Catalog& catalog) {
  return {
      {"GET", "/berth/v1/quarantine", operator_only(), false,
       [&](const Call& call) { return list_quarantined(catalog, call); }},
  };
}

}  // namespace berth::coordinator
