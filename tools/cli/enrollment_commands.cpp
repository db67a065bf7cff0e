#include <utility>

#include "shared/json/certificate_text.hpp"
#include "shared/json/json_text.hpp"
#include "tools/cli/commands.hpp"
#include "tools/cli/requests.hpp"

// Enrollments and groups (service API 4.5). An update reads the record, changes what the options
// say and writes it back, so that what they don't say stays.
namespace berth::cli {
namespace {

namespace bj = boost::json;

enum class Kind : std::uint8_t { individual, group };

constexpr const char* kEnrollments = "/enrollments";
constexpr const char* kGroups = "/enrollmentGroups";

const char* collection_of(Kind kind) {
  return kind == Kind::individual ? kEnrollments : kGroups;
}

const char* id_member_of(Kind kind) {
  return kind == Kind::individual ? "registrationId" : "enrollmentGroupId";
}

const char* certificates_of(Kind kind) {
  return kind == Kind::individual ? "clientCertificates" : "signingCertificates";
}

Error wrong_usage(std::string reason) {
  return Error{Errc::invalid, std::move(reason)};
}

bool names_certificates(const EnrollmentOptions& o) {
  return !o.certificate_path.empty() || !o.secondary_certificate_path.empty();
}
bool names_cas(const EnrollmentOptions& o) {
  return !o.root_ca_name.empty() || !o.secondary_root_ca_name.empty();
}
bool removes_certificates(const EnrollmentOptions& o) {
  return o.remove_certificate || o.remove_secondary_certificate;
}
bool names_keys(const EnrollmentOptions& o) {
  return !o.primary_key.empty() || !o.secondary_key.empty();
}

Result<void> set_certificate(bj::object& slots, const char* slot, const std::string& path) {
  if (path.empty()) return {};
  auto text = read_file(path, json::kMaxCertificateText);
  if (!text) return text.error();
  slots[slot] = {{"certificate", *text}};
  return {};
}

// The object under `name`, made if it is not there.
bj::object& inner(bj::object& outer, std::string_view name) {
  bj::value& value = outer[name];
  if (!value.is_object()) value.emplace_object();
  return *value.if_object();
}

Result<void> set_x509(bj::object& attestation, const EnrollmentOptions& o, Kind kind) {
  bj::object& x509 = inner(attestation, "x509");
  if (names_cas(o)) {
    x509.clear();
    bj::object& names = inner(x509, "caReferences");
    if (!o.root_ca_name.empty()) names["primary"] = o.root_ca_name;
    if (!o.secondary_root_ca_name.empty()) names["secondary"] = o.secondary_root_ca_name;
    return {};
  }
  if (x509.if_contains(certificates_of(kind)) == nullptr) x509.clear();
  bj::object& slots = inner(x509, certificates_of(kind));
  if (o.remove_certificate) slots["primary"] = nullptr;
  if (o.remove_secondary_certificate) slots["secondary"] = nullptr;
  if (const auto set = set_certificate(slots, "primary", o.certificate_path); !set) {
    return set.error();
  }
  return set_certificate(slots, "secondary", o.secondary_certificate_path);
}

// The type that the options mean: what they say, or else what they name.
std::string type_of(const EnrollmentOptions& o, const std::string& present) {
  if (!o.attestation_type.empty()) return o.attestation_type;
  if (names_certificates(o) || names_cas(o) || removes_certificates(o)) return "x509";
  if (!o.endorsement_key.empty()) return "tpm";
  if (names_keys(o)) return "symmetricKey";
  return present;
}

Result<void> set_attestation(bj::object& record, const EnrollmentOptions& o, Kind kind) {
  if (names_certificates(o) && names_cas(o)) {
    return wrong_usage("give certificate paths or CA names, not both");
  }
  bj::object& attestation = inner(record, "attestation");
  const auto present = json::find_string(attestation, "type");
  if (!present) return present.error();
  const std::string type = type_of(o, present->value_or(kind == Kind::group ? "symmetricKey" : ""));
  if (type.empty()) {
    return wrong_usage("say how the device attests: --attestation-type symmetricKey, x509 or tpm");
  }
  if (*present && **present != type) attestation.clear();
  attestation["type"] = type;
  if (type == "x509") {
    if (!*present && !names_certificates(o) && !names_cas(o)) {
      return wrong_usage("x509 attestation needs --certificate-path");
    }
    return set_x509(attestation, o, kind);
  }
  if (type == "tpm") {
    if (!o.endorsement_key.empty()) {
      inner(attestation, "tpm")["endorsementKey"] = o.endorsement_key;
    } else if (!*present) {
      return wrong_usage("tpm attestation needs --endorsement-key");
    }
    return {};
  }
  if (names_keys(o)) {
    bj::object& keys = inner(attestation, "symmetricKey");
    if (!o.primary_key.empty()) keys["primaryKey"] = o.primary_key;
    if (!o.secondary_key.empty()) keys["secondaryKey"] = o.secondary_key;
  }
  return {};
}

Result<void> set_reprovision_policy(bj::object& record, const std::string& name) {
  if (name.empty()) return {};
  bool update = true;
  bool migrate = true;
  if (name == "reprovisionandresetdata") {
    migrate = false;
  } else if (name == "never") {
    update = false;
    migrate = false;
  }
  record["reprovisionPolicy"] = {{"updateHubAssignment", update}, {"migrateDeviceData", migrate}};
  return {};
}

Result<void> set_allocation(bj::object& record, const EnrollmentOptions& o) {
  if (o.allocation_policy == "static" && o.iot_hubs.size() > 1) {
    return wrong_usage("the allocation policy static takes one hub");
  }
  if (o.webhook_url.empty() != o.api_version.empty()) {
    return wrong_usage("a webhook needs both --webhook-url and --api-version");
  }
  if (!o.allocation_policy.empty()) {
    record["allocationPolicy"] = o.allocation_policy;
    record.erase("iotHubHostName");
  }
  if (!o.iot_hubs.empty()) {
    bj::array hubs;
    for (const std::string& hub : o.iot_hubs) hubs.emplace_back(hub);
    record["iotHubs"] = std::move(hubs);
  }
  if (!o.webhook_url.empty()) {
    record["customAllocationDefinition"] = {{"webhookUrl", o.webhook_url},
                                            {"apiVersion", o.api_version}};
  }
  return {};
}

Result<void> set_twin(bj::object& record, const EnrollmentOptions& o) {
  if (!o.initial_twin_tags.empty()) {
    auto tags = read_json_option("--initial-twin-tags", o.initial_twin_tags);
    if (!tags) return tags.error();
    inner(record, "initialTwin")["tags"] = std::move(*tags);
  }
  if (!o.initial_twin_properties.empty()) {
    auto desired = read_json_option("--initial-twin-properties", o.initial_twin_properties);
    if (!desired) return desired.error();
    inner(inner(record, "initialTwin"), "properties")["desired"] = std::move(*desired);
  }
  if (!o.device_information.empty()) {
    auto information = read_json_option("--device-information", o.device_information);
    if (!information) return information.error();
    record["optionalDeviceInformation"] = std::move(*information);
  }
  return {};
}

Result<void> apply(bj::object& record, const EnrollmentOptions& o, Kind kind) {
  record[id_member_of(kind)] = o.id;
  if (const auto set = set_attestation(record, o, kind); !set) return set.error();
  if (!o.device_id.empty()) record["deviceId"] = o.device_id;
  if (const auto set = set_twin(record, o); !set) return set.error();
  if (!o.provisioning_status.empty()) record["provisioningStatus"] = o.provisioning_status;
  if (const auto set = set_reprovision_policy(record, o.reprovision_policy); !set) {
    return set.error();
  }
  if (const auto set = set_allocation(record, o); !set) return set.error();
  if (o.edge_enabled) record["capabilities"] = {{"iotEdge", *o.edge_enabled}};
  if (!o.sites.empty()) {
    bj::array sites;
    for (const std::string& site : o.sites) sites.emplace_back(site);
    record["sites"] = std::move(sites);
  }
  return {};
}

Result<Output> create(ServiceClient& client, const EnrollmentOptions& o, Kind kind) {
  bj::object record;
  if (const auto applied = apply(record, o, kind); !applied) return applied.error();
  return send_record(client, "PUT", path_of(collection_of(kind), o.id), std::move(record));
}

Result<Output> update(ServiceClient& client, const EnrollmentOptions& o, Kind kind) {
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
  if (const auto applied = apply(*record, o, kind); !applied) return applied.error();
  return send_record(client, "PUT", path, std::move(*record), etag);
}

Result<Output> show(ServiceClient& client, const NamedOptions& o, Kind kind) {
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

Result<Output> list(ServiceClient& client, const ListOptions& o, Kind kind) {
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

Result<Output> remove(ServiceClient& client, const NamedOptions& o, Kind kind) {
  return delete_record(client, path_of(collection_of(kind), o.id), o.etag,
                       "deleted " + o.id + "; devices that registered stay in their hubs");
}

}  // namespace

Result<Output> create_enrollment(ServiceClient& client, const EnrollmentOptions& o) {
  return create(client, o, Kind::individual);
}
Result<Output> update_enrollment(ServiceClient& client, const EnrollmentOptions& o) {
  return update(client, o, Kind::individual);
}
Result<Output> show_enrollment(ServiceClient& client, const NamedOptions& o) {
  return show(client, o, Kind::individual);
}
Result<Output> list_enrollments(ServiceClient& client, const ListOptions& o) {
  return list(client, o, Kind::individual);
}
Result<Output> delete_enrollment(ServiceClient& client, const NamedOptions& o) {
  return remove(client, o, Kind::individual);
}
Result<Output> create_group(ServiceClient& client, const EnrollmentOptions& o) {
  return create(client, o, Kind::group);
}
Result<Output> update_group(ServiceClient& client, const EnrollmentOptions& o) {
  return update(client, o, Kind::group);
}
Result<Output> show_group(ServiceClient& client, const NamedOptions& o) {
  return show(client, o, Kind::group);
}
Result<Output> list_groups(ServiceClient& client, const ListOptions& o) {
  return list(client, o, Kind::group);
}
Result<Output> delete_group(ServiceClient& client, const NamedOptions& o) {
  return remove(client, o, Kind::group);
}

}  // namespace berth::cli
