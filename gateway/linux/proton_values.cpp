#include "gateway/linux/proton_values.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <proton/codec.h>
#include <proton/condition.h>

namespace berth::gateway {
namespace {

// Both spellings, since C# reads the other one (device API 3.3).
void put_retry_after(pn_data_t* info, std::chrono::seconds retry_after) {
  pn_data_put_map(info);
  pn_data_enter(info);
  for (const std::string_view key : {"retry-after", "Retry-After"}) {
    pn_data_put_symbol(info, pn_bytes(key.size(), key.data()));
    pn_data_put_int(info, static_cast<std::int32_t>(retry_after.count()));
  }
  pn_data_exit(info);
}

}  // namespace

std::string text_at(pn_data_t* map, std::string_view key) {
  // Proton has no map where a link has no properties.
  if (map == nullptr) return {};
  pn_data_rewind(map);
  if (!pn_data_next(map) || pn_data_type(map) != PN_MAP) return {};
  const std::size_t items = pn_data_get_map(map);
  pn_data_enter(map);
  for (std::size_t i = 0; i + 1 < items; i += 2) {
    pn_data_next(map);
    const bool is_key = pn_data_type(map) == PN_SYMBOL || pn_data_type(map) == PN_STRING;
    const pn_bytes_t name = is_key ? pn_data_get_bytes(map) : pn_bytes_null;
    pn_data_next(map);
    if (!is_key || std::string_view(name.start, name.size) != key) continue;
    if (pn_data_type(map) != PN_STRING && pn_data_type(map) != PN_SYMBOL) return {};
    const pn_bytes_t value = pn_data_get_bytes(map);
    return {value.start, value.size};
  }
  return {};
}

void put_refusal(pn_condition_t* condition, const AmqpRefusal& refusal) {
  pn_condition_set_name(condition, std::string(refusal.condition).c_str());
  pn_condition_set_description(condition, refusal.description.c_str());
  if (refusal.retry_after) put_retry_after(pn_condition_info(condition), *refusal.retry_after);
}

}  // namespace berth::gateway
