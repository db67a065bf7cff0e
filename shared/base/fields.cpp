#include "shared/base/fields.hpp"

#include <limits>

#include "shared/base/assert.hpp"

namespace berth {
namespace {

void put_number(Bytes& out, std::uint64_t value, std::size_t width) {
  for (std::size_t i = width; i-- > 0;) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

}  // namespace

FieldWriter& FieldWriter::u8(std::uint8_t value) {
  put_number(out_, value, 1);
  return *this;
}

FieldWriter& FieldWriter::u32(std::uint32_t value) {
  put_number(out_, value, 4);
  return *this;
}

FieldWriter& FieldWriter::u64(std::uint64_t value) {
  put_number(out_, value, 8);
  return *this;
}

FieldWriter& FieldWriter::raw(ByteView bytes) {
  append(out_, bytes);
  return *this;
}

FieldWriter& FieldWriter::bytes(ByteView bytes) {
  BERTH_ASSERT(bytes.size() <= std::numeric_limits<std::uint32_t>::max());
  u32(static_cast<std::uint32_t>(bytes.size()));
  return raw(bytes);
}

ByteView FieldReader::raw(std::size_t count) {
  if (!ok_ || count > rest_.size()) {
    ok_ = false;
    return {};
  }
  const ByteView taken = rest_.first(count);
  rest_ = rest_.subspan(count);
  return taken;
}

std::uint64_t FieldReader::number(std::size_t width) {
  std::uint64_t value = 0;
  for (const std::uint8_t byte : raw(width)) value = (value << 8) | byte;
  return value;
}

}  // namespace berth
