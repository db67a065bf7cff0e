#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/base/encoding.hpp"
#include "shared/json/certificate_text.hpp"
#include "shared/json/json_text.hpp"
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

// A name without a dot may be the first part of a host name, as in az (service API 4.2).
Result<std::string> path_of_hub(ServiceClient& client, const std::string& name) {
  if (name.find('.') != std::string::npos) return path_of(kHubs, name);
  const auto hubs = list_rows(client, kHubs);
  if (!hubs) return hubs.error();
  std::vector<std::string> meant;
  for (const bj::value& row : *hubs) {
    const bj::object* hub = row.if_object();
    if (hub == nullptr) continue;
    const auto id = json::find_string(*hub, "hubId");
    const auto host = json::find_string(*hub, "hostName");
    if (!host || !*host) continue;
    const bool is_whole_name = equals_ignoring_case(**host, name) || (id && *id && **id == name);
    if (is_whole_name) return path_of(kHubs, name);
    const std::string_view first = std::string_view(**host).substr(0, (*host)->find('.'));
    if (equals_ignoring_case(first, name)) meant.push_back(**host);
  }
  if (meant.size() > 1) {
    return Error{Errc::invalid, "'" + name + "' may be " + meant[0] + " or " + meant[1] +
                                    ": give the whole host name"};
  }
  return path_of(kHubs, meant.empty() ? name : meant.front());
}

}  // namespace

Result<Output> link_hub(ServiceClient& client, const HubOptions& o) {
  auto record = record_of(o);
  if (!record) return record.error();
  set_text(*record, "hubId", o.id);
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
  const auto path = path_of_hub(client, o.id);
  if (!path) return path.error();
  return show_record(client, *path);
}

Result<Output> update_hub(ServiceClient& client, const HubOptions& o) {
  auto record = record_of(o);
  if (!record) return record.error();
  const auto path = path_of_hub(client, o.name);
  if (!path) return path.error();
  return send_record(client, "PUT", *path, std::move(*record), o.etag);
}

Result<Output> unlink_hub(ServiceClient& client, const NamedOptions& o) {
  const auto path = path_of_hub(client, o.id);
  if (!path) return path.error();
  auto unlinked = delete_record(client, *path, o.etag, {});
  if (!unlinked) return unlinked.error();
  const std::string done = "unlinked " + o.id + "; its devices stay in it";
  const bj::object* left = unlinked->value.if_object();
  if (left == nullptr) {
    unlinked->note = done;
    return unlinked;
  }
  const auto warning = json::find_string(*left, "warning");
  if (!warning) return warning.error();
  unlinked->text = done + "\nwarning: " + warning->value_or("records refer to it") + "\n";
  unlinked->note =
      "berth allocation dry-run says what each registered device gets now, and --remove-hub says "
      "it "
      "beforehand; a hub that is linked again under the same host name has its devices back";
  return unlinked;
}

}  // namespace berth::cli
