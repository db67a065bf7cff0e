// SecretBytes: key material. It is wiped when it goes, can be compared only in constant time, and
// has no way to a stream or a log: whoever needs the bytes says reveal().
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "shared/base/bytes.hpp"

namespace berth {

// True if equal; takes a time that depends on the lengths only.
bool constant_time_equal(ByteView a, ByteView b);

// Overwrites, in a way the optimiser keeps.
void wipe(std::span<std::uint8_t> bytes);

class SecretBytes {
 public:
  SecretBytes() = default;
  explicit SecretBytes(Bytes&& bytes) : bytes_(std::move(bytes)) {}
  static SecretBytes copy_of(ByteView bytes) { return SecretBytes(to_bytes(bytes)); }
  SecretBytes(const SecretBytes&) = default;
  SecretBytes(SecretBytes&& other) noexcept : bytes_(std::move(other.bytes_)) {
    other.bytes_.clear();
  }
  SecretBytes& operator=(const SecretBytes& other);
  SecretBytes& operator=(SecretBytes&& other) noexcept;
  ~SecretBytes() { wipe(bytes_); }

  [[nodiscard]] std::size_t size() const { return bytes_.size(); }
  [[nodiscard]] bool empty() const { return bytes_.empty(); }
  // The bytes themselves, for a crypto call or a sealed record; never for a log.
  [[nodiscard]] ByteView reveal() const { return bytes_; }

  friend bool operator==(const SecretBytes& a, const SecretBytes& b) {
    return constant_time_equal(a.bytes_, b.bytes_);
  }

 private:
  Bytes bytes_;
};

}  // namespace berth
