#include <string>
#include <utility>

#include "shared/json/certificate_text.hpp"
#include "tools/cli/commands.hpp"
#include "tools/cli/requests.hpp"

namespace berth::cli {
namespace {

namespace bj = boost::json;

constexpr const char* kHubs = "/berth/v1/linkedHubs";

constexpr std::size_t kMaxPasswordFile = 1024;

std::string first_line(const std::string& text) {
  return text.substr(0, text.find_first_of("\r\n"));
}

void set_text(bj::object& to, const char* member, const std::string& text) {
  if (!text.empty()) to[member] = text;
}

Result<bj::object> record_of(const HubOptions& o) {
  bj::object record;
  set_text(record, "kind", o.kind);
  set_text(record, "userName", o.user_name);
  if (!o.password_path.empty()) {
    auto password = read_file(o.password_path, kMaxPasswordFile);
    if (!password) return password.error();
    record["password"] = first_line(*password);
  }
  if (o.requests_per_minute) record["requestsPerMinute"] = *o.requests_per_minute;
  set_text(record, "connectionString", o.connection_string);
  set_text(record, "hostName", o.host_name);
  set_text(record, "policyName", o.policy_name);
  set_text(record, "policyKey", o.policy_key);
  set_text(record, "registryUrl", o.registry_url);
  set_text(record, "apply", o.apply);
  if (o.allocation_weight) record["allocationWeight"] = *o.allocation_weight;
  if (o.apply_allocation_policy) record["applyAllocationPolicy"] = *o.apply_allocation_policy;
  if (o.location) record["location"] = *o.location;
  if (o.probe_address) record["probeAddress"] = *o.probe_address;
  if (!o.ca_path.empty()) {
    auto text = read_file(o.ca_path, json::kMaxCertificateText);
    if (!text) return text.error();
    record["caCertificate"] = *text;
  }
  return record;
}

}  // namespace

Result<Output> link_hub(ServiceClient& client, const HubOptions& o) {
  auto record = record_of(o);
  if (!record) return record.error();
  return send_record(client, "POST", kHubs, std::move(*record));
}

Result<Output> list_hubs(ServiceClient& client) {
  auto rows = list_rows(client, kHubs);
  if (!rows) return rows.error();
  Output output;
  output.value = std::move(*rows);
  output.columns = {{"HOST NAME", "hostName"},   {"KIND", "kind"},
                    {"REGISTRY", "registryUrl"}, {"WEIGHT", "allocationWeight"},
                    {"LOCATION", "location"},    {"TAKES DEVICES", "applyAllocationPolicy"},
                    {"APPLIED BY", "apply"}};
  return output;
}

Result<Output> show_hub(ServiceClient& client, const NamedOptions& o) {
  return show_record(client, path_of(kHubs, o.id));
}

Result<Output> update_hub(ServiceClient& client, const HubOptions& o) {
  auto record = record_of(o);
  if (!record) return record.error();
  return send_record(client, "PUT", path_of(kHubs, o.name), std::move(*record), o.etag);
}

Result<Output> unlink_hub(ServiceClient& client, const NamedOptions& o) {
  return delete_record(client, path_of(kHubs, o.id), o.etag,
                       "unlinked " + o.id + "; its devices stay in it");
}

}  // namespace berth::cli
