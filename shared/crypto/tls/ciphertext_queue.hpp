// The two ends of a connection without sockets: what was received and not yet read by the TLS
// library, and what it wrote and was not yet sent. Both are bounded; a library that would write
// past the bound fails its connection.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "shared/base/bytes.hpp"

namespace berth::crypto::tls {

// Some sixteen full records: far above what an owner that reads and sends in turn can gather.
inline constexpr std::size_t kMaxQueuedCiphertext = 256 * 1024;
// Plaintext that one write() takes: a TLS record's worth (RFC 8446 5.1).
inline constexpr std::size_t kMaxWrite = 16 * 1024;

class CiphertextQueue {
 public:
  // False, and nothing taken, if it would not fit.
  [[nodiscard]] bool push(ByteView bytes) {
    if (bytes.size() > kMaxQueuedCiphertext - size()) return false;
    if (begin_ == bytes_.size()) {
      bytes_.clear();
      begin_ = 0;
    }
    append(bytes_, bytes);
    return true;
  }

  // Moves what is there and fits into `into`; returns how much.
  std::size_t pop(std::span<std::uint8_t> into) {
    const std::size_t count = std::min(into.size(), size());
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(begin_), count, into.begin());
    begin_ += count;
    return count;
  }

  [[nodiscard]] Bytes take_all() {
    Bytes all = std::move(bytes_);
    bytes_.clear();
    all.erase(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(std::exchange(begin_, 0)));
    return all;
  }

  [[nodiscard]] std::size_t size() const { return bytes_.size() - begin_; }
  [[nodiscard]] bool empty() const { return size() == 0; }

 private:
  Bytes bytes_;
  std::size_t begin_ = 0;
};

}  // namespace berth::crypto::tls
