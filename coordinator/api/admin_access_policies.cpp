// /berth/v1/accessPolicies: shared access policies of the calling tenant (service API 4.4).
#include <string>
#include <utility>

#include <boost/json/array.hpp>

#include "coordinator/api/admin_api.hpp"
#include "coordinator/api/admin_json.hpp"
#include "coordinator/api/answers.hpp"
#include "coordinator/store/etag.hpp"
#include "shared/base/encoding.hpp"
#include "shared/domain/model/enrollment.hpp"
#include "shared/json/json_text.hpp"

namespace berth::coordinator {
namespace {

namespace bj = boost::json;

using Policy = Versioned<domain::AccessPolicy>;

Result<Policy> existing(const Catalog& catalog, const Call& call) {
  auto policy = catalog.policies.find(call.tenant, call.arguments.front());
  if (!policy) return policy.error();
  if (*policy) return std::move(**policy);
  return Error{Errc::not_found, "there is no access policy '" + call.arguments.front() + "'"};
}

Result<void> check_etag(const Call& call, const Policy& policy) {
  return check_if_match(call.request, etag_of(policy.version, policy.record.stamps.created));
}

bool may_configure(const domain::AccessPolicy& policy) {
  return domain::allows(policy.rights, domain::AccessRight::service_config);
}

// A tenant without any policy that may configure it could not be configured again.
Result<void> check_another_may_configure(const Catalog& catalog, const Call& call,
                                         const domain::AccessPolicy& policy) {
  if (!may_configure(policy)) return {};
  const auto policies = catalog.policies.all(call.tenant);
  if (!policies) return policies.error();
  for (const Policy& other : *policies) {
    if (other.record.key_name != policy.key_name && may_configure(other.record)) return {};
  }
  return Error{Errc::conflict, "it is the last access policy with the right ServiceConfig"};
}

Result<void> read_key(const bj::object& body, std::string_view name, SecretBytes& key) {
  const auto text = json::find_string(body, name);
  if (!text) return text.error();
  if (!*text || (*text)->empty()) return {};
  auto bytes = from_base64(**text);
  if (!bytes || bytes->size() < domain::kMinSymmetricKeySize ||
      bytes->size() > domain::kMaxSymmetricKeySize) {
    return Error{Errc::invalid, "'" + std::string(name) + "' must be base64 of 16 to 64 bytes"};
  }
  key = SecretBytes(std::move(*bytes));
  return {};
}

Result<void> read_policy(const bj::object& body, domain::AccessPolicy& policy) {
  const auto rights = json::find_string(body, "rights");
  if (!rights) return rights.error();
  if (*rights) {
    const auto read = read_rights(**rights);
    if (!read) return read.error();
    policy.rights = *read;
  }
  if (policy.rights == 0) return Error{Errc::invalid, "'rights' is required"};
  if (const auto key = read_key(body, "primaryKey", policy.primary_key); !key) return key.error();
  return read_key(body, "secondaryKey", policy.secondary_key);
}

Result<http::Response> list(const Catalog& catalog, const Call& call) {
  const auto policies = catalog.policies.all(call.tenant);
  if (!policies) return policies.error();
  bj::array rows;
  for (const Policy& policy : *policies) rows.push_back(write_policy(policy, PolicyKeys::hidden));
  return list_answer(std::move(rows));
}

Result<http::Response> create(Catalog& catalog, const Call& call) {
  const auto body = read_body(call.request);
  if (!body) return body.error();
  domain::AccessPolicy policy;
  auto name = json::find_string(*body, "keyName");
  if (!name) return name.error();
  policy.key_name = std::move(*name).value_or("");
  if (const auto read = read_policy(*body, policy); !read) return read.error();
  const auto made = catalog.policies.put(call.tenant, std::move(policy), 0);
  if (!made) return made.error();
  return json_answer(201, write_policy(*made, PolicyKeys::shown));
}

Result<http::Response> get(const Catalog& catalog, const Call& call) {
  const auto policy = existing(catalog, call);
  if (!policy) return policy.error();
  return json_answer(200, write_policy(*policy, PolicyKeys::hidden));
}

Result<http::Response> put(Catalog& catalog, const Call& call) {
  auto policy = existing(catalog, call);
  if (!policy) return policy.error();
  if (const auto fits = check_etag(call, *policy); !fits) return fits.error();
  const auto body = read_body(call.request);
  if (!body) return body.error();
  const domain::AccessPolicy before = policy->record;
  if (const auto read = read_policy(*body, policy->record); !read) return read.error();
  if (!may_configure(policy->record)) {
    const auto another = check_another_may_configure(catalog, call, before);
    if (!another) return another.error();
  }
  const auto written =
      catalog.policies.put(call.tenant, std::move(policy->record), policy->version);
  if (!written) return written.error();
  return json_answer(200, write_policy(*written, PolicyKeys::hidden));
}

Result<http::Response> erase(Catalog& catalog, const Call& call) {
  const auto policy = existing(catalog, call);
  if (!policy) return policy.error();
  if (const auto fits = check_etag(call, *policy); !fits) return fits.error();
  const auto another = check_another_may_configure(catalog, call, policy->record);
  if (!another) return another.error();
  const auto erased = catalog.policies.erase(call.tenant, policy->record.key_name, policy->version);
  if (!erased) return erased.error();
  return empty_answer();
}

Result<http::Response> list_keys(const Catalog& catalog, const Call& call) {
  const auto policy = existing(catalog, call);
  if (!policy) return policy.error();
  return json_answer(200, write_policy(*policy, PolicyKeys::shown));
}

Result<http::Response> regenerate_key(Catalog& catalog, ports::Entropy& entropy, const Call& call) {
  auto policy = existing(catalog, call);
  if (!policy) return policy.error();
  if (const auto fits = check_etag(call, *policy); !fits) return fits.error();
  const auto body = read_body(call.request);
  if (!body) return body.error();
  const auto which = json::find_string(*body, "key");
  if (!which) return which.error();
  const std::string_view name = *which ? std::string_view(**which) : std::string_view{};
  if (equals_ignoring_case(name, "primary")) {
    policy->record.primary_key = entropy.secret(kGeneratedKeySize);
  } else if (equals_ignoring_case(name, "secondary")) {
    policy->record.secondary_key = entropy.secret(kGeneratedKeySize);
  } else {
    return Error{Errc::invalid, "'key' must be primary or secondary"};
  }
  const auto written =
      catalog.policies.put(call.tenant, std::move(policy->record), policy->version);
  if (!written) return written.error();
  return json_answer(200, write_policy(*written, PolicyKeys::shown));
}

}  // namespace

std::vector<Endpoint> access_policy_endpoints(Catalog& catalog, ports::Entropy& entropy) {
  // Keys are power: also reading what policies there are takes the right to configure.
  const Access access = tenant_with(domain::AccessRight::service_config);
  const std::string collection = "/berth/v1/accessPolicies";
  const std::string single = collection + "/{keyName}";
  return {
      {"GET", collection, access, false, [&](const Call& call) { return list(catalog, call); }},
      {"POST", collection, access, false, [&](const Call& call) { return create(catalog, call); }},
      {"GET", single, access, false, [&](const Call& call) { return get(catalog, call); }},
      {"PUT", single, access, false, [&](const Call& call) { return put(catalog, call); }},
      {"DELETE", single, access, false, [&](const Call& call) { return erase(catalog, call); }},
      {"POST", single + "/listKeys", access, false,
       [&](const Call& call) { return list_keys(catalog, call); }, false, true},
      {"POST", single + "/regenerateKey", access, false,
       [&](const Call& call) { return regenerate_key(catalog, entropy, call); }},
  };
}

}  // namespace berth::coordinator
