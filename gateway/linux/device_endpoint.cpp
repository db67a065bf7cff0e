#include "gateway/linux/device_endpoint.hpp"

#include <utility>
#include <variant>

#include <boost/asio/post.hpp>

#include "gateway/linux/mqtt_connection.hpp"
#include "shared/runtime/http_server.hpp"

namespace berth::gateway {

DeviceEndpoint::DeviceEndpoint(const Services& services)
    : services_(services), http_(services.json, services.clock, services.entropy) {}

DeviceEndpoint::~DeviceEndpoint() = default;

Result<std::unique_ptr<DeviceEndpoint>> DeviceEndpoint::bind(
    const Settings& settings, const Services& services,
    std::shared_ptr<ports::TlsContext> context) {
  auto endpoint = std::unique_ptr<DeviceEndpoint>(new DeviceEndpoint(services));
  DeviceEndpoint& self = *endpoint;
  self.https_port_ = settings.https_port;
  self.mqtt_port_ = settings.mqtt_port;
  const auto& shards = services.shards.all();
  runtime::ListenerLimits limits;
  limits.max_connections = std::max<std::size_t>(1, settings.max_connections / shards.size());
  for (const auto& shard : shards) {
    for (const std::string& address : settings.addresses) {
      // A port that was free to choose is chosen once, for all addresses and shards.
      const auto https =
          self.listen(*shard, address, self.https_port_, context, limits,
                      [&self](runtime::TlsStream& stream) { return self.serve_https(stream); });
      if (!https) return https.error();
      self.https_port_ = *https;
      const auto mqtt = self.listen(*shard, address, self.mqtt_port_, context, limits,
                                    [&self, &owner = *shard](runtime::TlsStream& stream) {
                                      return self.serve_mqtt(owner, stream);
                                    });
      if (!mqtt) return mqtt.error();
      self.mqtt_port_ = *mqtt;
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
      [this](const std::string& source, const std::string& what) {
        services_.log.info("a device's connection ended: " + what, {{"source", source}});
      },
      true);
  if (!listener) return listener.error();
  const std::uint16_t bound = (*listener)->port();
  bound_.push_back({shard, std::move(*listener)});
  return bound;
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

runtime::Task<void> DeviceEndpoint::serve_https(runtime::TlsStream& stream) {
  const DevicePeer peer{stream.peer().chain, stream.remote_address()};
  const runtime::HttpHandler handler =
      [this, &peer](http::Request request) -> runtime::Task<http::Response> {
    auto read = http_.read(request, peer, 0);
    if (auto* refusal = std::get_if<HttpRefusal>(&read)) {
      services_.log.warning("HTTPS: " + refusal->reason, {{"source", peer.source}});
      co_return std::move(refusal->response);
    }
    auto& wanted = std::get<DeviceRequest>(read);
    Shard& owner = services_.shards.owner(wanted);
    const Reply reply = co_await owner.submit(std::move(wanted));
    co_return http_.write(request, reply);
  };
  const auto refuse = [this](int status) { return http_.refuse(status); };
  const runtime::HttpLimits limits;
  co_await runtime::serve_http(stream, limits, handler, refuse);
}

runtime::Task<void> DeviceEndpoint::serve_mqtt(Shard& shard, runtime::TlsStream& stream) {
  const MqttPorts ports{shard.cache(), services_.json, services_.crypto, services_.clock,
                        services_.entropy};
  DevicePeer peer{stream.peer().chain, stream.remote_address()};
  MqttSession session(ports, std::move(peer), domain::DeviceProtocol::mqtt);
  MqttConnection connection(stream, std::move(session), services_.shards, services_.clock,
                            services_.log);
  co_await connection.serve();
}

}  // namespace berth::gateway
