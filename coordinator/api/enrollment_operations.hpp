// The operations that the service API has for individual enrollments and for enrollment groups
// alike (service API 1.2, rows 1 to 6 and 7 to 12), written once. A Kind says what differs.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "coordinator/api/answers.hpp"
#include "coordinator/api/endpoint.hpp"
#include "coordinator/api/enrollment_rules.hpp"
#include "coordinator/api/limits.hpp"
#include "coordinator/api/paging.hpp"
#include "coordinator/api/service_api.hpp"
#include "coordinator/store/catalog.hpp"
#include "coordinator/store/etag.hpp"
#include "shared/base/encoding.hpp"
#include "shared/json/enrollment_json.hpp"
#include "shared/json/json_text.hpp"

namespace berth::coordinator {

enum class BulkMode : std::uint8_t { create, update, update_if_match, erase };

// Modes in any letter case: Node's own type definition spells one differently (service API 1.8).
[[nodiscard]] inline Result<BulkMode> read_bulk_mode(std::string_view text) {
  if (equals_ignoring_case(text, "create")) return BulkMode::create;
  if (equals_ignoring_case(text, "update")) return BulkMode::update;
  if (equals_ignoring_case(text, "updateIfMatchETag")) return BulkMode::update_if_match;
  if (equals_ignoring_case(text, "delete")) return BulkMode::erase;
  return Error{Errc::invalid, "'mode' must be create, update, updateIfMatchETag or delete"};
}

template <class Kind>
class EnrollmentOperations {
 public:
  using Record = typename Kind::Record;
  using Id = typename Kind::Id;

  EnrollmentOperations(Catalog& catalog, const json::EnrollmentJson& json,
                       const HostRules& webhook_rules)
      : catalog_(catalog), json_(json), webhook_rules_(webhook_rules) {}

  Result<http::Response> get(const Call& call) const {
    const auto id = parse_id(call.arguments.front());
    if (!id) return id.error();
    const auto stored = existing(call.tenant, *id);
    if (!stored) return stored.error();
    boost::json::object body = json_.write(stored->record, etag(*stored), json::Keys::hidden);
    const auto added = Kind::add_to_single(catalog_, call.tenant, *id, body);
    if (!added) return added.error();
    return json_answer(200, body);
  }

  // Without If-Match only what is not there is written; with it, only what is (service API 1.6).
  Result<http::Response> put(const Call& call) {
    const auto id = parse_id(call.arguments.front());
    if (!id) return id.error();
    const auto body = read_body(call.request);
    if (!body) return body.error();
    const auto dialect = read_api_version(call.target.parameter("api-version"));
    if (!dialect) return dialect.error();
    const std::string_view if_match = call.request.headers.get("if-match");
    const auto written = if_match.empty() ? create(call.tenant, *id, *body, *dialect)
                                          : update(call.tenant, *id, *body, *dialect, if_match);
    if (!written) return written.error();
    return json_answer(200, json_.write(written->record, etag(*written), json::Keys::shown));
  }

  Result<http::Response> erase(const Call& call) {
    const auto id = parse_id(call.arguments.front());
    if (!id) return id.error();
    const std::string_view if_match = call.request.headers.get("if-match");
    const auto erased = erase_record(call.tenant, *id, if_match.empty() ? kAnyEtag : if_match);
    if (!erased) return erased.error();
    return empty_answer();
  }

  Result<http::Response> attestation_mechanism(const Call& call) const {
    const auto id = parse_id(call.arguments.front());
    if (!id) return id.error();
    const auto stored = existing(call.tenant, *id);
    if (!stored) return stored.error();
    return json_answer(200, json_.write(stored->record.attestation, json::Keys::shown));
  }

  // The text of the query is ignored, as DPS does: every record is given (service API 1.7).
  Result<http::Response> query(const Call& call) const {
    if (const auto body = read_body(call.request); !body) return body.error();
    const auto page = read_page_request(call.request.headers.get("x-ms-max-item-count"),
                                        call.request.headers.get("x-ms-continuation"));
    if (!page) return page.error();
    const auto listing = Kind::list(catalog_, call.tenant, page->continuation, page->size);
    if (!listing) return listing.error();
    boost::json::array rows;
    for (const Versioned<Record>& row : listing->records) {
      rows.push_back(json_.write(row.record, etag(row), json::Keys::hidden));
    }
    http::Response response = json_answer(200, rows);
    add_page_headers(response, Kind::kItemType, *page, listing->continuation);
    return response;
  }

  // Items succeed or fail one by one; a request that names an ID twice fails whole (service
  // API 1.8).
  Result<http::Response> bulk(const Call& call) {
    const auto body = read_body(call.request);
    if (!body) return body.error();
    const auto dialect = read_api_version(call.target.parameter("api-version"));
    if (!dialect) return dialect.error();
    const auto mode_text = json::find_string(*body, "mode");
    if (!mode_text) return mode_text.error();
    const auto items = json::find_array(*body, Kind::kBulkMember);
    if (!items) return items.error();
    if (!*mode_text || *items == nullptr) {
      return Error{Errc::invalid,
                   "a bulk request needs 'mode' and '" + std::string(Kind::kBulkMember) + "'"};
    }
    const auto mode = read_bulk_mode(**mode_text);
    if (!mode) return mode.error();
    const auto ids = ids_of(**items);
    if (!ids) return ids.error();

    boost::json::array errors;
    for (std::size_t i = 0; i < ids->size(); ++i) {
      const boost::json::object& item = *(**items)[i].if_object();
      const auto done = run_item(call.tenant, *mode, (*ids)[i], item, *dialect);
      if (done) continue;
      const Failure failure = describe(done.error());
      boost::json::object error;
      error[Kind::kIdMember] = (*ids)[i];
      error["errorCode"] = failure.error_code;
      error["errorStatus"] = failure.message;
      errors.push_back(std::move(error));
    }
    boost::json::object result;
    result["isSuccessful"] = errors.empty();
    result["errors"] = std::move(errors);
    return json_answer(200, result);
  }

 private:
  static constexpr std::string_view kAnyEtag = "*";

  static std::string etag(const Versioned<Record>& record) {
    return etag_of(record.version, record.record.stamps.created);
  }

  static Result<Id> parse_id(std::string_view text) {
    auto id = Id::parse(text);
    if (!id) return Error{Errc::invalid, std::string(Kind::kIdMember) + ": " + id.error().reason};
    return id;
  }

  // Errc::not_found, or its sister for groups, if there is none.
  Result<Versioned<Record>> existing(const domain::IdScope& tenant, const Id& id) const {
    auto stored = Kind::find(catalog_, tenant, id);
    if (!stored) return stored.error();
    if (!*stored) return Error{Kind::kNotFound, "'" + id.str() + "' does not exist"};
    return std::move(**stored);
  }

  Result<Versioned<Record>> matching(const domain::IdScope& tenant, const Id& id,
                                     std::string_view if_match) const {
    auto stored = existing(tenant, id);
    if (!stored) return stored.error();
    if (!etag_matches(if_match, etag(*stored))) {
      return Error{Errc::version_mismatch, "'" + id.str() + "' was changed; read it again"};
    }
    return stored;
  }

  Result<Versioned<Record>> create(const domain::IdScope& tenant, const Id& id,
                                   const boost::json::object& body, json::Dialect dialect) {
    const auto stored = Kind::find(catalog_, tenant, id);
    if (!stored) return stored.error();
    if (*stored) {
      return Error{Errc::already_exists,
                   "'" + id.str() + "' exists; send its etag in If-Match to replace it"};
    }
    return write(tenant, id, body, nullptr, 0, dialect);
  }

  Result<Versioned<Record>> update(const domain::IdScope& tenant, const Id& id,
                                   const boost::json::object& body, json::Dialect dialect,
                                   std::string_view if_match) {
    const auto stored = matching(tenant, id, if_match);
    if (!stored) return stored.error();
    return write(tenant, id, body, &stored->record, stored->version, dialect);
  }

  Result<Versioned<Record>> write(const domain::IdScope& tenant, const Id& id,
                                  const boost::json::object& body, const Record* stored,
                                  std::uint64_t version, json::Dialect dialect) {
    auto record = Kind::read(json_, body, stored, dialect);
    if (!record) return record.error();
    if (Kind::id_of(*record) != id) {
      return Error{Errc::invalid,
                   "'" + std::string(Kind::kIdMember) + "' is not the ID in the path"};
    }
    const auto allowed = check_enrollment(tenant, record->attestation, record->provisioning,
                                          catalog_, webhook_rules_);
    if (!allowed) return allowed.error();
    return catalog_.enrollments.put(tenant, std::move(*record), version);
  }

  Result<void> erase_record(const domain::IdScope& tenant, const Id& id,
                            std::string_view if_match) {
    const auto stored = matching(tenant, id, if_match);
    if (!stored) return stored.error();
    return catalog_.enrollments.erase(tenant, id, stored->version);
  }

  // The IDs of all items, as they are spelled. Errors of items name them, so that an item without
  // one is an error of the request.
  static Result<std::vector<std::string>> ids_of(const boost::json::array& items) {
    if (items.size() > kMaxBulkItems) {
      return Error{Errc::invalid,
                   "a bulk request has at most " + std::to_string(kMaxBulkItems) + " items"};
    }
    std::vector<std::string> ids;
    std::set<std::string> seen;
    for (const boost::json::value& value : items) {
      const boost::json::object* item = value.if_object();
      if (item == nullptr) return Error{Errc::malformed, "an item of a bulk request is an object"};
      auto text = json::find_string(*item, Kind::kIdMember);
      if (!text) return text.error();
      if (!*text || (*text)->empty()) {
        return Error{Errc::invalid,
                     "an item of a bulk request lacks '" + std::string(Kind::kIdMember) + "'"};
      }
      if (!seen.insert(to_lower(**text)).second) {
        return Error{Errc::invalid, "'" + **text + "' is in the request twice"};
      }
      ids.push_back(std::move(**text));
    }
    return ids;
  }

  Result<void> run_item(const domain::IdScope& tenant, BulkMode mode, const std::string& id_text,
                        const boost::json::object& item, json::Dialect dialect) {
    const auto id = parse_id(id_text);
    if (!id) return id.error();
    std::string_view if_match = kAnyEtag;
    std::optional<std::string> etag_text;
    switch (mode) {
      case BulkMode::erase: return erase_record(tenant, *id, kAnyEtag);
      case BulkMode::create: {
        const auto created = create(tenant, *id, item, dialect);
        return created ? Result<void>{} : created.error();
      }
      case BulkMode::update_if_match: {
        auto found = json::find_string(item, "etag");
        if (!found) return found.error();
        etag_text = std::move(*found);
        if (!etag_text || etag_text->empty()) {
          return Error{Errc::version_mismatch, "'" + id->str() + "' comes without its etag"};
        }
        if_match = *etag_text;
        break;
      }
      case BulkMode::update: break;
    }
    const auto updated = update(tenant, *id, item, dialect, if_match);
    return updated ? Result<void>{} : updated.error();
  }

  Catalog& catalog_;
  const json::EnrollmentJson& json_;
  HostRules webhook_rules_;
};

}  // namespace berth::coordinator
