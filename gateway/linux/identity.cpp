#include "gateway/linux/identity.hpp"

#include <charconv>
#include <utility>

#include "shared/json/join_json.hpp"
#include "shared/protocol/sync/record_codec.hpp"
#include "shared/runtime/http_client.hpp"
#include "shared/runtime/tls_stream.hpp"

namespace berth::gateway {
namespace {

constexpr std::string_view kScheme = "https://";

struct Address {
  std::string host;
  std::uint16_t port = 443;
};

Result<Address> address_of(std::string_view url) {
  const Error malformed{Errc::malformed, "the join token names no https address"};
  if (!url.starts_with(kScheme)) return malformed;
  url.remove_prefix(kScheme.size());
  Address address;
  const std::size_t bracket = url.find(']');
  const std::size_t colon =
      url.find(':', url.starts_with('[') && bracket != std::string_view::npos ? bracket : 0);
  const std::string_view host = url.substr(0, colon);
  address.host = host.starts_with('[') && host.size() > 2
                     ? std::string(host.substr(1, host.size() - 2))
                     : std::string(host);
  if (colon != std::string_view::npos) {
    const std::string_view digits = url.substr(colon + 1);
    const auto [end, failed] =
        std::from_chars(digits.data(), digits.data() + digits.size(), address.port);
    if (failed != std::errc{} || end != digits.data() + digits.size()) return malformed;
  }
  if (address.host.empty()) return malformed;
  return address;
}

std::string origin_of(const Address& address) {
  const bool is_ipv6 = address.host.find(':') != std::string::npos;
  return std::string(kScheme) + (is_ipv6 ? "[" + address.host + "]" : address.host) + ":" +
         std::to_string(address.port);
}

Result<void> save(store::RecordStore& store, const std::string& id, Bytes body) {
  store::Change change;
  change.table = store::Table::node;
  change.id = id;
  change.body = std::move(body);
  store::ChangeSet set;
  set.changes.push_back(std::move(change));
  const auto committed = store::commit_one(store, std::move(set));
  if (!committed) return committed.error();
  return {};
}

// The CA certificate that the token pins, as the coordinator shows it. Whether the coordinator
// holds a certificate of that CA is proved by the connection that follows.
runtime::Task<Result<Bytes>> fetch_pinned_ca(boost::asio::any_io_executor executor, Address address,
                                             const protocol::JoinToken& token, JoinPorts ports) {
  ports::TlsClientSettings settings;
  settings.accept_any_server = true;
  auto context = ports.tls.client(settings);
  if (!context) co_return context.error();
  auto stream = co_await runtime::connect_tls(executor, address.host, address.port,
                                              std::move(*context), ports.patience);
  if (!stream) co_return stream.error();
  std::optional<Bytes> pinned;
  for (const Bytes& certificate : (*stream)->peer().chain) {
    const auto sha256 = ports.crypto.sha256(certificate);
    if (constant_time_equal(sha256, token.ca_fingerprint)) pinned = certificate;
  }
  co_await (*stream)->close();
  if (!pinned) {
    co_return Error{Errc::unauthorized,
                    "what answers at " + address.host +
                        " is not the coordinator that made the join token: it does not show the "
                        "CA that the token names"};
  }
  co_return std::move(*pinned);
}

}  // namespace

Result<std::optional<domain::NodeIdentity>> load_node(const store::Reader& reader,
                                                      const std::string& id) {
  const auto record = reader.read(store::kNode, store::Table::node, id);
  if (!record) return record.error();
  if (!record->has_value()) return std::optional<domain::NodeIdentity>();
  auto node = sync::decode<domain::NodeIdentity>((*record)->body);
  if (!node) return node.error();
  return std::optional<domain::NodeIdentity>(std::move(*node));
}

Result<void> save_node(store::RecordStore& store, const std::string& id,
                       const domain::NodeIdentity& node) {
  return save(store, id, sync::encode(node));
}

Result<std::optional<GatewayIdentity>> load_identity(const store::Reader& reader) {
  auto node = load_node(reader, kIdentityId);
  if (!node) return node.error();
  const auto record = reader.read(store::kNode, store::Table::node, kJoinId);
  if (!record) return record.error();
  if (!node->has_value() || !record->has_value()) return std::optional<GatewayIdentity>();
  auto reply = json::read_join_reply(as_text((*record)->body));
  if (!reply) return reply.error();
  return std::optional<GatewayIdentity>({std::move(**node), std::move(*reply)});
}

ports::TlsIdentity tls_identity(const domain::NodeIdentity& node) {
  ports::TlsIdentity identity{{node.certificate}, node.private_key};
  // The coordinator may have given a certificate alone.
  if (!node.ca_certificate.empty()) identity.chain.push_back(node.ca_certificate);
  return identity;
}

runtime::Task<Result<GatewayIdentity>> join(boost::asio::any_io_executor executor,
                                            std::string token_text, std::string host,
                                            std::uint16_t port, JoinPorts ports) {
  auto token = json::read_join_token(token_text);
  if (!token) co_return token.error();
  auto address = address_of(token->url);
  if (!address) co_return address.error();
  if (!host.empty()) address->host = host;
  if (port != 0) address->port = port;

  auto node = load_node(ports.store, kIdentityId);
  if (!node) co_return node.error();
  GatewayIdentity identity;
  if (node->has_value() && (*node)->node_id == token->gateway_id.str()) {
    identity.node = std::move(**node);
  } else {
    auto pair = ports.x509.generate_p256();
    if (!pair) co_return pair.error();
    identity.node.node_id = token->gateway_id.str();
    identity.node.private_key = std::move(pair->private_key);
    const auto saved = save_node(ports.store, kIdentityId, identity.node);
    if (!saved) co_return saved.error();
  }

  auto ca = co_await fetch_pinned_ca(executor, *address, *token, ports);
  if (!ca) co_return ca.error();
  ports::TlsClientSettings settings;
  settings.trusted = {*ca};
  auto context = ports.tls.client(settings);
  if (!context) co_return context.error();
  auto csr = ports.x509.make_csr(token->gateway_id.str(), identity.node.private_key);
  if (!csr) co_return csr.error();

  protocol::JoinRequest request;
  request.token = std::move(*token);
  request.csr = std::move(*csr);
  http::Request message;
  message.method = "POST";
  message.target = "/berth/v1/gateways:join";
  message.headers.set("Content-Type", "application/json; charset=utf-8");
  message.body = json::write(request);
  runtime::HttpClient client(executor, std::move(*context));
  const auto response = co_await client.send(origin_of(*address), message, ports.patience);
  if (!response) co_return response.error();
  if (response->status == 429 || response->status >= 500) {
    co_return Error{Errc::unavailable, "the coordinator can't answer now (status " +
                                           std::to_string(response->status) + ")"};
  }
  if (response->status != 200) {
    co_return Error{Errc::unauthorized,
                    "the coordinator refused the join token (status " +
                        std::to_string(response->status) +
                        "): it is good once and for an hour; make another with `berth gateway "
                        "token`"};
  }
  auto reply = json::read_join_reply(response->body);
  if (!reply) co_return reply.error();
  if (!(reply->ca_certificate == *ca)) {
    co_return Error{Errc::unauthorized, "the coordinator gave another CA than the token pins"};
  }
  identity.node.certificate = reply->certificate;
  identity.node.ca_certificate = reply->ca_certificate;
  identity.join = std::move(*reply);
  auto saved = save_node(ports.store, kIdentityId, identity.node);
  if (saved) saved = save(ports.store, kJoinId, to_bytes(json::write(identity.join)));
  if (!saved) co_return saved.error();
  co_return identity;
}

}  // namespace berth::gateway
