// /berth/v1/enrollments and /berth/v1/enrollmentGroups: whole records by pages, certificates with
// their text, such as the service API's bulk operations take. The service API itself shows only
// what certificates say (service API 2.4), so that nobody could carry them from one installation to
// another. Keys are for those who may write (service API 1.10).
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "coordinator/api/admin_api.hpp"
#include "coordinator/api/admin_json.hpp"
#include "coordinator/api/answers.hpp"
#include "coordinator/api/paging.hpp"
#include "coordinator/store/etag.hpp"
#include "shared/json/certificate_text.hpp"
#include "shared/json/enrollment_json.hpp"
#include "shared/json/tpm_group_json.hpp"

namespace berth::coordinator {
namespace {

namespace bj = boost::json;

void add_certificate(bj::object& x509, std::string_view use, std::string_view slot,
                     const Bytes& der) {
  if (der.empty()) return;
  bj::value& slots = x509[use];
  if (!slots.is_object()) slots.emplace_object();
  bj::value& holder = (*slots.if_object())[slot];
  if (!holder.is_object()) holder.emplace_object();
  (*holder.if_object())["certificate"] = json::write_certificate_text(der);
}

void add_x509_certificates(bj::object& mechanism, const domain::X509Attestation& x509) {
  std::string_view use;
  switch (x509.kind) {
    case domain::X509Attestation::Kind::client_certificates: use = "clientCertificates"; break;
    case domain::X509Attestation::Kind::signing_certificates: use = "signingCertificates"; break;
    case domain::X509Attestation::Kind::ca_references: return;
  }
  bj::value& members = mechanism["x509"];
  if (!members.is_object()) members.emplace_object();
  add_certificate(*members.if_object(), use, "primary", x509.primary);
  add_certificate(*members.if_object(), use, "secondary", x509.secondary);
}

void add_tpm_certificates(bj::object& mechanism, const domain::TpmGroupAttestation& group) {
  bj::array certificates;
  for (const Bytes& der : group.certificates) {
    bj::object certificate;
    certificate["certificate"] = json::write_certificate_text(der);
    certificates.push_back(std::move(certificate));
  }
  bj::value& members = mechanism[json::kTpmGroupMember];
  if (!members.is_object()) members.emplace_object();
  (*members.if_object())["certificates"] = std::move(certificates);
}

void add_certificates(bj::object& record, const domain::Attestation& attestation) {
  bj::value* value = record.if_contains("attestation");
  bj::object* mechanism = value == nullptr ? nullptr : value->if_object();
  if (mechanism == nullptr) return;
  if (const auto* x509 = std::get_if<domain::X509Attestation>(&attestation)) {
    add_x509_certificates(*mechanism, *x509);
  } else if (const auto* group = std::get_if<domain::TpmGroupAttestation>(&attestation)) {
    if (!group->certificates.empty()) add_tpm_certificates(*mechanism, *group);
  }
}

Result<PageRequest> page_of(const Call& call) {
  return read_page_request(call.target.parameter("maxItemCount"),
                           call.target.parameter("continuation"));
}

template <class Record>
http::Response answer(const Listing<Record>& listing, const json::EnrollmentJson& json,
                      json::Keys keys) {
  bj::array rows;
  for (const Versioned<Record>& row : listing.records) {
    bj::object record =
        json.write(row.record, etag_of(row.version, row.record.stamps.created), keys);
    add_certificates(record, row.record.attestation);
    rows.push_back(std::move(record));
  }
  return list_answer(std::move(rows), listing.continuation);
}

Result<http::Response> list_individuals(const Catalog& catalog, const json::EnrollmentJson& json,
                                        const Call& call, json::Keys keys) {
  const auto page = page_of(call);
  if (!page) return page.error();
  const auto listing = catalog.enrollments.individuals(call.tenant, page->continuation, page->size);
  if (!listing) return listing.error();
  return answer(*listing, json, keys);
}

Result<http::Response> list_groups(const Catalog& catalog, const json::EnrollmentJson& json,
                                   const Call& call, json::Keys keys) {
  const auto page = page_of(call);
  if (!page) return page.error();
  const auto listing = catalog.enrollments.groups(call.tenant, page->continuation, page->size);
  if (!listing) return listing.error();
  return answer(*listing, json, keys);
}

}  // namespace

std::vector<Endpoint> enrollment_list_endpoints(Catalog& catalog, ports::Crypto& crypto,
                                                ports::Entropy& entropy) {
  const Access read = tenant_with(domain::AccessRight::enrollment_read);
  const Access write = tenant_with(domain::AccessRight::enrollment_write);
  const json::EnrollmentJson json(crypto, entropy);
  return {
      {"GET", "/berth/v1/enrollments", read, false,
       [&catalog, json](const Call& call) {
         return list_individuals(catalog, json, call, json::Keys::hidden);
       }},
      {"POST", "/berth/v1/enrollments/listKeys", write, false,
       [&catalog, json](const Call& call) {
         return list_individuals(catalog, json, call, json::Keys::shown);
       },
       false, true},
      {"GET", "/berth/v1/enrollmentGroups", read, false,
       [&catalog, json](const Call& call) {
         return list_groups(catalog, json, call, json::Keys::hidden);
       }},
      {"POST", "/berth/v1/enrollmentGroups/listKeys", write, false,
       [&catalog, json](const Call& call) {
         return list_groups(catalog, json, call, json::Keys::shown);
       },
       false, true},
  };
}

}  // namespace berth::coordinator
