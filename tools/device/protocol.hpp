// The protocols that a device can register over, and their names on the command line.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace berth::device {

enum class Protocol : std::uint8_t { https, mqtt, mqtt_ws, amqp, amqp_ws, coaps };

[[nodiscard]] const std::vector<Protocol>& all_protocols();
// "https", "mqtt", "mqtt-ws", "amqp", "amqp-ws", "coaps".
[[nodiscard]] std::string_view name_of(Protocol protocol);
[[nodiscard]] std::optional<Protocol> protocol_named(std::string_view name);

}  // namespace berth::device
