// What proton's sessions read and write beside frames: maps, and the errors in which a refusal is
// told.
#pragma once

#include <string>
#include <string_view>

#include "gateway/core/device/amqp.hpp"

struct pn_condition_t;
struct pn_data_t;

namespace berth::gateway {

// The text under a string or symbol key of a map, which may be null; empty if it is not there.
[[nodiscard]] std::string text_at(pn_data_t* map, std::string_view key);

// What a delivery is rejected or a link detached with: condition, error document, and when to try
// again.
void put_refusal(pn_condition_t* condition, const AmqpRefusal& refusal);

}  // namespace berth::gateway
