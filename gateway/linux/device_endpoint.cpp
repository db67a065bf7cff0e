#include "gateway/linux/device_endpoint.hpp"

#include <memory>
#include <optional>
#include <utility>
#include <variant>

#include <boost/asio/post.hpp>

#include "gateway/core/device/mqtt.hpp"
#include "gateway/linux/amqp_session.hpp"
#include "gateway/linux/device_connection.hpp"

namespace berth::gateway {

runtime::HttpLimits device_http_limits() {
  runtime::HttpLimits limits;
  limits.max_header = kMaxHttpHead;
  limits.max_body = kMaxHttpBody;
  limits.first_timeout = kHttpFirstDeadline;
  limits.header_timeout = kHttpRequestDeadline;
  limits.idle_timeout = kHttpMaxIdle;
  limits.write_timeout = kDeviceWriteDeadline;
  return limits;
}

DeviceEndpoint::DeviceEndpoint(const Settings& settings, const Services& services)
    : services_(services),
      gate_(std::make_shared<runtime::ConnectionGate>(settings.max_connections)),
      ended_(kMaxLoggedConnections),
      http_(services.json, services.clock, services.entropy),
      http_limits_(settings.http),
      https_port_(settings.https_port),
      mqtt_port_(settings.mqtt_port),
      amqp_port_(settings.amqp_port) {}

DeviceEndpoint::~DeviceEndpoint() = default;

Result<std::unique_ptr<DeviceEndpoint>> DeviceEndpoint::bind(
    const Settings& settings, const Services& services,
    std::shared_ptr<ports::TlsContext> context) {
  auto endpoint = std::unique_ptr<DeviceEndpoint>(new DeviceEndpoint(settings, services));
  DeviceEndpoint& self = *endpoint;
  const auto& shards = services.shards.all();
  runtime::ListenerLimits limits;
  limits.gate = self.gate_;
  limits.handshake_timeout = settings.handshake_timeout;
  for (const auto& shard : shards) {
    for (const std::string& address : settings.addresses) {
      // A port that was free to choose is chosen once, for all addresses and shards.
      Shard& owner = *shard;
      const auto https = self.listen(
          owner, address, self.https_port_, context, limits,
          [&self, &owner](runtime::TlsStream& stream) { return self.serve_https(owner, stream); });
      if (!https) return https.error();
      self.https_port_ = *https;
      const auto mqtt =
          self.listen(owner, address, self.mqtt_port_, context, limits,
                      [&self, &owner](runtime::TlsStream& stream) {
                        return self.serve_stream(owner, stream, domain::DeviceProtocol::mqtt);
                      });
      if (!mqtt) return mqtt.error();
      self.mqtt_port_ = *mqtt;
      const auto amqp =
          self.listen(owner, address, self.amqp_port_, context, limits,
                      [&self, &owner](runtime::TlsStream& stream) {
                        return self.serve_stream(owner, stream, domain::DeviceProtocol::amqp);
                      });
      if (!amqp) return amqp.error();
      self.amqp_port_ = *amqp;
    }
  }
  return endpoint;
}

Result<std::uint16_t> DeviceEndpoint::listen(Shard& shard, const std::string& address,
                                             std::uint16_t port,
                                             const std::shared_ptr<ports::TlsContext>& context,
                                             const runtime::ListenerLimits& limits,
                                             runtime::TlsListener::Session session) {
  auto listener = runtime::TlsListener::bind(
      shard.executor(), address, port, context, limits, std::move(session),
      [this](const std::string& source, const std::string& what) { log_end(source, what); }, true);
  if (!listener) return listener.error();
  const std::uint16_t bound = (*listener)->port();
  bound_.push_back({shard, std::move(*listener)});
  return bound;
}

// Who connects again and again must not fill the disk.
void DeviceEndpoint::log_end(const std::string& source, const std::string& what) {
  const LogThrottle::Word word = ended_.ask(services_.clock.monotonic());
  if (word.unsaid > 0) {
    services_.log.info(std::to_string(word.unsaid) + " more connections of devices ended");
  }
  if (word.may_log) {
    services_.log.info("a device's connection ended: " + what, {{"source", source}});
  }
}

void DeviceEndpoint::start() {
  for (const Bound& one : bound_) {
    boost::asio::post(one.shard.executor(), [listener = one.listener.get()] { listener->start(); });
  }
}

void DeviceEndpoint::stop() {
  for (const Bound& one : bound_) {
    boost::asio::post(one.shard.executor(), [listener = one.listener.get()] { listener->stop(); });
  }
}

void DeviceEndpoint::replace_context(std::shared_ptr<ports::TlsContext> context) {
  for (const Bound& one : bound_) {
    boost::asio::post(one.shard.executor(), [listener = one.listener.get(), context] {
      listener->replace_context(context);
    });
  }
}

std::uint16_t DeviceEndpoint::https_port() const {
  return https_port_;
}
std::uint16_t DeviceEndpoint::mqtt_port() const {
  return mqtt_port_;
}
std::uint16_t DeviceEndpoint::amqp_port() const {
  return amqp_port_;
}

runtime::Task<void> DeviceEndpoint::serve_https(Shard& shard, runtime::TlsStream& stream) {
  const DevicePeer peer{stream.peer().chain, stream.remote_address()};
  const runtime::HttpHandler handler =
      [this, &peer, &stream](http::Request request) -> runtime::Task<http::Response> {
    auto read = http_.read(request, peer, 0);
    if (auto* refusal = std::get_if<HttpRefusal>(&read)) {
      services_.log.warning("HTTPS: " + refusal->reason, {{"source", peer.source}});
      co_return std::move(refusal->response);
    }
    auto& wanted = std::get<DeviceRequest>(read);
    Shard& owner = services_.shards.owner(wanted);
    const Reply reply = co_await owner.submit(std::move(wanted));
    if (is_to_attested(reply)) stream.vouch();
    co_return http_.write(request, reply);
  };
  const auto refuse = [this](int status) { return http_.refuse(status); };
  const runtime::HttpUpgrade upgrade = [this, &shard, &stream, &peer](
                                           const http::Request& request,
                                           ByteView ahead) -> std::optional<runtime::Task<void>> {
    std::optional<WebSocketRoute> route = websocket_route(request);
    if (!route) return std::nullopt;
    return serve_websocket(shard, stream, peer, request, to_bytes(ahead), std::move(*route));
  };
  co_await runtime::serve_http(stream, http_limits_, handler, refuse, upgrade);
}

runtime::Task<void> DeviceEndpoint::serve_websocket(Shard& shard, runtime::TlsStream& stream,
                                                    DevicePeer peer, http::Request request,
                                                    Bytes ahead, WebSocketRoute route) {
  runtime::WebSocketLimits limits;
  limits.max_message = kMaxWebSocketMessage;
  const auto socket = co_await runtime::WebSocket::accept(
      stream, std::move(request), std::move(ahead), std::move(route.subprotocol), limits);
  if (!socket) {
    services_.log.warning(socket.error().reason, {{"source", peer.source}});
    co_return;
  }
  TransportOver<runtime::WebSocket> transport(**socket);
  co_await serve_session(shard, transport, std::move(peer), route.protocol);
}

runtime::Task<void> DeviceEndpoint::serve_stream(Shard& shard, runtime::TlsStream& stream,
                                                 domain::DeviceProtocol protocol) {
  TransportOver<runtime::TlsStream> transport(stream);
  DevicePeer peer{stream.peer().chain, stream.remote_address()};
  co_await serve_session(shard, transport, std::move(peer), protocol);
}

runtime::Task<void> DeviceEndpoint::serve_session(Shard& shard, DeviceTransport& transport,
                                                  DevicePeer peer,
                                                  domain::DeviceProtocol protocol) {
  const SessionPorts ports{shard.cache(), services_.json, services_.crypto, services_.clock,
                           services_.entropy};
  const bool is_mqtt =
      protocol == domain::DeviceProtocol::mqtt || protocol == domain::DeviceProtocol::mqtt_ws;
  std::unique_ptr<DeviceSession> session;
  if (is_mqtt) {
    session = std::make_unique<MqttSession>(ports, std::move(peer), protocol);
  } else {
    session = std::make_unique<AmqpSession>(ports, std::move(peer), protocol);
  }
  const DeviceConnection::Ask ask = [this](DeviceRequest request) {
    Shard& owner = services_.shards.owner(request);
    return owner.submit(std::move(request));
  };
  DeviceConnection connection(transport, *session, is_mqtt ? "MQTT" : "AMQP", ask, services_.clock,
                              services_.log);
  co_await connection.serve();
}

}  // namespace berth::gateway
