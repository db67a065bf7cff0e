// Reads DER (ITU-T X.690) from memory that is lent: one element after another, never past the end,
// nothing allocated. Stricter than BER: definite and shortest lengths only, tags of one byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "shared/base/bytes.hpp"

namespace berth::crypto::asn1 {

namespace tag {
inline constexpr std::uint8_t kBoolean = 0x01;
inline constexpr std::uint8_t kInteger = 0x02;
inline constexpr std::uint8_t kBitString = 0x03;
inline constexpr std::uint8_t kOctetString = 0x04;
inline constexpr std::uint8_t kNull = 0x05;
inline constexpr std::uint8_t kObjectIdentifier = 0x06;
inline constexpr std::uint8_t kUtf8String = 0x0C;
inline constexpr std::uint8_t kNumericString = 0x12;
inline constexpr std::uint8_t kPrintableString = 0x13;
inline constexpr std::uint8_t kIa5String = 0x16;
inline constexpr std::uint8_t kUtcTime = 0x17;
inline constexpr std::uint8_t kGeneralizedTime = 0x18;
inline constexpr std::uint8_t kVisibleString = 0x1A;
inline constexpr std::uint8_t kUniversalString = 0x1C;
inline constexpr std::uint8_t kBmpString = 0x1E;
inline constexpr std::uint8_t kSequence = 0x30;
inline constexpr std::uint8_t kSet = 0x31;
// Context-specific tags: [n], holding bytes or further elements.
constexpr std::uint8_t primitive(std::uint8_t n) {
  return static_cast<std::uint8_t>(0x80 | n);
}
constexpr std::uint8_t constructed(std::uint8_t n) {
  return static_cast<std::uint8_t>(0xA0 | n);
}
}  // namespace tag

struct Element {
  std::uint8_t tag = 0;
  ByteView content;
  ByteView whole;  // tag and length included
};

class DerReader {
 public:
  explicit DerReader(ByteView der) : rest_(der) {}

  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  // Whether the next element has this tag; it is not taken.
  [[nodiscard]] bool next_is(std::uint8_t tag) const {
    return !rest_.empty() && rest_.front() == tag;
  }
  // The next element; nothing at the end or if it is not DER.
  [[nodiscard]] std::optional<Element> next();
  // The next element if it has this tag.
  [[nodiscard]] std::optional<Element> next(std::uint8_t tag);

 private:
  ByteView rest_;
};

// `der` is one element with this tag and nothing after it.
[[nodiscard]] std::optional<Element> only_element(ByteView der, std::uint8_t tag);

// A non-negative INTEGER's content that fits.
[[nodiscard]] std::optional<std::uint32_t> small_integer(ByteView content);

// A BOOLEAN's content.
[[nodiscard]] std::optional<bool> boolean(ByteView content);

// The bytes of a BIT STRING's content whose length is a whole number of bytes.
[[nodiscard]] std::optional<ByteView> whole_bits(ByteView content);

}  // namespace berth::crypto::asn1
