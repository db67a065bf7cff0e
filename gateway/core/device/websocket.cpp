#include "gateway/core/device/websocket.hpp"

#include <string_view>

#include "shared/base/encoding.hpp"

namespace berth::gateway {
namespace {

// C# asks for "/", Java for "/mqtt", the others for "/$iothub/websocket" (device API 2.5); any
// query is Java's.
bool is_path(const std::vector<std::string>& segments) {
  if (segments.empty()) return true;
  if (segments.size() == 1) return segments[0] == "mqtt";
  return segments.size() == 2 && segments[0] == "$iothub" && segments[1] == "websocket";
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace

std::optional<WebSocketRoute> websocket_route(const http::Request& request) {
  http::Target target;
  if (request.method != "GET" ||
      !equals_ignoring_case(request.headers.get("Upgrade"), "websocket") ||
      !http::parse_target(request.target, target) || !is_path(target.segments)) {
    return std::nullopt;
  }
  std::string_view offered = request.headers.get("Sec-WebSocket-Protocol");
  while (!offered.empty()) {
    const std::size_t comma = offered.find(',');
    const std::string_view token = trimmed(offered.substr(0, comma));
    if (equals_ignoring_case(token, "mqtt")) {
      return WebSocketRoute{domain::DeviceProtocol::mqtt_ws, std::string(token)};
    }
    if (equals_ignoring_case(token, "AMQPWSB10")) {
      return WebSocketRoute{domain::DeviceProtocol::amqp_ws, std::string(token)};
    }
    offered = comma == std::string_view::npos ? std::string_view{} : offered.substr(comma + 1);
  }
  return std::nullopt;
}

}  // namespace berth::gateway
