#include "coordinator/fleet/joining.hpp"

#include <utility>

namespace berth::coordinator {
namespace {

Error refused(std::string reason) {
  return Error{Errc::unauthorized, std::move(reason)};
}

std::string url_of(const PublicEndpoint& endpoint) {
  const bool is_ipv6 = endpoint.host.find(':') != std::string::npos;
  const std::string host = is_ipv6 ? "[" + endpoint.host + "]" : endpoint.host;
  return "https://" + host + ":" + std::to_string(endpoint.port);
}

}  // namespace

Result<protocol::JoinToken> Joining::create_token(const domain::GatewayId& gateway) {
  auto stored = gateways_.find(gateway);
  if (!stored) return stored.error();
  if (!*stored) return Error{Errc::not_found, "there is no gateway " + gateway.str()};
  auto record = (*stored)->record;
  if (record.status == domain::GatewayStatus::removed) {
    return Error{Errc::forbidden, "gateway " + record.name + " was removed"};
  }
  protocol::JoinToken token;
  token.url = url_of(endpoint_);
  token.ca_fingerprint = ca_.fingerprint();
  token.gateway_id = gateway;
  token.secret = entropy_.secret(protocol::kJoinSecretSize);

  const auto hash = crypto_.sha256(token.secret.reveal());
  record.join_token_hash = {hash.begin(), hash.end()};
  record.join_token_expiry = clock_.wall() + protocol::kMaxJoinTokenLifetime;
  record.join_token_reused = false;
  record.join_token_used = false;
  auto written = gateways_.put(std::move(record), (*stored)->version);
  if (!written) return written.error();
  return token;
}

Result<protocol::JoinReply> Joining::join(const protocol::JoinRequest& request) {
  auto public_key = ca_.read_csr(request.csr);
  if (!public_key) return public_key.error();
  auto stored = gateways_.find(request.token.gateway_id);
  if (!stored) return stored.error();
  const auto hash = crypto_.sha256(request.token.secret.reveal());
  if (!*stored || (*stored)->record.join_token_hash.empty() ||
      !constant_time_equal(hash, (*stored)->record.join_token_hash)) {
    return refused("the join token is unknown");
  }
  auto gateway = (*stored)->record;
  if (gateway.join_token_used && gateway.public_key != *public_key) {
    // Whoever was first has the identity; somebody else has the token, so an admin must look.
    gateway.join_token_reused = true;
    auto written = gateways_.put(gateway, (*stored)->version);
    if (!written) return written.error();
    return refused("the join token of gateway " + gateway.name +
                   " was presented again, with another key");
  }
  if (clock_.wall() > gateway.join_token_expiry) {
    return refused("the join token of gateway " + gateway.name + " expired " +
                   to_iso8601_seconds(gateway.join_token_expiry));
  }
  switch (gateway.status) {
    case domain::GatewayStatus::joining:
    case domain::GatewayStatus::active: break;
    case domain::GatewayStatus::disabled:
      return refused("gateway " + gateway.name + " is disabled");
    case domain::GatewayStatus::removed: return refused("gateway " + gateway.name + " was removed");
  }

  auto certificate = ca_.issue_gateway(gateway.gateway_id, *public_key);
  if (!certificate) return certificate.error();
  gateway.status = domain::GatewayStatus::active;
  gateway.public_key = std::move(*public_key);
  gateway.join_token_used = true;
  gateway.certificate_expiry = clock_.wall() + ca_.gateway_lifetime();

  protocol::JoinReply reply;
  reply.gateway_id = gateway.gateway_id;
  reply.certificate = std::move(*certificate);
  reply.ca_certificate = ca_.certificate();
  reply.coordinator_id = coordinator_;
  reply.sync_host = endpoint_.host;
  reply.sync_port = endpoint_.port;
  reply.id_scopes = gateway.tenants;
  auto written = gateways_.put(std::move(gateway), (*stored)->version);
  if (!written) return written.error();
  return reply;
}

}  // namespace berth::coordinator
