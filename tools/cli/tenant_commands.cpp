#include <utility>

#include "shared/json/json_text.hpp"
#include "tools/cli/commands.hpp"
#include "tools/cli/requests.hpp"

namespace berth::cli {
namespace {

namespace bj = boost::json;

constexpr const char* kTenants = "/berth/v1/tenants";
constexpr const char* kSettings = "/berth/v1/settings";

bj::object record_of(const TenantOptions& o) {
  bj::object record;
  if (!o.name.empty()) record["name"] = o.name;
  if (o.host_names) {
    bj::array names;
    for (const std::string& name : *o.host_names) names.emplace_back(name);
    record["hostNames"] = std::move(names);
  }
  if (!o.allocation_policy.empty()) record["allocationPolicy"] = o.allocation_policy;
  if (o.becomes_default) record["isDefault"] = true;
  return record;
}

// "2 active, 1 joining".
std::string counts_by(const bj::array& rows, std::string_view member) {
  std::vector<std::pair<std::string, std::size_t>> counts;
  for (const bj::value& row : rows) {
    const bj::object* object = row.if_object();
    if (object == nullptr) continue;
    const auto text = json::find_string(*object, member);
    const std::string key = text && *text ? **text : "other";
    bool is_counted = false;
    for (auto& [known, count] : counts) {
      if (known != key) continue;
      ++count;
      is_counted = true;
    }
    if (!is_counted) counts.emplace_back(key, 1);
  }
  std::string words;
  for (const auto& [key, count] : counts) {
    if (!words.empty()) words += ", ";
    words += std::to_string(count) + " " + key;
  }
  return words.empty() ? "none" : words;
}

}  // namespace

Result<Output> create_tenant(ServiceClient& client, const TenantOptions& o) {
  auto made = send_record(client, "POST", kTenants, record_of(o));
  if (!made) return made.error();
  made->note = "keep the keys above: they are the tenant's own";
  return made;
}

Result<Output> list_tenants(ServiceClient& client) {
  auto rows = list_rows(client, kTenants);
  if (!rows) return rows.error();
  Output output;
  output.value = std::move(*rows);
  output.columns = {{"ID SCOPE", "idScope"},
                    {"NAME", "name"},
                    {"DEFAULT", "isDefault"},
                    {"ALLOCATION", "allocationPolicy"},
                    {"HOST NAMES", "hostNames"}};
  return output;
}

Result<Output> show_tenant(ServiceClient& client, const NamedOptions& o) {
  auto record = fetch_record(client, path_of(kTenants, o.id));
  if (!record) return record.error();
  if (o.show_keys) {
    auto keys = client.call("POST", path_of(kTenants, o.id, "listKeys"));
    if (!keys) return keys.error();
    if (bj::object* listed = keys->body.if_object()) {
      (*record)["accessPolicies"] = (*listed)["value"];
    }
  }
  return Output{std::move(*record), {}, {}};
}

Result<Output> update_tenant(ServiceClient& client, const TenantOptions& o) {
  return send_record(client, "PUT", path_of(kTenants, o.id), record_of(o), o.etag);
}

Result<Output> delete_tenant(ServiceClient& client, const NamedOptions& o) {
  return delete_record(client, path_of(kTenants, o.id), o.etag,
                       "deleted tenant " + o.id + " with all that it owned");
}

Result<Output> show_settings(ServiceClient& client) {
  return show_record(client, kSettings);
}

Result<Output> update_settings(ServiceClient& client, const TenantOptions& o) {
  return send_record(client, "PUT", kSettings, record_of(o), o.etag);
}

Result<Output> show_status(ServiceClient& client) {
  bj::object status;
  status["coordinator"] = client.login().host_name;
  status["login"] = client.login().key_name;
  if (client.is_operator()) {
    const auto tenants = list_rows(client, kTenants);
    if (!tenants) return tenants.error();
    status["tenants"] = tenants->size();
    const auto gateways = list_rows(client, "/berth/v1/gateways");
    if (!gateways) return gateways.error();
    status["gateways"] = counts_by(*gateways, "status");
    const auto quarantined = list_rows(client, "/berth/v1/quarantine");
    if (!quarantined) return quarantined.error();
    status["quarantinedOutcomes"] = quarantined->size();
    return Output{std::move(status), {}, {}};
  }
  const auto settings = fetch_record(client, kSettings);
  if (!settings) return settings.error();
  for (const char* member : {"idScope", "name", "allocationPolicy"}) {
    if (const bj::value* value = settings->if_contains(member)) status[member] = *value;
  }
  const auto hubs = list_rows(client, "/berth/v1/linkedHubs");
  if (!hubs) return hubs.error();
  bj::array names;
  for (const bj::value& hub : *hubs) {
    const bj::object* object = hub.if_object();
    if (object != nullptr && object->contains("hostName")) {
      names.push_back(*object->if_contains("hostName"));
    }
  }
  status["linkedHubs"] = std::move(names);
  const auto registrations = list_rows(client, "/berth/v1/registrations");
  if (!registrations) return registrations.error();
  status["registrations"] = counts_by(*registrations, "status");
  return Output{std::move(status), {}, {}};
}

}  // namespace berth::cli
