#include "shared/crypto/asn1/der_reader.hpp"

namespace berth::crypto::asn1 {

namespace {

constexpr std::uint8_t kHighTagNumber = 0x1F;
constexpr std::uint8_t kLongLength = 0x80;
constexpr std::size_t kMaxLengthBytes = 4;

}  // namespace

std::optional<Element> DerReader::next() {
  if (rest_.size() < 2) return std::nullopt;
  const std::uint8_t tag = rest_[0];
  if ((tag & kHighTagNumber) == kHighTagNumber) return std::nullopt;
  std::size_t header = 2;
  std::size_t length = rest_[1];
  if (length >= kLongLength) {
    const std::size_t count = length & 0x7F;
    if (count == 0 || count > kMaxLengthBytes || rest_.size() < header + count) {
      return std::nullopt;
    }
    if (rest_[header] == 0) return std::nullopt;
    length = 0;
    for (std::size_t i = 0; i < count; ++i) length = length << 8 | rest_[header + i];
    if (length < kLongLength) return std::nullopt;
    header += count;
  }
  if (length > rest_.size() - header) return std::nullopt;
  const Element element{tag, rest_.subspan(header, length), rest_.first(header + length)};
  rest_ = rest_.subspan(header + length);
  return element;
}

std::optional<Element> DerReader::next(std::uint8_t tag) {
  if (!next_is(tag)) return std::nullopt;
  return next();
}

std::optional<Element> only_element(ByteView der, std::uint8_t tag) {
  DerReader reader(der);
  const std::optional<Element> element = reader.next(tag);
  if (!reader.at_end()) return std::nullopt;
  return element;
}

std::optional<std::uint32_t> small_integer(ByteView content) {
  if (content.empty() || (content[0] & 0x80) != 0) return std::nullopt;
  if (content.size() > 1 && content[0] == 0) {
    if ((content[1] & 0x80) == 0) return std::nullopt;  // not the shortest form
    content = content.subspan(1);
  }
  if (content.size() > sizeof(std::uint32_t)) return std::nullopt;
  std::uint32_t value = 0;
  for (const std::uint8_t byte : content) value = value << 8 | byte;
  return value;
}

std::optional<bool> boolean(ByteView content) {
  if (content.size() != 1) return std::nullopt;
  if (content[0] == 0xFF) return true;
  if (content[0] == 0x00) return false;
  return std::nullopt;
}

std::optional<ByteView> whole_bits(ByteView content) {
  if (content.empty() || content[0] != 0) return std::nullopt;
  return content.subspan(1);
}

}  // namespace berth::crypto::asn1
