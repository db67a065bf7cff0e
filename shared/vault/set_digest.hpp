// SetDigest: a keyed digest of a set of records that is kept up with a few additions per change and
// does not depend on their order: the sum mod 2^256 of one HMAC per record (design section 4). Two
// sides that hold the same set under the same key hold the same digest.
//
// A store keeps one per table under a key that never leaves it; gateway and coordinator compare
// another, over the records in the gateway's scope, under the key that comes with the snapshot.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "shared/base/bytes.hpp"
#include "shared/ports/crypto.hpp"

namespace berth::vault {

inline constexpr std::size_t kSetDigestSize = 32;
inline constexpr std::size_t kDigestKeySize = 32;

// What one record adds: HMAC-SHA-256(key, table | version | SHA-256(body) | id).
using DigestElement = std::array<std::uint8_t, kSetDigestSize>;
[[nodiscard]] DigestElement digest_element(ports::Crypto& crypto, ByteView key, std::uint8_t table,
                                           std::string_view id, std::uint64_t version,
                                           ByteView body);

class SetDigest {
 public:
  SetDigest() = default;

  void add(const DigestElement& element);
  // Of an element that was added.
  void remove(const DigestElement& element);

  // kSetDigestSize bytes, the most significant first; 0 for the empty set.
  [[nodiscard]] Bytes serialise() const { return {sum_.begin(), sum_.end()}; }
  // Nothing if the size is another.
  [[nodiscard]] static std::optional<SetDigest> parse(ByteView bytes);

  friend bool operator==(const SetDigest&, const SetDigest&) = default;

 private:
  std::array<std::uint8_t, kSetDigestSize> sum_{};
};

}  // namespace berth::vault
