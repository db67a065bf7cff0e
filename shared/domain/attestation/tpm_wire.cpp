#include "shared/domain/attestation/tpm_wire.hpp"

#include "shared/base/assert.hpp"

namespace berth::domain {

std::optional<ByteView> TpmReader::take(std::size_t count) {
  if (rest_.size() < count) {
    rest_ = {};
    return std::nullopt;
  }
  const ByteView taken = rest_.first(count);
  rest_ = rest_.subspan(count);
  return taken;
}

std::optional<std::uint16_t> TpmReader::u16() {
  const auto bytes = take(2);
  if (!bytes) return std::nullopt;
  return static_cast<std::uint16_t>((*bytes)[0] << 8U | (*bytes)[1]);
}

std::optional<std::uint32_t> TpmReader::u32() {
  const auto bytes = take(4);
  if (!bytes) return std::nullopt;
  std::uint32_t number = 0;
  for (const std::uint8_t byte : *bytes) number = number << 8U | byte;
  return number;
}

std::optional<ByteView> TpmReader::sized(std::size_t max) {
  const auto size = u16();
  if (!size || *size > max) {
    rest_ = {};
    return std::nullopt;
  }
  return take(*size);
}

void append_u16(Bytes& to, std::uint16_t number) {
  to.push_back(static_cast<std::uint8_t>(number >> 8U));
  to.push_back(static_cast<std::uint8_t>(number & 0xFFU));
}

void append_u32(Bytes& to, std::uint32_t number) {
  append_u16(to, static_cast<std::uint16_t>(number >> 16U));
  append_u16(to, static_cast<std::uint16_t>(number & 0xFFFFU));
}

void append_sized(Bytes& to, ByteView content) {
  BERTH_ASSERT(content.size() <= 0xFFFF);
  append_u16(to, static_cast<std::uint16_t>(content.size()));
  append(to, content);
}

Bytes sized(ByteView content) {
  Bytes out;
  out.reserve(2 + content.size());
  append_sized(out, content);
  return out;
}

}  // namespace berth::domain
