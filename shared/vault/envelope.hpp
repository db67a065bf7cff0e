// The envelope: one sealed piece of data (design section 5; docs/formats/sealed_record.md).
//
//   format (1) | key version (4) | nonce (12) | AES-256-GCM ciphertext and tag
//
// The associated data binds the format, the key version and the Place, so that what is sealed for
// one place does not open at another. Nonces are random: a node whose file was rolled back must not
// repeat them, so a counter in that file would not do. How often a key may seal is therefore
// bounded (kMaxSealsPerKey).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"
#include "shared/base/secret_bytes.hpp"
#include "shared/ports/crypto.hpp"
#include "shared/ports/entropy.hpp"

namespace berth::vault {

inline constexpr std::uint8_t kEnvelopeFormat = 1;
// What an envelope adds to its content, in bytes.
inline constexpr std::size_t kEnvelopeOverhead = 1 + 4 + ports::kGcmNonceSize + ports::kGcmTagSize;
// NIST SP 800-38D section 8.3 allows 2^32 seals under one key with random nonces; a key is replaced
// at a quarter of that, which leaves room for the seals of transactions that were rolled back.
inline constexpr std::uint64_t kMaxSealsPerKey = std::uint64_t{1} << 30;

// What a sealed piece is for. Numbers are never reused.
enum class Purpose : std::uint8_t {
  record = 1,
  change = 2,       // an entry of the change log
  head = 3,         // a tenant's head, counts and digests
  tenant_keys = 4,  // under the root key
  node = 5,         // the node's own facts, under the root key
};

struct Place {
  Purpose purpose{};
  std::uint8_t table = 0;
  std::string_view tenant;
  ByteView row_key;
  std::uint64_t version = 0;
};

// A key with the number by which envelopes name it.
struct SealingKey {
  std::uint32_t version = 0;
  SecretBytes bytes;
};

[[nodiscard]] Bytes seal(ports::Crypto& crypto, ports::Entropy& entropy, const SealingKey& key,
                         const Place& place, ByteView content);

// Which key an envelope needs. Errc::corrupt if it is too short or of another format.
[[nodiscard]] Result<std::uint32_t> key_version_of(ByteView envelope);

// Errc::corrupt if anything differs from what was sealed for this place with this key.
[[nodiscard]] Result<Bytes> open(ports::Crypto& crypto, const SealingKey& key, const Place& place,
                                 ByteView envelope);

}  // namespace berth::vault
