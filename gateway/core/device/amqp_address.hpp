// Which device an AMQP link or a SASL user is about (device API 3.1 and 3.2).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace berth::gateway {

struct AmqpAddress {
  std::string id_scope;
  std::string registration_id;
};

// "{idScope}/registrations/{registrationId}", with "amqps://{host}/" before it, as C writes it, or
// a slash, as Java does.
[[nodiscard]] std::optional<AmqpAddress> read_amqp_address(std::string_view text);

// Whether both name the same device; IDs do not differ by case (device API 1.6).
[[nodiscard]] bool is_same_device(const AmqpAddress& a, const AmqpAddress& b);

}  // namespace berth::gateway
