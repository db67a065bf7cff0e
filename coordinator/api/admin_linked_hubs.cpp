// /berth/v1/linkedHubs: where devices are assigned to (service API 4.2), addressed by host name or
// hub ID.
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <boost/json/array.hpp>

#include "coordinator/api/admin_api.hpp"
#include "coordinator/api/admin_json.hpp"
#include "coordinator/api/answers.hpp"
#include "coordinator/api/limits.hpp"
#include "coordinator/fleet/broker_accounts.hpp"
#include "coordinator/store/etag.hpp"
#include "shared/base/encoding.hpp"
#include "shared/json/certificate_text.hpp"
#include "shared/json/json_text.hpp"
#include "shared/protocol/connection_string.hpp"

namespace berth::coordinator {
namespace {

namespace bj = boost::json;

using Hub = Versioned<domain::LinkedHub>;

// 16 random bytes make 32 hex digits.
constexpr std::size_t kHubIdEntropy = 16;

constexpr std::string_view kHttps = "https://";
constexpr std::string_view kMqtts = "mqtts://";

// What one unit of an IoT Hub's smaller tiers takes in a minute (service API 5.3); so much is safe
// for any.
constexpr std::uint32_t kIotHubUnitPace = 100;

Result<Hub> existing(const Catalog& catalog, const Call& call) {
  const std::string& name = call.arguments.front();
  auto hub = catalog.hubs.find(call.tenant, domain::HubId(to_lower(name)));
  if (!hub) return hub.error();
  if (*hub) return std::move(**hub);
  hub = catalog.hubs.find_by_host_name(call.tenant, name);
  if (!hub) return hub.error();
  if (*hub) return std::move(**hub);
  return Error{Errc::not_found, "no hub '" + name + "' is linked"};
}

// The key stays at the coordinator and is never shown; the policy's or the user's name is.
Result<bj::object> written(const Catalog& catalog, const Call& call, const Hub& hub) {
  const auto credential = catalog.hubs.credential(call.tenant, hub.record.hub_id);
  if (!credential && credential.error().code != Errc::not_found) return credential.error();
  return write_hub(hub, credential ? credential->policy_name : std::string{});
}

// What a request says of the credential: a connection string, or its parts; of a Mosquitto, the
// administrator's login. A masked key means "unchanged" (service API 4.2).
struct GivenCredential {
  std::optional<std::string> host_name;
  std::optional<std::string> policy_name;
  SecretBytes key;  // empty: unchanged
};

Result<GivenCredential> read_login(const bj::object& body) {
  GivenCredential given;
  for (const char* other : {"connectionString", "policyName", "policyKey"}) {
    if (json::find(body, other) != nullptr) {
      return Error{Errc::invalid, "a Mosquitto is linked with 'userName' and 'password'"};
    }
  }
  auto user_name = json::find_string(body, "userName");
  if (!user_name) return user_name.error();
  given.policy_name = std::move(*user_name);
  auto password = json::find_string(body, "password");
  if (!password) return password.error();
  if (*password && **password != protocol::kMaskedKey) {
    if ((*password)->empty() || (*password)->size() > kMaxTextLength) {
      return Error{Errc::invalid, "'password' has 1 to 256 bytes"};
    }
    given.key = SecretBytes::copy_of(as_bytes(**password));
  }
  return given;
}

Result<GivenCredential> read_policy(const bj::object& body) {
  GivenCredential given;
  const auto text = json::find_string(body, "connectionString");
  if (!text) return text.error();
  if (*text) {
    auto parsed = protocol::parse_connection_string(**text);
    if (!parsed) return Error{Errc::invalid, "'connectionString': " + parsed.error().reason};
    given.host_name = std::move(parsed->host_name);
    given.policy_name = std::move(parsed->key_name);
    given.key = std::move(parsed->key);
  }
  auto policy_name = json::find_string(body, "policyName");
  if (!policy_name) return policy_name.error();
  if (*policy_name) given.policy_name = std::move(**policy_name);
  const auto key = json::find_string(body, "policyKey");
  if (!key) return key.error();
  if (*key && **key != protocol::kMaskedKey) {
    auto bytes = from_base64(**key);
    if (!bytes || bytes->empty()) return Error{Errc::invalid, "'policyKey' is not base64"};
    given.key = SecretBytes(std::move(*bytes));
  }
  return given;
}

Result<GivenCredential> read_credential(const bj::object& body, domain::HubKind kind) {
  const bool is_login = kind == domain::HubKind::mosquitto;
  auto given = is_login ? read_login(body) : read_policy(body);
  if (given && given->policy_name &&
      (given->policy_name->empty() || given->policy_name->size() > kMaxKeyNameLength)) {
    return Error{Errc::invalid, "the name of a policy or a user has 1 to 64 characters"};
  }
  return given;
}

Result<domain::HubKind> read_kind(const bj::object& body, domain::HubKind present) {
  const auto kind = json::find_string(body, "kind");
  if (!kind) return kind.error();
  if (!*kind) return present;
  if (equals_ignoring_case(**kind, "azure-iot-hub")) return domain::HubKind::azure_iot_hub;
  if (equals_ignoring_case(**kind, "mosquitto")) return domain::HubKind::mosquitto;
  return Error{Errc::invalid, "'kind' must be azure-iot-hub or mosquitto"};
}

Result<void> read_allocation(const bj::object& body, domain::LinkedHub& hub) {
  const auto weight = json::find_number(body, "allocationWeight", domain::kMaxAllocationWeight);
  if (!weight) return weight.error();
  if (*weight && **weight < domain::kMinAllocationWeight) {
    return Error{Errc::invalid, "'allocationWeight' is a number from 1 to 1000"};
  }
  if (*weight) hub.allocation_weight = static_cast<std::uint32_t>(**weight);
  const auto applies = json::find_bool(body, "applyAllocationPolicy");
  if (!applies) return applies.error();
  if (*applies) hub.apply_allocation_policy = **applies;
  const auto pace = json::find_number(body, "requestsPerMinute", kMaxRequestsPerMinute);
  if (!pace) return pace.error();
  if (*pace) hub.requests_per_minute = static_cast<std::uint32_t>(**pace);
  const auto apply = json::find_string(body, "apply");
  if (!apply) return apply.error();
  if (!*apply) return {};
  if (equals_ignoring_case(**apply, "gateway")) {
    hub.apply = domain::HubApply::gateway;
  } else if (equals_ignoring_case(**apply, "coordinator")) {
    // Nothing would ever reach the hub, and its devices would stay `assigning`.
    return Error{Errc::invalid,
                 "'apply' coordinator is not served: gateways write to their hubs themselves"};
  } else {
    return Error{Errc::invalid, "'apply' must be gateway"};
  }
  return {};
}

Result<void> check_registry_url(const HostRules& rules, domain::LinkedHub& hub) {
  std::string_view scheme;
  switch (hub.kind) {
    case domain::HubKind::azure_iot_hub: scheme = kHttps; break;
    case domain::HubKind::mosquitto: scheme = kMqtts; break;
  }
  if (hub.registry_url.empty()) hub.registry_url = std::string(scheme) + hub.host_name;
  const Error no_such_url{Errc::invalid,
                          "'registryUrl' is " + std::string(scheme) + "host[:port] without a path"};
  if (!equals_ignoring_case(hub.registry_url.substr(0, scheme.size()), scheme)) return no_such_url;
  // The rules for hosts are those of web addresses.
  const std::string rest = hub.registry_url.substr(scheme.size());
  const auto parsed = read_https_url("'registryUrl'", std::string(kHttps) + rest, rules);
  if (!parsed) return parsed.error();
  if (!parsed->path_and_query.empty() && parsed->path_and_query != "/") return no_such_url;
  hub.registry_url = std::string(scheme) + rest.substr(0, rest.find('/'));
  return {};
}

Result<void> read_addresses(const bj::object& body, const HostRules& rules,
                            domain::LinkedHub& hub) {
  auto url = json::find_string(body, "registryUrl");
  if (!url) return url.error();
  if (*url) hub.registry_url = std::move(**url);
  if (const auto checked = check_registry_url(rules, hub); !checked) return checked.error();

  const auto probe = json::find_string(body, "probeAddress");
  if (!probe) return probe.error();
  if (!*probe) return {};
  hub.probe_host.clear();
  hub.probe_port = 0;
  if ((*probe)->empty()) return {};
  auto address = read_host_and_port("'probeAddress'", **probe, rules);
  if (!address) return address.error();
  hub.probe_host = std::move(address->host);
  hub.probe_port = address->port;
  return {};
}

Result<void> read_texts(const bj::object& body, domain::LinkedHub& hub) {
  auto location = json::find_string(body, "location");
  if (!location) return location.error();
  if (*location) hub.location = std::move(**location);
  if (hub.location.size() > kMaxTextLength) {
    return Error{Errc::invalid, "'location' is longer than 256 bytes"};
  }
  const auto certificate = json::find_string(body, "caCertificate");
  if (!certificate) return certificate.error();
  if (!*certificate) return {};
  hub.trusted_ca.clear();
  if ((*certificate)->empty()) return {};
  auto der = json::read_certificate_text(**certificate);
  if (!der) return Error{Errc::invalid, "'caCertificate' is no certificate in PEM"};
  hub.trusted_ca = std::move(*der);
  return {};
}

// Members that are absent leave the hub as it is.
Result<void> read_hub(const bj::object& body, const HostRules& rules, domain::LinkedHub& hub) {
  if (const auto read = read_allocation(body, hub); !read) return read.error();
  if (const auto read = read_addresses(body, rules, hub); !read) return read.error();
  return read_texts(body, hub);
}

Result<http::Response> list(const Catalog& catalog, const Call& call) {
  const auto hubs = catalog.hubs.all(call.tenant);
  if (!hubs) return hubs.error();
  bj::array rows;
  for (const Hub& hub : *hubs) {
    auto row = written(catalog, call, hub);
    if (!row) return row.error();
    rows.push_back(std::move(*row));
  }
  return list_answer(std::move(rows));
}

// Made here, unless it is one under which a dry run told beforehand which devices the hub would
// draw. One that registrations know is another hub's for good.
Result<domain::HubId> read_new_id(const bj::object& body, const Catalog& catalog, const Call& call,
                                  ports::Entropy& entropy) {
  const auto text = json::find_string(body, "hubId");
  if (!text) return text.error();
  if (!*text) return domain::HubId(to_hex(entropy.bytes(kHubIdEntropy)));
  const auto bytes = from_hex(**text);
  if (!bytes || bytes->size() != kHubIdEntropy) {
    return Error{Errc::invalid, "'hubId' is 32 hex digits, as a dry run names them"};
  }
  domain::HubId id(to_hex(*bytes));
  const auto known = catalog.reader().find(call.tenant, store::Table::registration,
                                           {store::Index::hub_registrations, id.str()}, {}, 1);
  if (!known) return known.error();
  if (!known->records.empty()) {
    return Error{Errc::conflict, "'hubId' was another hub's; leave it out, or make a dry run"};
  }
  return id;
}

Result<http::Response> create(Catalog& catalog, ports::Entropy& entropy, const HostRules& rules,
                              const Call& call) {
  const auto body = read_body(call.request);
  if (!body) return body.error();
  const auto kind = read_kind(*body, domain::HubKind::azure_iot_hub);
  if (!kind) return kind.error();
  auto given = read_credential(*body, *kind);
  if (!given) return given.error();
  if (!given->policy_name || given->key.empty()) {
    return Error{Errc::invalid,
                 "a hub is linked with its 'connectionString', or 'policyName' and 'policyKey'; a "
                 "Mosquitto with 'userName' and 'password'"};
  }
  domain::LinkedHub hub;
  hub.kind = *kind;
  if (hub.kind == domain::HubKind::azure_iot_hub) hub.requests_per_minute = kIotHubUnitPace;
  auto id = read_new_id(*body, catalog, call, entropy);
  if (!id) return id.error();
  hub.hub_id = std::move(*id);
  auto host_name = json::find_string(*body, "hostName");
  if (!host_name) return host_name.error();
  hub.host_name = to_lower(*host_name ? **host_name : given->host_name.value_or(""));
  if (!is_host_name(hub.host_name)) {
    return Error{Errc::invalid,
                 "'hostName', or HostName of 'connectionString', must be a host name without port"};
  }
  if (const auto read = read_hub(*body, rules, hub); !read) return read.error();
  const domain::HubCredential credential{hub.hub_id, *given->policy_name, std::move(given->key),
                                         SecretBytes(entropy.bytes(kGatewaySecretSize))};
  const auto linked = catalog.hubs.put(call.tenant, std::move(hub), credential, 0);
  if (!linked) return linked.error();
  auto answer = written(catalog, call, *linked);
  if (!answer) return answer.error();
  return json_answer(201, std::move(*answer));
}

Result<http::Response> get(const Catalog& catalog, const Call& call) {
  const auto hub = existing(catalog, call);
  if (!hub) return hub.error();
  auto answer = written(catalog, call, *hub);
  if (!answer) return answer.error();
  return json_answer(200, std::move(*answer));
}

Result<std::optional<domain::HubCredential>> changed_credential(const Catalog& catalog,
                                                                const Call& call, const Hub& hub,
                                                                GivenCredential given) {
  if (!given.policy_name && given.key.empty()) return std::optional<domain::HubCredential>{};
  auto credential = catalog.hubs.credential(call.tenant, hub.record.hub_id);
  if (!credential) return credential.error();
  if (given.policy_name) {
    if (given.key.empty() && *given.policy_name != credential->policy_name) {
      return Error{Errc::invalid, "another policy, or user, needs its key or password too"};
    }
    credential->policy_name = std::move(*given.policy_name);
  }
  if (!given.key.empty()) credential->policy_key = std::move(given.key);
  return std::optional<domain::HubCredential>(std::move(*credential));
}

Result<http::Response> put(Catalog& catalog, const HostRules& rules, const Call& call) {
  auto hub = existing(catalog, call);
  if (!hub) return hub.error();
  const std::string etag = etag_of(hub->version, hub->record.stamps.created);
  if (const auto fits = check_if_match(call.request, etag); !fits) return fits.error();
  const auto body = read_body(call.request);
  if (!body) return body.error();
  const auto host_name = json::find_string(*body, "hostName");
  if (!host_name) return host_name.error();
  if (*host_name && !equals_ignoring_case(**host_name, hub->record.host_name)) {
    return Error{Errc::invalid, "the host name of a linked hub stays; link the other hub instead"};
  }
  const auto kind = read_kind(*body, hub->record.kind);
  if (!kind) return kind.error();
  if (*kind != hub->record.kind) {
    return Error{Errc::invalid, "the kind of a linked hub stays; link the other hub instead"};
  }
  auto given = read_credential(*body, *kind);
  if (!given) return given.error();
  const auto credential = changed_credential(catalog, call, *hub, std::move(*given));
  if (!credential) return credential.error();
  if (const auto read = read_hub(*body, rules, hub->record); !read) return read.error();
  const auto updated =
      catalog.hubs.put(call.tenant, std::move(hub->record), *credential, hub->version);
  if (!updated) return updated.error();
  auto answer = written(catalog, call, *updated);
  if (!answer) return answer.error();
  return json_answer(200, std::move(*answer));
}

std::string counted(std::uint64_t count, const char* one, const char* many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

// Who still counts on a hub that is unlinked, and what to do about it. DPS lets it go without a
// word, and admins learn of it from their devices.
struct LeftBehind {
  HubReferences enrollments;
  std::uint64_t registrations = 0;

  [[nodiscard]] std::string warning(const std::string& host_name) const {
    std::string text;
    const std::uint64_t naming = enrollments.individuals + enrollments.groups;
    if (naming > 0) {
      text = counted(enrollments.individuals, "individual enrollment", "individual enrollments") +
             " and " + counted(enrollments.groups, "enrollment group", "enrollment groups") +
             (naming == 1 ? " names " : " name ") + host_name +
             ": their devices are refused until it is taken off their lists, or linked again.";
    }
    if (registrations > 0) {
      if (!text.empty()) text += ' ';
      text += counted(registrations, "device is", "devices are") + " registered in it and " +
              (registrations == 1 ? "stays" : "stay") +
              " there; when one registers again, it gets another hub and "
              "begins with its enrollment's initial twin, or is refused if its reprovision policy "
              "keeps it in its hub.";
    }
    return text;
  }
};

Result<LeftBehind> left_behind(const Catalog& catalog, const Call& call,
                               const domain::LinkedHub& hub) {
  const auto enrollments = catalog.enrollments.naming(call.tenant, hub.host_name);
  if (!enrollments) return enrollments.error();
  const auto registrations = catalog.registrations.count_in(call.tenant, hub.host_name);
  if (!registrations) return registrations.error();
  return LeftBehind{*enrollments, *registrations};
}

// Allowed whoever refers to the hub, with a warning (service API 11).
Result<http::Response> erase(Catalog& catalog, const Call& call) {
  const auto hub = existing(catalog, call);
  if (!hub) return hub.error();
  const std::string etag = etag_of(hub->version, hub->record.stamps.created);
  if (const auto fits = check_if_match(call.request, etag); !fits) return fits.error();
  const auto left = left_behind(catalog, call, hub->record);
  if (!left) return left.error();
  const auto erased = catalog.hubs.erase(call.tenant, hub->record.hub_id, hub->version);
  if (!erased) return erased.error();
  const std::string warning = left->warning(hub->record.host_name);
  if (warning.empty()) return empty_answer();
  bj::object answer;
  answer["hostName"] = hub->record.host_name;
  answer["hubId"] = hub->record.hub_id.str();
  answer["individualEnrollments"] = left->enrollments.individuals;
  answer["enrollmentGroups"] = left->enrollments.groups;
  answer["registrations"] = left->registrations;
  answer["warning"] = warning;
  return json_answer(200, answer);
}

}  // namespace

std::vector<Endpoint> linked_hub_endpoints(Catalog& catalog, ports::Entropy& entropy,
                                           const HostRules& rules) {
  const Access read = tenant_with(domain::AccessRight::enrollment_read);
  const Access write = tenant_with(domain::AccessRight::service_config);
  const std::string collection = "/berth/v1/linkedHubs";
  const std::string single = collection + "/{hub}";
  return {
      {"GET", collection, read, false, [&](const Call& call) { return list(catalog, call); }},
      {"POST", collection, write, false,
       [&catalog, &entropy, rules](const Call& call) {
         return create(catalog, entropy, rules, call);
       }},
      {"GET", single, read, false, [&](const Call& call) { return get(catalog, call); }},
      {"PUT", single, write, false,
       [&catalog, rules](const Call& call) { return put(catalog, rules, call); }},
      {"DELETE", single, write, false, [&](const Call& call) { return erase(catalog, call); }},
  };
}

}  // namespace berth::coordinator
