#include <optional>
#include <string>
#include <utility>

#include "shared/base/encoding.hpp"
#include "shared/json/json_text.hpp"
#include "shared/protocol/connection_string.hpp"
#include "tools/cli/commands.hpp"
#include "tools/cli/requests.hpp"

namespace berth::cli {
namespace {

namespace bj = boost::json;

constexpr const char* kPolicies = "/berth/v1/accessPolicies";
// The one that every tenant begins with (service API 1.10).
constexpr const char* kOwnerPolicy = "provisioningserviceowner";

bj::object record_of(const PolicyOptions& o) {
  bj::object record;
  std::string rights;
  for (const std::string& right : o.rights) {
    if (!rights.empty()) rights += ", ";
    rights += right;
  }
  if (!rights.empty()) record["rights"] = rights;
  if (!o.primary_key.empty()) record["primaryKey"] = o.primary_key;
  if (!o.secondary_key.empty()) record["secondaryKey"] = o.secondary_key;
  return record;
}

Result<std::string> connection_string(ServiceClient& client, const std::string& name,
                                      const PolicyOptions& o) {
  const auto reply = client.call("POST", path_of(kPolicies, name, "listKeys"));
  if (!reply) return reply.error();
  const bj::object* policy = reply->body.if_object();
  const auto text = policy == nullptr ? Result<std::optional<std::string>>(std::nullopt)
                                      : json::find_string(*policy, o.which_key + "Key");
  if (!text) return text.error();
  auto key = from_base64(text->value_or(""));
  if (!key || key->empty()) return Error{Errc::malformed, "the coordinator gave no key"};
  return protocol::write_connection_string(client.login().host_name, name,
                                           SecretBytes(std::move(*key)));
}

}  // namespace

Result<Output> create_policy(ServiceClient& client, const PolicyOptions& o) {
  bj::object record = record_of(o);
  record["keyName"] = o.name;
  return send_record(client, "POST", kPolicies, std::move(record));
}

Result<Output> list_policies(ServiceClient& client) {
  auto rows = list_rows(client, kPolicies);
  if (!rows) return rows.error();
  Output output;
  output.value = std::move(*rows);
  output.columns = {
      {"NAME", "keyName"}, {"RIGHTS", "rights"}, {"UPDATED", "lastUpdatedDateTimeUtc"}};
  return output;
}

Result<Output> show_policy(ServiceClient& client, const NamedOptions& o) {
  if (!o.show_keys) return show_record(client, path_of(kPolicies, o.id));
  auto reply = client.call("POST", path_of(kPolicies, o.id, "listKeys"));
  if (!reply) return reply.error();
  return Output{std::move(reply->body), {}, {}};
}

Result<Output> update_policy(ServiceClient& client, const PolicyOptions& o) {
  return send_record(client, "PUT", path_of(kPolicies, o.name), record_of(o), o.etag);
}

Result<Output> delete_policy(ServiceClient& client, const NamedOptions& o) {
  return delete_record(client, path_of(kPolicies, o.id), o.etag, "deleted policy " + o.id);
}

Result<Output> regenerate_policy_key(ServiceClient& client, const PolicyOptions& o) {
  return send_record(client, "POST", path_of(kPolicies, o.name, "regenerateKey"),
                     bj::object{{"key", o.which_key}}, o.etag);
}

Result<Output> show_connection_string(ServiceClient& client, const PolicyOptions& o) {
  if (!o.shows_all) {
    const auto text = connection_string(client, o.name.empty() ? kOwnerPolicy : o.name, o);
    if (!text) return text.error();
    return Output{bj::string(*text), {}, {}};
  }
  if (!o.name.empty()) return Error{Errc::invalid, "name a policy or say --all, not both"};
  const auto policies = list_rows(client, kPolicies);
  if (!policies) return policies.error();
  bj::array rows;
  for (const bj::value& policy : *policies) {
    const bj::object* object = policy.if_object();
    const auto name = object == nullptr ? Result<std::optional<std::string>>(std::nullopt)
                                        : json::find_string(*object, "keyName");
    if (!name || !*name) return Error{Errc::malformed, "the coordinator gave a policy no name"};
    const auto text = connection_string(client, **name, o);
    if (!text) return text.error();
    rows.push_back({{"keyName", **name}, {"connectionString", *text}});
  }
  Output output;
  output.value = std::move(rows);
  output.columns = {{"NAME", "keyName"}, {"CONNECTION STRING", "connectionString"}};
  return output;
}

}  // namespace berth::cli
