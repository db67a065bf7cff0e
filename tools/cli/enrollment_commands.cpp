#include <utility>

#include "shared/json/json_text.hpp"
#include "tools/cli/commands.hpp"
#include "tools/cli/enrollment_record.hpp"
#include "tools/cli/requests.hpp"

// Enrollments and groups (service API 4.5). An update reads the record, changes what the options
// say and writes it back, so that what they don't say stays.
namespace berth::cli {
namespace {

namespace bj = boost::json;

constexpr const char* kEnrollments = "/enrollments";
constexpr const char* kGroups = "/enrollmentGroups";

const char* collection_of(EnrollmentKind kind) {
  return kind == EnrollmentKind::individual ? kEnrollments : kGroups;
}

Result<Output> create(ServiceClient& client, const EnrollmentOptions& o, EnrollmentKind kind) {
  bj::object record;
  if (const auto applied = apply_options(o, kind, record); !applied) return applied.error();
  return send_record(client, "PUT", path_of(collection_of(kind), o.id), std::move(record));
}

Result<Output> update(ServiceClient& client, const EnrollmentOptions& o, EnrollmentKind kind) {
  const std::string path = path_of(collection_of(kind), o.id);
  auto record = fetch_record(client, path);
  if (!record) return record.error();
  // Without --etag the write counts only if the record is still the one that was read.
  std::string etag = o.etag;
  if (etag.empty()) {
    const auto read = json::find_string(*record, "etag");
    if (!read) return read.error();
    etag = read->value_or("*");
  }
  if (const auto applied = apply_options(o, kind, *record); !applied) return applied.error();
  return send_record(client, "PUT", path, std::move(*record), etag);
}

Result<Output> show(ServiceClient& client, const NamedOptions& o, EnrollmentKind kind) {
  auto record = fetch_record(client, path_of(collection_of(kind), o.id));
  if (!record) return record.error();
  if (o.show_keys) {
    auto attestation =
        client.call("POST", path_of(collection_of(kind), o.id, "attestationmechanism"));
    if (!attestation) return attestation.error();
    (*record)["attestation"] = std::move(attestation->body);
  }
  return Output{std::move(*record), {}, {}};
}

Result<Output> list(ServiceClient& client, const ListOptions& o, EnrollmentKind kind) {
  auto rows = query_rows(client, std::string(collection_of(kind)) + "/query", o.top);
  if (!rows) return rows.error();
  Output output;
  output.value = std::move(*rows);
  output.columns = {{"ID", id_member_of(kind)},
                    {"ATTESTATION", "attestation.type"},
                    {"STATUS", "provisioningStatus"},
                    {"ALLOCATION", "allocationPolicy"},
                    {"HUBS", "iotHubs"},
                    {"UPDATED", "lastUpdatedDateTimeUtc"}};
  return output;
}

Result<Output> remove(ServiceClient& client, const NamedOptions& o, EnrollmentKind kind) {
  return delete_record(client, path_of(collection_of(kind), o.id), o.etag,
                       "deleted " + o.id + "; devices that registered stay in their hubs");
}

}  // namespace

Result<Output> create_enrollment(ServiceClient& client, const EnrollmentOptions& o) {
  return create(client, o, EnrollmentKind::individual);
}
Result<Output> update_enrollment(ServiceClient& client, const EnrollmentOptions& o) {
  return update(client, o, EnrollmentKind::individual);
}
Result<Output> show_enrollment(ServiceClient& client, const NamedOptions& o) {
  return show(client, o, EnrollmentKind::individual);
}
Result<Output> list_enrollments(ServiceClient& client, const ListOptions& o) {
  return list(client, o, EnrollmentKind::individual);
}
Result<Output> delete_enrollment(ServiceClient& client, const NamedOptions& o) {
  return remove(client, o, EnrollmentKind::individual);
}
Result<Output> create_group(ServiceClient& client, const EnrollmentOptions& o) {
  return create(client, o, EnrollmentKind::group);
}
Result<Output> update_group(ServiceClient& client, const EnrollmentOptions& o) {
  return update(client, o, EnrollmentKind::group);
}
Result<Output> show_group(ServiceClient& client, const NamedOptions& o) {
  return show(client, o, EnrollmentKind::group);
}
Result<Output> list_groups(ServiceClient& client, const ListOptions& o) {
  return list(client, o, EnrollmentKind::group);
}
Result<Output> delete_group(ServiceClient& client, const NamedOptions& o) {
  return remove(client, o, EnrollmentKind::group);
}

}  // namespace berth::cli
