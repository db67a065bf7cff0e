#include "coordinator/api/authorization.hpp"

#include <utility>

#include "shared/base/encoding.hpp"
#include "shared/protocol/sas_token.hpp"

namespace berth::coordinator {
namespace {

constexpr std::string_view kScheme = "SharedAccessSignature ";
// Stands in for the keys of a policy that does not exist, so that the answer takes as long.
constexpr std::size_t kAbsentKeySize = 64;

Error unauthorized(std::string reason) {
  return Error{Errc::unauthorized, std::move(reason)};
}

std::string path_of(const http::Target& target) {
  std::string path;
  for (const std::string& segment : target.segments) path += "/" + segment;
  return path;
}

}  // namespace

std::string_view host_without_port(std::string_view host) {
  if (host.starts_with('[')) {
    const std::size_t end = host.find(']');
    return end == std::string_view::npos ? host : host.substr(1, end - 1);
  }
  // More than one colon is an IPv6 address without brackets and port.
  const std::size_t colon = host.find(':');
  return host.find(':', colon + 1) == std::string_view::npos ? host.substr(0, colon) : host;
}

Result<Caller> Authorizer::authorize(const http::Request& request, const http::Target& target,
                                     const Access& access) const {
  if (access.who == Access::Who::anyone) return Caller{};
  const std::string_view authorization = request.headers.get("authorization");
  if (authorization.empty()) return unauthorized("the Authorization header is missing");
  if (!authorization.starts_with(kScheme)) {
    return unauthorized("the Authorization header is no SharedAccessSignature");
  }
  const auto token = protocol::parse_sas_token(authorization);
  if (!token) return token.error();

  // The resource names the host as the client's connection string does, with or without a port.
  const std::string_view host = request.headers.get("host");
  const std::string path = path_of(target);
  if (!protocol::covers(*token, std::string(host_without_port(host)) + path) &&
      !protocol::covers(*token, std::string(host) + path)) {
    return unauthorized("the token is not for this host and path");
  }

  domain::IdScope tenant;
  if (access.who == Access::Who::tenant) {
    const auto settings = catalog_.tenants.by_host_name(host_without_port(host));
    if (!settings) return settings.error();
    tenant = settings->id_scope;
  }
  const auto named = policy(access, tenant, token->key_name);
  if (!named) return named.error();
  const bool primary_fits = protocol::signature_fits(*token, named->primary_key, crypto_);
  const bool secondary_fits = protocol::signature_fits(*token, named->secondary_key, crypto_);
  if (named->key_name.empty() || (!primary_fits && !secondary_fits)) {
    return unauthorized(
        "there is no access policy of that name with the key that signed the token");
  }
  if (protocol::is_expired(*token, clock_.wall())) return unauthorized("the token has expired");
  for (const domain::AccessRight right : {access.right, access.also.value_or(access.right)}) {
    if (domain::allows(named->rights, right)) continue;
    return unauthorized("the access policy " + named->key_name + " lacks the right " +
                        std::string(right_text(right)));
  }
  return Caller{std::move(tenant), named->key_name};
}

Result<domain::AccessPolicy> Authorizer::policy(const Access& access, const domain::IdScope& tenant,
                                                const std::string& key_name) const {
  domain::AccessPolicy absent;
  absent.primary_key = SecretBytes(Bytes(kAbsentKeySize));
  absent.secondary_key = absent.primary_key;
  if (access.who == Access::Who::operator_only) {
    if (!equals_ignoring_case(key_name, domain::kOperatorKeyName)) return absent;
    auto found = catalog_.policies.operator_policy();
    if (!found) return found.error();
    return *found ? std::move(**found) : std::move(absent);
  }
  if (!check_key_name(key_name)) return absent;
  auto found = catalog_.policies.find(tenant, key_name);
  if (!found) return found.error();
  return *found ? std::move((*found)->record) : std::move(absent);
}

std::string_view right_text(domain::AccessRight right) {
  switch (right) {
    case domain::AccessRight::service_config: return "ServiceConfig";
    case domain::AccessRight::enrollment_read: return "EnrollmentRead";
    case domain::AccessRight::enrollment_write: return "EnrollmentWrite";
    case domain::AccessRight::registration_status_read: return "RegistrationStatusRead";
    case domain::AccessRight::registration_status_write: return "RegistrationStatusWrite";
    case domain::AccessRight::device_connect: return "DeviceConnect";
  }
  return {};
}

}  // namespace berth::coordinator
