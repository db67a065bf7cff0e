#include "coordinator/api/service_api.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <boost/json/array.hpp>

#include "coordinator/api/answers.hpp"
#include "coordinator/api/enrollment_operations.hpp"
#include "coordinator/api/paging.hpp"
#include "coordinator/store/etag.hpp"
#include "shared/json/registration_json.hpp"

namespace berth::coordinator {
namespace {

constexpr std::string_view kFirstVersion = "2018-04-01";
constexpr std::array<std::string_view, 11> kApiVersions{
    kFirstVersion,        "2018-09-01-preview", "2019-03-31",         "2021-10-01",
    "2021-11-01-preview", "2025-07-01-preview", "2026-04-01",         "2026-07-01-preview",
    "2026-11-01",         "2026-11-02-preview", "2026-11-15-preview",
};

std::string etag_content(const Versioned<domain::Registration>& registration) {
  const std::string etag = etag_of(registration.version, registration.record.created);
  return etag.substr(1, etag.size() - 2);
}

struct Individuals {
  using Record = domain::IndividualEnrollment;
  using Id = domain::RegistrationId;
  static constexpr std::string_view kIdMember = "registrationId";
  static constexpr std::string_view kBulkMember = "enrollments";
  static constexpr std::string_view kItemType = "Enrollment";
  static constexpr Errc kNotFound = Errc::not_found;

  static const Id& id_of(const Record& record) { return record.registration_id; }
  static auto find(const Catalog& catalog, const domain::IdScope& tenant, const Id& id) {
    return catalog.enrollments.individual(tenant, id);
  }
  static auto list(const Catalog& catalog, const domain::IdScope& tenant,
                   const std::string& continuation, std::size_t limit) {
    return catalog.enrollments.individuals(tenant, continuation, limit);
  }
  static auto read(const json::EnrollmentJson& json, const boost::json::object& body,
                   const Record* stored, json::Dialect dialect) {
    return json.read_individual(body, stored, dialect);
  }
  // A single record shows its registration; rows of a query do not (service API 1.7).
  static Result<void> add_to_single(const Catalog& catalog, const domain::IdScope& tenant,
                                    const Id& id, boost::json::object& body) {
    const auto registration = catalog.registrations.state(tenant, id);
    if (!registration) return registration.error();
    if (*registration) {
      body["registrationState"] =
          json::registration_state((*registration)->record, etag_content(**registration));
    }
    return {};
  }
};

struct Groups {
  using Record = domain::EnrollmentGroup;
  using Id = domain::EnrollmentGroupId;
  static constexpr std::string_view kIdMember = "enrollmentGroupId";
  static constexpr std::string_view kBulkMember = "enrollmentGroups";
  static constexpr std::string_view kItemType = "EnrollmentGroup";
  static constexpr Errc kNotFound = Errc::group_not_found;

  static const Id& id_of(const Record& record) { return record.group_id; }
  static auto find(const Catalog& catalog, const domain::IdScope& tenant, const Id& id) {
    return catalog.enrollments.group(tenant, id);
  }
  static auto list(const Catalog& catalog, const domain::IdScope& tenant,
                   const std::string& continuation, std::size_t limit) {
    return catalog.enrollments.groups(tenant, continuation, limit);
  }
  static auto read(const json::EnrollmentJson& json, const boost::json::object& body,
                   const Record* stored, json::Dialect dialect) {
    return json.read_group(body, stored, dialect);
  }
  static Result<void> add_to_single(const Catalog&, const domain::IdScope&, const Id&,
                                    boost::json::object&) {
    return {};
  }
};

template <class Kind>
void add_enrollment_endpoints(std::vector<Endpoint>& endpoints, const std::string& collection,
                              std::shared_ptr<EnrollmentOperations<Kind>> operations) {
  const Access read = tenant_with(domain::AccessRight::enrollment_read);
  const Access write = tenant_with(domain::AccessRight::enrollment_write);
  const std::string single = collection + "/{id}";
  const auto add = [&](const char* method, const std::string& path, const Access& access,
                       auto operation) -> Endpoint& {
    return endpoints.emplace_back(Endpoint{
        method, path, access, true,
        [operations, operation](const Call& call) { return ((*operations).*operation)(call); }});
  };
  using Operations = EnrollmentOperations<Kind>;
  add("GET", single, read, &Operations::get);
  add("PUT", single, write, &Operations::put);
  add("DELETE", single, write, &Operations::erase);
  // It reveals keys (service API 1.10).
  add("POST", single + "/attestationmechanism", write, &Operations::attestation_mechanism)
      .shows_secrets = true;
  add("POST", collection + "/query", read, &Operations::query);
  add("POST", collection, write, &Operations::bulk);
}

}  // namespace

Result<json::Dialect> read_api_version(std::string_view text) {
  if (std::find(kApiVersions.begin(), kApiVersions.end(), text) != kApiVersions.end()) {
    return text == kFirstVersion ? json::Dialect::first : json::Dialect::current;
  }
  std::string accepted;
  for (const std::string_view version : kApiVersions) {
    if (!accepted.empty()) accepted += ", ";
    accepted += version;
  }
  return Error{Errc::invalid, "'api-version' must be one of " + accepted};
}

ServiceApi::ServiceApi(Catalog& catalog, ports::Crypto& crypto, ports::Entropy& entropy,
                       const HostRules& webhook_rules)
    : catalog_(catalog), json_(crypto, entropy), webhook_rules_(webhook_rules) {}

std::vector<Endpoint> ServiceApi::endpoints() {
  std::vector<Endpoint> endpoints;
  // Shared by the endpoints of one collection, which all go together.
  add_enrollment_endpoints(
      endpoints, "/enrollments",
      std::make_shared<EnrollmentOperations<Individuals>>(catalog_, json_, webhook_rules_));
  add_enrollment_endpoints(
      endpoints, "/enrollmentGroups",
      std::make_shared<EnrollmentOperations<Groups>>(catalog_, json_, webhook_rules_));
  const Access read = tenant_with(domain::AccessRight::registration_status_read);
  const Access write = tenant_with(domain::AccessRight::registration_status_write);
  endpoints.push_back({"GET", "/registrations/{id}", read, true,
                       [this](const Call& call) { return get_registration(call); }});
  endpoints.push_back({"DELETE", "/registrations/{id}", write, true,
                       [this](const Call& call) { return delete_registration(call); }});
  endpoints.push_back({"POST", "/registrations/{enrollmentGroupId}/query", read, true,
                       [this](const Call& call) { return query_registrations(call); }});
  return endpoints;
}

Result<http::Response> ServiceApi::get_registration(const Call& call) const {
  const auto id = domain::RegistrationId::parse(call.arguments.front());
  if (!id) return id.error();
  const auto registration = catalog_.registrations.state(call.tenant, *id);
  if (!registration) return registration.error();
  if (!*registration) return Error{Errc::not_found, "'" + id->str() + "' has no registration"};
  return json_answer(
      200, json::registration_state((*registration)->record, etag_content(**registration)));
}

Result<http::Response> ServiceApi::delete_registration(const Call& call) {
  const auto id = domain::RegistrationId::parse(call.arguments.front());
  if (!id) return id.error();
  const auto registration = catalog_.registrations.state(call.tenant, *id);
  if (!registration) return registration.error();
  if (!*registration) return Error{Errc::not_found, "'" + id->str() + "' has no registration"};
  const std::string_view if_match = call.request.headers.get("if-match");
  if (!if_match.empty() && !etag_matches(if_match, etag_content(**registration))) {
    return Error{Errc::version_mismatch,
                 "the registration of '" + id->str() + "' was changed; read it again"};
  }
  const auto erased = catalog_.registrations.erase(call.tenant, *id, (*registration)->version);
  if (!erased) return erased.error();
  return empty_answer();
}

Result<http::Response> ServiceApi::query_registrations(const Call& call) const {
  const auto group = domain::EnrollmentGroupId::parse(call.arguments.front());
  if (!group) return group.error();
  const auto page = read_page_request(call.request.headers.get("x-ms-max-item-count"),
                                      call.request.headers.get("x-ms-continuation"));
  if (!page) return page.error();
  const auto listing =
      catalog_.registrations.states_of_group(call.tenant, *group, page->continuation, page->size);
  if (!listing) return listing.error();
  boost::json::array rows;
  for (const Versioned<domain::Registration>& row : listing->records) {
    rows.push_back(json::registration_state(row.record, etag_content(row)));
  }
  http::Response response = json_answer(200, rows);
  add_page_headers(response, "DeviceRegistration", *page, listing->continuation);
  return response;
}

}  // namespace berth::coordinator
