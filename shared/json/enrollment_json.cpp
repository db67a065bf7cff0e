#include "shared/json/enrollment_json.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include <boost/json/array.hpp>

#include "shared/base/encoding.hpp"
#include "shared/json/json_text.hpp"

namespace berth::json {
namespace {

namespace bj = boost::json;

constexpr std::size_t kMaxSiteNameLength = 64;

// Members of either kind that we understand, or that only answers carry. What belongs to the other
// kind is passed over (service API 2.2); everything else is kept and given back.
constexpr std::array<std::string_view, 19> kKnownMembers{"registrationId",
                                                         "deviceId",
                                                         "optionalDeviceInformation",
                                                         "enrollmentGroupId",
                                                         "attestation",
                                                         "capabilities",
                                                         "iotHubHostName",
                                                         "initialTwin",
                                                         "etag",
                                                         "provisioningStatus",
                                                         "reprovisionPolicy",
                                                         "createdDateTimeUtc",
                                                         "lastUpdatedDateTimeUtc",
                                                         "allocationPolicy",
                                                         "iotHubs",
                                                         "customAllocationDefinition",
                                                         "sites",
                                                         "registrationState",
                                                         "keyCustody"};

Error invalid(std::string reason) {
  return Error{Errc::invalid, std::move(reason)};
}

domain::JsonText unknown_members(const bj::object& body) {
  bj::object unknown;
  for (const auto& [name, value] : body) {
    if (!value.is_null() && !is_known_member(name)) unknown[name] = value;
  }
  return unknown.empty() ? domain::JsonText{} : to_text(&unknown);
}

Result<std::vector<std::string>> read_names(const bj::array& array, std::string_view member) {
  if (array.size() > kMaxListedNames) {
    return invalid("'" + std::string(member) + "' lists at most " +
                   std::to_string(kMaxListedNames) + " names");
  }
  std::vector<std::string> listed;
  for (const bj::value& value : array) {
    const bj::string* text = value.if_string();
    if (text == nullptr || text->empty() || text->size() > kMaxListedNameLength) {
      return invalid("'" + std::string(member) + "' must be an array of names of 1 to " +
                     std::to_string(kMaxListedNameLength) + " characters");
    }
    listed.emplace_back(text->data(), text->size());
  }
  return listed;
}

bool is_site_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxSiteNameLength &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_' || c == '.';
         });
}

Result<void> read_sites(const bj::object& body, domain::Provisioning& into) {
  const auto array = find_array(body, "sites");
  if (!array) return array.error();
  // Ours: Azure's SDKs do not send it back.
  if (*array == nullptr) return {};
  const auto listed = read_names(**array, "sites");
  if (!listed) return listed.error();
  into.sites.clear();
  for (const std::string& name : *listed) {
    if (!is_site_name(name)) return invalid("'sites' holds " + name + ", which is no site's name");
    into.sites.emplace_back(name);
  }
  return {};
}

Result<domain::InitialTwin> read_initial_twin(const bj::object& body) {
  domain::InitialTwin twin;
  const auto object = find_object(body, "initialTwin");
  if (!object) return object.error();
  if (*object == nullptr) return twin;
  const auto tags = find_object(**object, "tags");
  if (!tags) return tags.error();
  twin.tags = to_text(*tags);
  const auto properties = find_object(**object, "properties");
  if (!properties) return properties.error();
  if (*properties == nullptr) return twin;
  const auto desired = find_object(**properties, "desired");
  if (!desired) return desired.error();
  twin.desired = to_text(*desired);
  return twin;
}

Result<std::optional<bool>> read_iot_edge(const bj::object& body) {
  const auto capabilities = find_object(body, "capabilities");
  if (!capabilities) return capabilities.error();
  if (*capabilities == nullptr) return std::optional<bool>{};
  auto iot_edge = find_bool(**capabilities, "iotEdge");
  if (!iot_edge) return iot_edge.error();
  if (!*iot_edge) return invalid("'capabilities' needs 'iotEdge'");
  return iot_edge;
}

Result<domain::ProvisioningStatus> read_status(const bj::object& body) {
  const auto text = find_string(body, "provisioningStatus");
  if (!text) return text.error();
  if (!*text || equals_ignoring_case(**text, "enabled")) {
    return domain::ProvisioningStatus::enabled;
  }
  if (equals_ignoring_case(**text, "disabled")) return domain::ProvisioningStatus::disabled;
  return invalid("'provisioningStatus' must be enabled or disabled");
}

Result<std::optional<domain::ReprovisionPolicy>> read_reprovision_policy(const bj::object& body) {
  const auto object = find_object(body, "reprovisionPolicy");
  if (!object) return object.error();
  if (*object == nullptr) return std::optional<domain::ReprovisionPolicy>{};
  const auto update = find_bool(**object, "updateHubAssignment");
  if (!update) return update.error();
  const auto migrate = find_bool(**object, "migrateDeviceData");
  if (!migrate) return migrate.error();
  if (!*update || !*migrate) {
    return invalid("'reprovisionPolicy' needs 'updateHubAssignment' and 'migrateDeviceData'");
  }
  return std::optional<domain::ReprovisionPolicy>(domain::ReprovisionPolicy{**update, **migrate});
}

Result<std::optional<domain::CustomAllocation>> read_custom_allocation(const bj::object& body) {
  const auto object = find_object(body, "customAllocationDefinition");
  if (!object) return object.error();
  if (*object == nullptr) return std::optional<domain::CustomAllocation>{};
  auto url = find_string(**object, "webhookUrl");
  if (!url) return url.error();
  auto version = find_string(**object, "apiVersion");
  if (!version) return version.error();
  if (!*url || (*url)->empty() || !*version || (*version)->empty()) {
    return invalid("'customAllocationDefinition' needs 'webhookUrl' and 'apiVersion'");
  }
  return std::optional<domain::CustomAllocation>(
      domain::CustomAllocation{std::move(**url), std::move(**version)});
}

// What the first schema cannot say.
Result<void> read_policies(const bj::object& body, domain::Provisioning& into) {
  auto reprovision = read_reprovision_policy(body);
  if (!reprovision) return reprovision.error();
  into.reprovision_policy = *reprovision;

  const auto allocation = find_string(body, "allocationPolicy");
  if (!allocation) return allocation.error();
  into.allocation_policy.reset();
  if (*allocation) {
    const auto policy = read_allocation_policy(**allocation);
    if (!policy) return policy.error();
    into.allocation_policy = *policy;
  }

  const auto hubs = find_array(body, "iotHubs");
  if (!hubs) return hubs.error();
  into.iot_hubs.clear();
  if (*hubs != nullptr) {
    auto listed = read_names(**hubs, "iotHubs");
    if (!listed) return listed.error();
    into.iot_hubs = std::move(*listed);
  }

  auto custom = read_custom_allocation(body);
  if (!custom) return custom.error();
  into.custom_allocation = std::move(*custom);
  return {};
}

Result<domain::Provisioning> read_provisioning(const bj::object& body,
                                               const domain::Provisioning* stored,
                                               Dialect dialect) {
  domain::Provisioning provisioning;
  if (stored != nullptr) provisioning.sites = stored->sites;

  const auto status = read_status(body);
  if (!status) return status.error();
  provisioning.status = *status;

  auto host_name = find_string(body, "iotHubHostName");
  if (!host_name) return host_name.error();
  provisioning.iot_hub_host_name = std::move(*host_name).value_or("");
  if (provisioning.iot_hub_host_name.size() > kMaxListedNameLength) {
    return invalid("'iotHubHostName' is too long");
  }

  auto twin = read_initial_twin(body);
  if (!twin) return twin.error();
  provisioning.initial_twin = std::move(*twin);

  const auto iot_edge = read_iot_edge(body);
  if (!iot_edge) return iot_edge.error();
  provisioning.iot_edge = *iot_edge;

  if (const auto sites = read_sites(body, provisioning); !sites) return sites.error();

  if (dialect == Dialect::first && stored != nullptr) {
    provisioning.reprovision_policy = stored->reprovision_policy;
    provisioning.allocation_policy = stored->allocation_policy;
    provisioning.iot_hubs = stored->iot_hubs;
    provisioning.custom_allocation = stored->custom_allocation;
    provisioning.unknown_members = stored->unknown_members;
    return provisioning;
  }
  if (const auto policies = read_policies(body, provisioning); !policies) return policies.error();
  // Whoever enrolled devices before there were reprovision policies counts on their staying where
  // they are (service API 2.9).
  if (dialect == Dialect::first && !provisioning.reprovision_policy) {
    provisioning.reprovision_policy = domain::ReprovisionPolicy{false, false};
  }
  provisioning.unknown_members = unknown_members(body);
  return provisioning;
}

Result<domain::Attestation> read_own_attestation(const bj::object& body, AttestationOf of,
                                                 const domain::Attestation* stored, Dialect dialect,
                                                 ports::Crypto& crypto, ports::Entropy& entropy) {
  const auto mechanism = find_object(body, "attestation");
  if (!mechanism) return mechanism.error();
  if (*mechanism == nullptr) {
    if (dialect == Dialect::first && stored != nullptr) return *stored;
    return invalid("'attestation' is required");
  }
  return read_attestation(**mechanism, of, stored, crypto, entropy);
}

Result<std::string> required_string(const bj::object& body, std::string_view name) {
  auto text = find_string(body, name);
  if (!text) return text.error();
  if (!*text) return invalid("'" + std::string(name) + "' is required");
  return std::move(**text);
}

void add_before_etag(bj::object& to, const domain::Provisioning& provisioning) {
  if (provisioning.iot_edge) to["capabilities"] = {{"iotEdge", *provisioning.iot_edge}};
  if (!provisioning.iot_hub_host_name.empty()) {
    to["iotHubHostName"] = provisioning.iot_hub_host_name;
  }
  if (!provisioning.initial_twin.empty()) {
    bj::object twin;
    add_text(twin, "tags", provisioning.initial_twin.tags);
    bj::object properties;
    add_text(properties, "desired", provisioning.initial_twin.desired);
    if (!properties.empty()) twin["properties"] = std::move(properties);
    to["initialTwin"] = std::move(twin);
  }
}

void add_names(bj::object& to, std::string_view name, const std::vector<std::string>& listed) {
  if (listed.empty()) return;
  bj::array array;
  for (const std::string& text : listed) array.emplace_back(text);
  to[name] = std::move(array);
}

void add_provisioning(bj::object& to, const domain::Provisioning& provisioning,
                      const domain::Stamps& stamps, const std::string& etag) {
  add_before_etag(to, provisioning);
  to["etag"] = etag;
  to["provisioningStatus"] =
      provisioning.status == domain::ProvisioningStatus::enabled ? "enabled" : "disabled";
  if (provisioning.reprovision_policy) {
    to["reprovisionPolicy"] = {
        {"updateHubAssignment", provisioning.reprovision_policy->update_hub_assignment},
        {"migrateDeviceData", provisioning.reprovision_policy->migrate_device_data}};
  }
  to["createdDateTimeUtc"] = to_iso8601(stamps.created);
  to["lastUpdatedDateTimeUtc"] = to_iso8601(stamps.updated);
  if (provisioning.allocation_policy) {
    to["allocationPolicy"] = allocation_policy_text(*provisioning.allocation_policy);
  }
  add_names(to, "iotHubs", provisioning.iot_hubs);
  if (provisioning.custom_allocation) {
    to["customAllocationDefinition"] = {
        {"webhookUrl", provisioning.custom_allocation->webhook_url},
        {"apiVersion", provisioning.custom_allocation->api_version}};
  }
  std::vector<std::string> sites;
  sites.reserve(provisioning.sites.size());
  for (const domain::SiteId& site : provisioning.sites) sites.push_back(site.str());
  add_names(to, "sites", sites);
  if (provisioning.unknown_members.empty()) return;
  bj::object unknown;
  add_text(unknown, "members", provisioning.unknown_members);
  const bj::object* members = unknown["members"].if_object();
  if (members == nullptr) return;
  for (const auto& [name, value] : *members) {
    if (to.if_contains(name) == nullptr) to[name] = value;
  }
}

std::string_view custody_text(domain::GroupKeyCustody custody) {
  switch (custody) {
    case domain::GroupKeyCustody::on_gateway: return "onGateway";
    case domain::GroupKeyCustody::listed_devices: return "listedDevices";
    case domain::GroupKeyCustody::online_only: return "onlineOnly";
  }
  return {};
}

Result<domain::GroupKeyCustody> read_custody(const bj::object& body,
                                             domain::GroupKeyCustody otherwise) {
  const auto text = find_string(body, "keyCustody");
  if (!text) return text.error();
  if (!*text) return otherwise;
  for (const domain::GroupKeyCustody custody :
       {domain::GroupKeyCustody::on_gateway, domain::GroupKeyCustody::listed_devices,
        domain::GroupKeyCustody::online_only}) {
    if (equals_ignoring_case(**text, custody_text(custody))) return custody;
  }
  return invalid("'keyCustody' must be onGateway, listedDevices or onlineOnly");
}

}  // namespace

bool is_known_member(std::string_view name) {
  return std::find(kKnownMembers.begin(), kKnownMembers.end(), name) != kKnownMembers.end();
}

Result<domain::IndividualEnrollment> EnrollmentJson::read_individual(
    const bj::object& body, const domain::IndividualEnrollment* stored, Dialect dialect) const {
  domain::IndividualEnrollment record;
  const auto id_text = required_string(body, "registrationId");
  if (!id_text) return id_text.error();
  auto id = domain::RegistrationId::parse(*id_text);
  if (!id) return invalid("'registrationId': " + id.error().reason);
  record.registration_id = std::move(*id);
  if (stored != nullptr) {
    if (stored->registration_id != record.registration_id) {
      return invalid("'registrationId' is not that of the record");
    }
    record.registration_id = stored->registration_id;
    record.stamps = stored->stamps;
  }

  const auto device_text = find_string(body, "deviceId");
  if (!device_text) return device_text.error();
  if (*device_text && !(*device_text)->empty()) {
    auto device_id = domain::parse_device_id(**device_text);
    if (!device_id) return invalid("'deviceId': " + device_id.error().reason);
    record.device_id = std::move(*device_id);
  }

  const auto information = find_object(body, "optionalDeviceInformation");
  if (!information) return information.error();
  record.optional_device_information = to_text(*information);

  auto attestation = read_own_attestation(body, AttestationOf::individual,
                                          stored == nullptr ? nullptr : &stored->attestation,
                                          dialect, crypto_, entropy_);
  if (!attestation) return attestation.error();
  record.attestation = std::move(*attestation);

  auto provisioning =
      read_provisioning(body, stored == nullptr ? nullptr : &stored->provisioning, dialect);
  if (!provisioning) return provisioning.error();
  record.provisioning = std::move(*provisioning);
  return record;
}

Result<domain::EnrollmentGroup> EnrollmentJson::read_group(const bj::object& body,
                                                           const domain::EnrollmentGroup* stored,
                                                           Dialect dialect) const {
  domain::EnrollmentGroup record;
  const auto id_text = required_string(body, "enrollmentGroupId");
  if (!id_text) return id_text.error();
  auto id = domain::EnrollmentGroupId::parse(*id_text);
  if (!id) return invalid("'enrollmentGroupId': " + id.error().reason);
  record.group_id = std::move(*id);
  if (stored != nullptr) {
    if (stored->group_id != record.group_id) {
      return invalid("'enrollmentGroupId' is not that of the record");
    }
    record.group_id = stored->group_id;
    record.stamps = stored->stamps;
  }

  auto attestation = read_own_attestation(body, AttestationOf::group,
                                          stored == nullptr ? nullptr : &stored->attestation,
                                          dialect, crypto_, entropy_);
  if (!attestation) return attestation.error();
  record.attestation = std::move(*attestation);

  auto provisioning =
      read_provisioning(body, stored == nullptr ? nullptr : &stored->provisioning, dialect);
  if (!provisioning) return provisioning.error();
  record.provisioning = std::move(*provisioning);

  const auto custody = read_custody(
      body, stored == nullptr ? domain::GroupKeyCustody::on_gateway : stored->key_custody);
  if (!custody) return custody.error();
  record.key_custody = *custody;
  return record;
}

bj::object EnrollmentJson::write(const domain::IndividualEnrollment& record,
                                 const std::string& etag, Keys keys) const {
  bj::object members;
  members["registrationId"] = record.registration_id.str();
  if (record.device_id) members["deviceId"] = record.device_id->str();
  add_text(members, "optionalDeviceInformation", record.optional_device_information);
  members["attestation"] = write_attestation(record.attestation, keys, crypto_);
  add_provisioning(members, record.provisioning, record.stamps, etag);
  return members;
}

bj::object EnrollmentJson::write(const domain::EnrollmentGroup& record, const std::string& etag,
                                 Keys keys) const {
  bj::object members;
  members["enrollmentGroupId"] = record.group_id.str();
  members["attestation"] = write_attestation(record.attestation, keys, crypto_);
  add_provisioning(members, record.provisioning, record.stamps, etag);
  if (record.key_custody != domain::GroupKeyCustody::on_gateway) {
    members["keyCustody"] = custody_text(record.key_custody);
  }
  return members;
}

bj::object EnrollmentJson::write(const domain::Attestation& attestation, Keys keys) const {
  return write_attestation(attestation, keys, crypto_);
}

std::string_view allocation_policy_text(domain::AllocationPolicy policy) {
  switch (policy) {
    case domain::AllocationPolicy::hashed: return "hashed";
    case domain::AllocationPolicy::geo_latency: return "geoLatency";
    case domain::AllocationPolicy::static_hub: return "static";
    case domain::AllocationPolicy::custom: return "custom";
  }
  return {};
}

Result<domain::AllocationPolicy> read_allocation_policy(std::string_view text) {
  for (const domain::AllocationPolicy policy :
       {domain::AllocationPolicy::hashed, domain::AllocationPolicy::geo_latency,
        domain::AllocationPolicy::static_hub, domain::AllocationPolicy::custom}) {
    if (equals_ignoring_case(text, allocation_policy_text(policy))) return policy;
  }
  return invalid("'allocationPolicy' must be hashed, geoLatency, static or custom");
}

}  // namespace berth::json
