// /berth/v1/enrollmentGroups/{id}/tpms: the TPMs that a group has on its list, as delivery notes
// name them (docs/attestation/tpm.md). DPS has no such groups; the group itself is the service
// API's.
#include <string>
#include <utility>
#include <vector>

#include <boost/json/array.hpp>

#include "coordinator/api/admin_api.hpp"
#include "coordinator/api/admin_json.hpp"
#include "coordinator/api/answers.hpp"
#include "coordinator/api/limits.hpp"
#include "coordinator/api/paging.hpp"
#include "shared/base/encoding.hpp"
#include "shared/domain/attestation/tpm.hpp"
#include "shared/json/json_text.hpp"

namespace berth::coordinator {
namespace {

namespace bj = boost::json;

constexpr std::size_t kHashSize = 32;

Result<Versioned<domain::EnrollmentGroup>> group_of(const Catalog& catalog, const Call& call) {
  const auto id = domain::EnrollmentGroupId::parse(call.arguments.front());
  if (!id) return id.error();
  auto stored = catalog.enrollments.group(call.tenant, *id);
  if (!stored) return stored.error();
  if (!*stored) return Error{Errc::group_not_found, "'" + id->str() + "' does not exist"};
  if (!std::holds_alternative<domain::TpmGroupAttestation>((*stored)->record.attestation)) {
    return Error{Errc::invalid, "'" + id->str() + "' is not a group of TPMs"};
  }
  return std::move(**stored);
}

Result<Bytes> read_hash(std::string_view text) {
  auto hash = from_hex(text);
  if (!hash || hash->size() != kHashSize) {
    return Error{Errc::invalid, "'endorsementKeyHash' is not a SHA-256 in 64 hex digits"};
  }
  return std::move(*hash);
}

// By the hash of its key, or by the key itself.
Result<Bytes> read_chip(const bj::object& item, ports::Crypto& crypto) {
  const auto hash = json::find_string(item, "endorsementKeyHash");
  if (!hash) return hash.error();
  const auto key = json::find_string(item, "endorsementKey");
  if (!key) return key.error();
  if (hash->has_value() == key->has_value()) {
    return Error{Errc::invalid, "a TPM has an 'endorsementKeyHash' or an 'endorsementKey'"};
  }
  if (*hash) return read_hash(**hash);
  const auto tpm2b = from_base64(**key);
  if (!tpm2b) return Error{Errc::invalid, "'endorsementKey' is not base64"};
  if (const auto fit = domain::check_endorsement_key(*tpm2b); !fit) {
    return Error{Errc::invalid, fit.error().reason};
  }
  return to_bytes(crypto.sha256(*tpm2b));
}

Result<domain::AdmittedTpm> read_tpm(const bj::value& value, ports::Crypto& crypto) {
  const bj::object* const item = value.if_object();
  if (item == nullptr) return Error{Errc::invalid, "a TPM is an object"};
  auto hash = read_chip(*item, crypto);
  if (!hash) return hash.error();
  domain::AdmittedTpm tpm;
  tpm.endorsement_key_sha256 = std::move(*hash);
  const auto id_text = json::find_string(*item, "registrationId");
  if (!id_text) return id_text.error();
  // The ID that its key makes anyway is none of its own.
  const bool has_own = *id_text && !(*id_text)->empty() &&
                       !equals_ignoring_case(**id_text, to_base32(tpm.endorsement_key_sha256));
  if (has_own) {
    auto id = domain::RegistrationId::parse(**id_text);
    if (!id) return Error{Errc::invalid, "registrationId: " + id.error().reason};
    tpm.registration_id = std::move(*id);
  }
  return tpm;
}

bj::object refusal(std::size_t index, const Error& error) {
  bj::object out;
  out["index"] = index;
  out["reason"] = error.reason;
  return out;
}

// Each TPM is admitted, was there, or is refused by itself.
Result<http::Response> admit(Catalog& catalog, ports::Crypto& crypto, const Call& call) {
  const auto group = group_of(catalog, call);
  if (!group) return group.error();
  const auto body = read_body(call.request);
  if (!body) return body.error();
  const auto items = json::find_array(*body, "tpms");
  if (!items) return items.error();
  if (*items == nullptr) return Error{Errc::invalid, "'tpms' is required"};
  if ((*items)->size() > kMaxTpmsPerRequest) {
    return Error{Errc::invalid,
                 "one request admits at most " + std::to_string(kMaxTpmsPerRequest) + " TPMs"};
  }
  bj::array refused;
  std::vector<domain::AdmittedTpm> delivery;
  std::vector<std::size_t> indices;
  for (std::size_t i = 0; i < (*items)->size(); ++i) {
    auto tpm = read_tpm((**items)[i], crypto);
    if (!tpm) {
      refused.push_back(refusal(i, tpm.error()));
      continue;
    }
    delivery.push_back(std::move(*tpm));
    indices.push_back(i);
  }
  const auto outcomes = catalog.admitted_tpms.admit(call.tenant, *group, delivery);
  if (!outcomes) return outcomes.error();
  std::size_t admitted = 0;
  std::size_t was_admitted = 0;
  for (std::size_t i = 0; i < outcomes->size(); ++i) {
    const auto& outcome = (*outcomes)[i];
    if (!outcome) {
      refused.push_back(refusal(indices[i], outcome.error()));
    } else if (*outcome == AdmittedTpms::Outcome::admitted) {
      ++admitted;
    } else {
      ++was_admitted;
    }
  }
  bj::object answer;
  answer["admitted"] = admitted;
  answer["alreadyAdmitted"] = was_admitted;
  answer["refused"] = std::move(refused);
  return json_answer(200, answer);
}

Result<http::Response> list(const Catalog& catalog, const Call& call) {
  const auto group = group_of(catalog, call);
  if (!group) return group.error();
  const auto page = read_page_request(call.target.parameter("maxItemCount"),
                                      call.target.parameter("continuation"));
  if (!page) return page.error();
  const auto listing = catalog.admitted_tpms.of_group(call.tenant, group->record.group_id,
                                                      page->continuation, page->size);
  if (!listing) return listing.error();
  bj::array rows;
  for (const auto& row : listing->records) rows.push_back(write_admitted_tpm(row.record));
  return list_answer(std::move(rows), listing->continuation);
}

Result<http::Response> erase(Catalog& catalog, const Call& call) {
  const auto group = group_of(catalog, call);
  if (!group) return group.error();
  const auto hash = read_hash(call.arguments.back());
  if (!hash) return hash.error();
  const auto erased = catalog.admitted_tpms.erase(call.tenant, group->record.group_id, *hash);
  if (!erased) return erased.error();
  return empty_answer();
}

}  // namespace

std::vector<Endpoint> admitted_tpm_endpoints(Catalog& catalog, ports::Crypto& crypto) {
  const std::string collection = "/berth/v1/enrollmentGroups/{enrollmentGroupId}/tpms";
  const Access read = tenant_with(domain::AccessRight::enrollment_read);
  const Access write = tenant_with(domain::AccessRight::enrollment_write);
  return {
      {"GET", collection, read, false, [&](const Call& call) { return list(catalog, call); }},
      {"POST", collection, write, false,
       [&](const Call& call) { return admit(catalog, crypto, call); }},
      {"DELETE", collection + "/{endorsementKeyHash}", write, false,
       [&](const Call& call) { return erase(catalog, call); }},
  };
}

}  // namespace berth::coordinator
