// How a TPM writes its structures (TPM 2.0 Library, Part 2): big-endian numbers, and TPM2B
// structures, which are a size of two bytes and as many bytes. Everything that is read comes from a
// peer and is bounded before it is looked at.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "shared/base/bytes.hpp"

namespace berth::domain {

// Reads from the front; nothing once a part is missing or too large.
class TpmReader {
 public:
  explicit TpmReader(ByteView bytes) : rest_(bytes) {}

  [[nodiscard]] std::optional<std::uint16_t> u16();
  [[nodiscard]] std::optional<std::uint32_t> u32();
  // What a TPM2B holds, without its size.
  [[nodiscard]] std::optional<ByteView> sized(std::size_t max);
  [[nodiscard]] bool at_end() const { return rest_.empty(); }

 private:
  [[nodiscard]] std::optional<ByteView> take(std::size_t count);

  ByteView rest_;
};

void append_u16(Bytes& to, std::uint16_t number);
void append_u32(Bytes& to, std::uint32_t number);
// As a TPM2B. At most 65535 bytes.
void append_sized(Bytes& to, ByteView content);
[[nodiscard]] Bytes sized(ByteView content);

}  // namespace berth::domain
