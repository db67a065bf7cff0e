#include "gateway/linux/coap_message.hpp"

#include <array>
#include <string>

namespace berth::gateway {
namespace {

CoapMethod method_of(coap_pdu_code_t code) {
  if (code == COAP_REQUEST_CODE_GET) return CoapMethod::get;
  if (code == COAP_REQUEST_CODE_POST) return CoapMethod::post;
  if (code == COAP_REQUEST_CODE_PUT) return CoapMethod::put;
  return CoapMethod::other;
}

std::string text_of(const coap_opt_t* option) {
  const auto* value = coap_opt_value(option);
  return {reinterpret_cast<const char*>(value), coap_opt_length(option)};
}

// libcoap's parser lets no option be longer than it may be, so four bytes hold every number.
std::uint32_t number_of(const coap_opt_t* option) {
  return coap_decode_var_bytes(coap_opt_value(option), coap_opt_length(option));
}

CoapBlock block_of(const coap_opt_t* option) {
  constexpr std::uint32_t kMore = 0x08;
  constexpr std::uint32_t kExponent = 0x07;
  const std::uint32_t value = number_of(option);
  return {value >> 4U, (value & kMore) != 0, static_cast<std::uint8_t>(value & kExponent)};
}

std::uint32_t value_of(const CoapBlock& block) {
  return (block.number << 4U) | (block.more ? 0x08U : 0U) | block.size_exponent;
}

// Options must be added in the order of their numbers.
void add_number(coap_pdu_t& to, coap_option_num_t option,
                const std::optional<std::uint32_t>& value) {
  if (!value) return;
  std::array<std::uint8_t, sizeof(std::uint32_t)> encoded{};
  const auto length = coap_encode_var_safe(encoded.data(), encoded.size(), *value);
  coap_add_option(&to, option, length, encoded.data());
}

std::optional<std::uint32_t> value_of(const std::optional<CoapBlock>& block) {
  if (!block) return std::nullopt;
  return value_of(*block);
}

}  // namespace

CoapRequest read_coap_request(const coap_pdu_t& message) {
  CoapRequest request;
  request.method = method_of(coap_pdu_get_code(&message));
  coap_opt_iterator_t options;
  coap_option_iterator_init(&message, &options, COAP_OPT_ALL);
  while (const coap_opt_t* option = coap_option_next(&options)) {
    switch (options.number) {
      case COAP_OPTION_URI_PATH: request.path.push_back(text_of(option)); break;
      case COAP_OPTION_URI_QUERY: request.query.push_back(text_of(option)); break;
      case COAP_OPTION_CONTENT_FORMAT: request.content_format = number_of(option); break;
      case COAP_OPTION_ACCEPT: request.accept = number_of(option); break;
      case COAP_OPTION_BLOCK1: request.block1 = block_of(option); break;
      case COAP_OPTION_BLOCK2: request.block2 = block_of(option); break;
      case COAP_OPTION_SIZE1: request.size1 = number_of(option); break;
      default: break;  // libcoap has refused what is critical and unknown
    }
  }
  std::size_t size = 0;
  const std::uint8_t* data = nullptr;
  if (coap_get_data(&message, &size, &data) != 0) {
    request.payload.assign(reinterpret_cast<const char*>(data), size);
  }
  return request;
}

CoapEnvelope read_coap_envelope(const coap_pdu_t& message) {
  CoapEnvelope envelope;
  envelope.message_id = static_cast<std::uint16_t>(coap_pdu_get_mid(&message));
  const coap_bin_const_t token = coap_pdu_get_token(&message);
  envelope.token.assign(token.s, token.s + token.length);
  envelope.is_confirmable = coap_pdu_get_type(&message) == COAP_MESSAGE_CON;
  return envelope;
}

void write_coap_response(const CoapResponse& response, coap_pdu_t& into) {
  coap_pdu_set_code(&into, static_cast<coap_pdu_code_t>(response.code.value));
  add_number(into, COAP_OPTION_CONTENT_FORMAT, response.content_format);
  add_number(into, COAP_OPTION_MAXAGE, response.max_age);
  add_number(into, COAP_OPTION_BLOCK2, value_of(response.block2));
  add_number(into, COAP_OPTION_BLOCK1, value_of(response.block1));
  add_number(into, COAP_OPTION_SIZE2, response.size2);
  add_number(into, COAP_OPTION_SIZE1, response.size1);
  if (!response.payload.empty()) {
    coap_add_data(&into, response.payload.size(),
                  reinterpret_cast<const std::uint8_t*>(response.payload.data()));
  }
}

}  // namespace berth::gateway
