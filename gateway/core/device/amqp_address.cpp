#include "gateway/core/device/amqp_address.hpp"

#include "shared/base/encoding.hpp"

namespace berth::gateway {

std::optional<AmqpAddress> read_amqp_address(std::string_view text) {
  constexpr std::string_view kRegistrations = "/registrations/";
  for (const std::string_view scheme : {"amqps://", "amqp://"}) {
    if (!text.starts_with(scheme)) continue;
    const std::size_t path = text.find('/', scheme.size());
    if (path == std::string_view::npos) return std::nullopt;
    text.remove_prefix(path);
  }
  if (text.starts_with('/')) text.remove_prefix(1);
  const std::size_t middle = text.find(kRegistrations);
  if (middle == std::string_view::npos) return std::nullopt;
  std::optional<std::string> id_scope = percent_decode(text.substr(0, middle));
  std::optional<std::string> id = percent_decode(text.substr(middle + kRegistrations.size()));
  if (!id_scope || !id || id_scope->empty() || id->empty()) return std::nullopt;
  return AmqpAddress{std::move(*id_scope), std::move(*id)};
}

bool is_same_device(const AmqpAddress& a, const AmqpAddress& b) {
  return equals_ignoring_case(a.id_scope, b.id_scope) &&
         equals_ignoring_case(a.registration_id, b.registration_id);
}

}  // namespace berth::gateway
