#include <utility>

#include "tools/cli/commands.hpp"
#include "tools/cli/requests.hpp"

namespace berth::cli {
namespace {

namespace bj = boost::json;

constexpr const char* kGateways = "/berth/v1/gateways";
constexpr const char* kQuarantine = "/berth/v1/quarantine";
constexpr const char* kSites = "/berth/v1/sites";
constexpr const char* kTokenNote =
    "the join token is shown once and good for an hour: give it to the gateway's installer";

bj::object record_of(const GatewayOptions& o) {
  bj::object record;
  if (!o.site.empty()) record["site"] = o.site;
  if (!o.tenants.empty()) {
    bj::array tenants;
    for (const std::string& tenant : o.tenants) tenants.emplace_back(tenant);
    record["tenants"] = std::move(tenants);
  }
  return record;
}

Result<Output> act(ServiceClient& client, const std::string& gateway, std::string_view action) {
  auto reply = client.call("POST", path_of(kGateways, gateway, action));
  if (!reply) return reply.error();
  return Output{std::move(reply->body), {}, {}};
}

}  // namespace

Result<Output> create_gateway(ServiceClient& client, const GatewayOptions& o) {
  bj::object record = record_of(o);
  record["name"] = o.name;
  auto made = send_record(client, "POST", kGateways, std::move(record));
  if (!made) return made.error();
  made->note = kTokenNote;
  return made;
}

Result<Output> list_gateways(ServiceClient& client) {
  auto rows = list_rows(client, kGateways);
  if (!rows) return rows.error();
  Output output;
  output.value = std::move(*rows);
  output.columns = {{"NAME", "name"},
                    {"SITE", "site"},
                    {"STATUS", "status"},
                    {"LAST CONTACT", "lastContactUtc"},
                    {"CERTIFICATE UNTIL", "certificateExpiryUtc"},
                    {"TOKEN REUSED", "joinTokenReused"},
                    {"ID", "gatewayId"}};
  return output;
}

Result<Output> show_gateway(ServiceClient& client, const NamedOptions& o) {
  return show_record(client, path_of(kGateways, o.id));
}

Result<Output> update_gateway(ServiceClient& client, const GatewayOptions& o) {
  bj::object record = record_of(o);
  if (!o.new_name.empty()) record["name"] = o.new_name;
  return send_record(client, "PUT", path_of(kGateways, o.name), std::move(record), o.etag);
}

Result<Output> disable_gateway(ServiceClient& client, const NamedOptions& o) {
  return act(client, o.id, "disable");
}

Result<Output> enable_gateway(ServiceClient& client, const NamedOptions& o) {
  return act(client, o.id, "enable");
}

Result<Output> remove_gateway(ServiceClient& client, const NamedOptions& o) {
  return delete_record(client, path_of(kGateways, o.id), {},
                       "removed gateway " + o.id + " for good");
}

Result<Output> create_join_token(ServiceClient& client, const NamedOptions& o) {
  auto made = act(client, o.id, "joinToken");
  if (!made) return made.error();
  made->note = kTokenNote;
  return made;
}

Result<Output> list_quarantine(ServiceClient& client) {
  auto rows = list_rows(client, kQuarantine);
  if (!rows) return rows.error();
  Output output;
  output.value = std::move(*rows);
  output.columns = {{"RECEIVED", "receivedUtc"},
                    {"GATEWAY", "gatewayId"},
                    {"TENANT", "idScope"},
                    {"ID", "registrationId"},
                    {"REASON", "reason"}};
  return output;
}

Result<Output> create_site(ServiceClient& client, const NamedOptions& o) {
  return send_record(client, "POST", kSites, bj::object{{"siteId", o.id}});
}

Result<Output> list_sites(ServiceClient& client) {
  auto rows = list_rows(client, kSites);
  if (!rows) return rows.error();
  Output output;
  output.value = std::move(*rows);
  output.columns = {{"SITE", "siteId"}, {"CREATED", "createdDateTimeUtc"}};
  return output;
}

Result<Output> delete_site(ServiceClient& client, const NamedOptions& o) {
  return delete_record(client, path_of(kSites, o.id), {}, "deleted site " + o.id);
}

}  // namespace berth::cli
