#include "tools/cli/enrollment_record.hpp"

#include <string>
#include <utility>

#include <boost/json/array.hpp>

#include "shared/json/certificate_text.hpp"
#include "shared/json/json_text.hpp"
#include "tools/cli/requests.hpp"

namespace berth::cli {
namespace {

namespace bj = boost::json;

constexpr const char* kTpmGroup = "tpmGroup";

const char* certificates_of(EnrollmentKind kind) {
  return kind == EnrollmentKind::individual ? "clientCertificates" : "signingCertificates";
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

Result<void> set_x509(bj::object& attestation, const EnrollmentOptions& o, EnrollmentKind kind) {
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

// A group of TPMs (docs/attestation/tpm.md): by its list, and by the CAs that are named.
Result<void> set_tpm_group(bj::object& attestation, const EnrollmentOptions& o) {
  bj::object& group = inner(attestation, kTpmGroup);
  if (o.tpm_ca_paths.empty()) return {};
  bj::array certificates;
  for (const std::string& path : o.tpm_ca_paths) {
    auto text = read_file(path, json::kMaxCertificateText);
    if (!text) return text.error();
    bj::object entry;
    entry["certificate"] = *text;
    certificates.push_back(std::move(entry));
  }
  group["certificates"] = std::move(certificates);
  return {};
}

// The type that the options mean: what they say, or else what they name.
std::string type_of(const EnrollmentOptions& o, const std::string& present) {
  if (!o.attestation_type.empty()) return o.attestation_type;
  if (names_certificates(o) || names_cas(o) || removes_certificates(o)) return "x509";
  if (!o.endorsement_key.empty() || !o.tpm_ca_paths.empty()) return "tpm";
  if (names_keys(o)) return "symmetricKey";
  return present;
}

Result<void> set_attestation(bj::object& record, const EnrollmentOptions& o, EnrollmentKind kind) {
  if (names_certificates(o) && names_cas(o)) {
    return wrong_usage("give certificate paths or CA names, not both");
  }
  bj::object& attestation = inner(record, "attestation");
  auto present = json::find_string(attestation, "type");
  if (!present) return present.error();
  // Which answers show as symmetricKey.
  if (attestation.contains(kTpmGroup)) *present = "tpm";
  const std::string type =
      type_of(o, present->value_or(kind == EnrollmentKind::group ? "symmetricKey" : ""));
  if (type.empty()) {
    return wrong_usage("say how the device attests: --attestation-type symmetricKey, x509 or tpm");
  }
  if (type == "symmetricKey" && attestation.contains(kTpmGroup) && !names_keys(o)) {
    // Without keys it says "as it is" (docs/attestation/tpm.md): the service would change nothing.
    return wrong_usage("to make a group of TPMs one by symmetric key, give --primary-key");
  }
  if (*present && **present != type) attestation.clear();
  attestation["type"] = type;
  if (type == "x509") {
    if (!*present && !names_certificates(o) && !names_cas(o)) {
      return wrong_usage("x509 attestation needs --certificate-path");
    }
    return set_x509(attestation, o, kind);
  }
  if (type == "tpm" && kind == EnrollmentKind::group) return set_tpm_group(attestation, o);
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

}  // namespace

const char* id_member_of(EnrollmentKind kind) {
  return kind == EnrollmentKind::individual ? "registrationId" : "enrollmentGroupId";
}

Result<void> apply_options(const EnrollmentOptions& o, EnrollmentKind kind, bj::object& record) {
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

}  // namespace berth::cli
