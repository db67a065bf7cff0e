// Writes DER by hand, well-formed or not, for the tests of the readers.
#pragma once

#include <initializer_list>
#include <string_view>

#include "shared/base/assert.hpp"
#include "shared/base/bytes.hpp"

namespace berth::testing {

// One element around `content`, which has up to 65535 bytes.
inline Bytes der(std::uint8_t tag, ByteView content) {
  BERTH_ASSERT(content.size() <= 0xFFFF);
  Bytes element{tag};
  if (content.size() >= 0x100) {
    element.push_back(0x82);
    element.push_back(static_cast<std::uint8_t>(content.size() >> 8));
  } else if (content.size() >= 0x80) {
    element.push_back(0x81);
  }
  element.push_back(static_cast<std::uint8_t>(content.size()));
  append(element, content);
  return element;
}

inline Bytes der(std::uint8_t tag, std::string_view content) {
  return der(tag, as_bytes(content));
}

inline Bytes joined(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const Bytes& part : parts) append(all, part);
  return all;
}

}  // namespace berth::testing
