#include "tools/device/protocol.hpp"

namespace berth::device {

const std::vector<Protocol>& all_protocols() {
  static const std::vector<Protocol> all{Protocol::https, Protocol::mqtt,    Protocol::mqtt_ws,
                                         Protocol::amqp,  Protocol::amqp_ws, Protocol::coaps};
  return all;
}

std::string_view name_of(Protocol protocol) {
  switch (protocol) {
    case Protocol::https: return "https";
    case Protocol::mqtt: return "mqtt";
    case Protocol::mqtt_ws: return "mqtt-ws";
    case Protocol::amqp: return "amqp";
    case Protocol::amqp_ws: return "amqp-ws";
    case Protocol::coaps: return "coaps";
  }
  return "";
}

std::optional<Protocol> protocol_named(std::string_view name) {
  for (const Protocol protocol : all_protocols()) {
    if (name_of(protocol) == name) return protocol;
  }
  return std::nullopt;
}

}  // namespace berth::device
