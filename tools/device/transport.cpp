#include "tools/device/transport.hpp"

#include "tools/device/amqp.hpp"
#include "tools/device/byte_stream.hpp"
#include "tools/device/coap.hpp"
#include "tools/device/https.hpp"
#include "tools/device/mqtt.hpp"

namespace berth::device {

std::unique_ptr<Transport> make_transport(Protocol protocol, const TransportServices& services) {
  switch (protocol) {
    case Protocol::https: return std::make_unique<HttpsTransport>(services);
    case Protocol::mqtt: return std::make_unique<MqttTransport>(services, Carrier::tls);
    case Protocol::mqtt_ws: return std::make_unique<MqttTransport>(services, Carrier::web_socket);
    case Protocol::amqp: return std::make_unique<AmqpTransport>(services, Carrier::tls);
    case Protocol::amqp_ws: return std::make_unique<AmqpTransport>(services, Carrier::web_socket);
    case Protocol::coaps: return std::make_unique<CoapTransport>(services);
  }
  return nullptr;
}

}  // namespace berth::device
