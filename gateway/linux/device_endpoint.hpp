// The one endpoint that devices see (design 1): HTTPS, MQTT and AMQP on TLS, the latter two also in
// a WebSocket on the port of HTTPS; the same on every shard. The kernel spreads connections over
// the shards (SO_REUSEPORT); a request goes to the shard that owns its device, wherever it came in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gateway/core/device/http.hpp"
#include "gateway/core/device/websocket.hpp"
#include "gateway/core/limits.hpp"
#include "gateway/linux/device_transport.hpp"
#include "gateway/linux/log_throttle.hpp"
#include "gateway/linux/shards.hpp"
#include "shared/ports/tls_engine.hpp"
#include "shared/runtime/http_server.hpp"
#include "shared/runtime/log.hpp"
#include "shared/runtime/tls_listener.hpp"

namespace berth::gateway {

// What core/limits.hpp says of HTTP.
[[nodiscard]] runtime::HttpLimits device_http_limits();

class DeviceEndpoint {
 public:
  struct Settings {
    std::vector<std::string> addresses;
    std::uint16_t https_port = 443;
    std::uint16_t mqtt_port = 8883;
    std::uint16_t amqp_port = 5671;
    std::size_t max_connections = kDefaultConnections;  // of the whole endpoint
    std::chrono::milliseconds handshake_timeout = kHandshakeDeadline;
    runtime::HttpLimits http = device_http_limits();
  };
  struct Services {
    Shards& shards;
    protocol::BodyCodec& json;
    ports::Crypto& crypto;
    ports::Clock& clock;
    ports::Entropy& entropy;
    runtime::Log& log;
  };

  // Binds every address and port on every shard, before the shards start.
  [[nodiscard]] static Result<std::unique_ptr<DeviceEndpoint>> bind(
      const Settings& settings, const Services& services,
      std::shared_ptr<ports::TlsContext> context);
  ~DeviceEndpoint();

  // From any thread.
  void start();
  void stop();
  void replace_context(std::shared_ptr<ports::TlsContext> context);

  // Connections that have a place now.
  [[nodiscard]] std::size_t connections() const { return gate_->size(); }
  [[nodiscard]] std::uint16_t https_port() const;
  [[nodiscard]] std::uint16_t mqtt_port() const;
  [[nodiscard]] std::uint16_t amqp_port() const;

 private:
  struct Bound {
    Shard& shard;
    std::unique_ptr<runtime::TlsListener> listener;
  };
  DeviceEndpoint(const Settings& settings, const Services& services);
  Result<std::uint16_t> listen(Shard& shard, const std::string& address, std::uint16_t port,
                               const std::shared_ptr<ports::TlsContext>& context,
                               const runtime::ListenerLimits& limits,
                               runtime::TlsListener::Session session);
  void log_end(const std::string& source, const std::string& what);
  runtime::Task<void> serve_https(Shard& shard, runtime::TlsStream& stream);
  runtime::Task<void> serve_websocket(Shard& shard, runtime::TlsStream& stream, DevicePeer peer,
                                      http::Request request, Bytes ahead, WebSocketRoute route);
  runtime::Task<void> serve_stream(Shard& shard, runtime::TlsStream& stream,
                                   domain::DeviceProtocol protocol);
  runtime::Task<void> serve_session(Shard& shard, DeviceTransport& transport, DevicePeer peer,
                                    domain::DeviceProtocol protocol);

  Services services_;
  // Two owners: the listeners' limits hold it as well.
  std::shared_ptr<runtime::ConnectionGate> gate_;
  LogThrottle ended_;  // of connections
  DeviceHttp http_;
  runtime::HttpLimits http_limits_;
  std::vector<Bound> bound_;
  std::uint16_t https_port_ = 0;
  std::uint16_t mqtt_port_ = 0;
  std::uint16_t amqp_port_ = 0;
};

}  // namespace berth::gateway
