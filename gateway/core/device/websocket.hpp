// Which requests on the HTTPS port open a WebSocket, and what is spoken in it (device API 2.5 and
// 3.1).
#pragma once

#include <optional>
#include <string>

#include "shared/domain/model/journal.hpp"
#include "shared/protocol/http/message.hpp"

namespace berth::gateway {

struct WebSocketRoute {
  domain::DeviceProtocol protocol = domain::DeviceProtocol::mqtt_ws;  // or amqp_ws
  std::string subprotocol;  // as the client spelled it, to be given back byte for byte
};

// None if the request asks for no WebSocket, or for one that is not here: HTTP answers it then.
[[nodiscard]] std::optional<WebSocketRoute> websocket_route(const http::Request& request);

}  // namespace berth::gateway
