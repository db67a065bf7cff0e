// Between libcoap's messages and the core's.
#pragma once

#include <coap3/coap.h>
#include <cstdint>

#include "gateway/core/device/coap.hpp"
#include "gateway/core/device/coap_session.hpp"

namespace berth::gateway {

[[nodiscard]] CoapRequest read_coap_request(const coap_pdu_t& message);
[[nodiscard]] CoapEnvelope read_coap_envelope(const coap_pdu_t& message);

// Writes code, options and payload into a message that has its type, ID and token.
void write_coap_response(const CoapResponse& response, coap_pdu_t& into);

}  // namespace berth::gateway
