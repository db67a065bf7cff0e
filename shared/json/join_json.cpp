#include "shared/json/join_json.hpp"

#include <limits>
#include <utility>

#include <boost/json/array.hpp>

#include "shared/base/encoding.hpp"
#include "shared/json/json_text.hpp"
#include "shared/ports/crypto.hpp"

namespace berth::json {
namespace {

constexpr std::string_view kPrefix = "berth1.";
constexpr std::size_t kMaxDepth = 4;
constexpr std::size_t kMaxIdScopes = 256;

Error malformed(const std::string& what) {
  return Error{Errc::malformed, what};
}

// A member that must be there.
Result<std::string> required(const boost::json::object& object, std::string_view name) {
  auto found = find_string(object, name);
  if (!found) return found.error();
  if (!*found) return malformed(std::string(name) + " is missing");
  return std::move(**found);
}

Result<Bytes> required_base64(const boost::json::object& object, std::string_view name) {
  auto text = required(object, name);
  if (!text) return text.error();
  auto bytes = from_base64(*text);
  if (!bytes || bytes->empty()) return malformed(std::string(name) + " is not base64");
  return std::move(*bytes);
}

}  // namespace

std::string write_join_token(const protocol::JoinToken& token) {
  boost::json::object object;
  object["u"] = token.url;
  object["f"] = to_hex(token.ca_fingerprint);
  object["g"] = token.gateway_id.str();
  object["s"] = to_base64url(token.secret.reveal());
  return std::string(kPrefix) + to_base64url(as_bytes(serialize(object)));
}

Result<protocol::JoinToken> read_join_token(std::string_view text) {
  const auto unreadable = malformed("this is not a join token");
  if (text.size() > kMaxJoinToken || !text.starts_with(kPrefix)) return unreadable;
  const auto body = from_base64url(text.substr(kPrefix.size()));
  if (!body) return unreadable;
  const auto object = parse_object(as_text(*body), {kMaxJoinToken, kMaxDepth});
  if (!object) return unreadable;
  const auto url = required(*object, "u");
  const auto fingerprint = required(*object, "f");
  const auto gateway = required(*object, "g");
  const auto secret = required(*object, "s");
  if (!url || !fingerprint || !gateway || !secret) return unreadable;
  auto fingerprint_bytes = from_hex(*fingerprint);
  auto secret_bytes = from_base64url(*secret);
  if (!fingerprint_bytes || fingerprint_bytes->size() != sizeof(ports::Sha256Digest) ||
      !secret_bytes || secret_bytes->size() != protocol::kJoinSecretSize || gateway->empty()) {
    return unreadable;
  }
  protocol::JoinToken token;
  token.url = *url;
  token.ca_fingerprint = std::move(*fingerprint_bytes);
  token.gateway_id = domain::GatewayId(*gateway);
  token.secret = SecretBytes(std::move(*secret_bytes));
  return token;
}

std::string write(const protocol::JoinRequest& request) {
  boost::json::object object;
  object["token"] = write_join_token(request.token);
  object["csr"] = to_base64(request.csr);
  return serialize(object);
}

Result<protocol::JoinRequest> read_join_request(std::string_view text) {
  const auto object = parse_object(text, {kMaxJoinBody, kMaxDepth});
  if (!object) return object.error();
  const auto token_text = required(*object, "token");
  if (!token_text) return token_text.error();
  auto token = read_join_token(*token_text);
  if (!token) return token.error();
  auto csr = required_base64(*object, "csr");
  if (!csr) return csr.error();
  protocol::JoinRequest request;
  request.token = std::move(*token);
  request.csr = std::move(*csr);
  return request;
}

std::string write(const protocol::JoinReply& reply) {
  boost::json::array id_scopes;
  for (const auto& id_scope : reply.id_scopes) id_scopes.emplace_back(id_scope.str());
  boost::json::object object;
  object["gatewayId"] = reply.gateway_id.str();
  object["certificate"] = to_base64(reply.certificate);
  object["caCertificate"] = to_base64(reply.ca_certificate);
  object["coordinatorId"] = reply.coordinator_id.str();
  object["syncHost"] = reply.sync_host;
  object["syncPort"] = reply.sync_port;
  object["idScopes"] = std::move(id_scopes);
  return serialize(object);
}

Result<protocol::JoinReply> read_join_reply(std::string_view text) {
  const auto object = parse_object(text, {kMaxJoinBody, kMaxDepth});
  if (!object) return object.error();
  const auto gateway = required(*object, "gatewayId");
  if (!gateway) return gateway.error();
  auto certificate = required_base64(*object, "certificate");
  if (!certificate) return certificate.error();
  auto ca_certificate = required_base64(*object, "caCertificate");
  if (!ca_certificate) return ca_certificate.error();
  const auto coordinator = required(*object, "coordinatorId");
  if (!coordinator) return coordinator.error();
  const auto host = required(*object, "syncHost");
  if (!host) return host.error();
  const auto port = find_number(*object, "syncPort", std::numeric_limits<std::uint16_t>::max());
  if (!port) return port.error();
  if (!*port || **port == 0) return malformed("syncPort is missing");
  const auto id_scopes = find_array(*object, "idScopes");
  if (!id_scopes) return id_scopes.error();
  if (*id_scopes == nullptr || (*id_scopes)->size() > kMaxIdScopes) {
    return malformed("idScopes is missing or too long");
  }
  protocol::JoinReply reply;
  reply.gateway_id = domain::GatewayId(*gateway);
  reply.certificate = std::move(*certificate);
  reply.ca_certificate = std::move(*ca_certificate);
  reply.coordinator_id = domain::CoordinatorId(*coordinator);
  reply.sync_host = *host;
  reply.sync_port = static_cast<std::uint16_t>(**port);
  for (const auto& entry : **id_scopes) {
    if (!entry.is_string()) return malformed("an entry of idScopes is not a text");
    auto id_scope = domain::parse_id_scope(std::string_view(entry.get_string()));
    if (!id_scope) return malformed("an entry of idScopes is not an ID scope");
    reply.id_scopes.push_back(std::move(*id_scope));
  }
  return reply;
}

}  // namespace berth::json
