// The fields that Berth's own binary formats are made of: fixed-width big-endian integers, and
// texts or bytes behind a 4-byte length (docs/formats/sealed_record.md). Deterministic in one
// direction, bounded in the other: a length is checked against what is there before anything is
// copied.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "shared/base/bytes.hpp"

namespace berth {

class FieldWriter {
 public:
  FieldWriter() = default;
  // Room for `size` bytes, so that a key that is written is not left behind by growing.
  explicit FieldWriter(std::size_t size) { out_.reserve(size); }

  FieldWriter& u8(std::uint8_t value);
  FieldWriter& u32(std::uint32_t value);
  FieldWriter& u64(std::uint64_t value);
  // As they are; the reader knows how many there are.
  FieldWriter& raw(ByteView bytes);
  // With their length before them.
  FieldWriter& bytes(ByteView bytes);
  FieldWriter& text(std::string_view text) { return bytes(as_bytes(text)); }

  // What was written; the writer is empty again.
  [[nodiscard]] Bytes take() { return std::exchange(out_, {}); }

 private:
  Bytes out_;
};

// Reads from memory that outlives it. After a read beyond the end, every read gives nothing and
// ok() is false: one check at the end is enough.
class FieldReader {
 public:
  explicit FieldReader(ByteView from) : rest_(from) {}

  std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }
  std::uint64_t u64() { return number(8); }
  ByteView raw(std::size_t count);
  ByteView bytes() { return raw(u32()); }
  std::string_view text() { return as_text(bytes()); }

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool at_end() const { return ok_ && rest_.empty(); }
  // What has not been read.
  [[nodiscard]] ByteView rest() const { return rest_; }

 private:
  std::uint64_t number(std::size_t width);

  ByteView rest_;
  bool ok_ = true;
};

}  // namespace berth
