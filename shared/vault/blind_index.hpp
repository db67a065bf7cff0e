// Blind keys: what stands in a file in place of an ID or an indexed value, an HMAC-SHA-256 under
// the tenant's index key, cut to 16 bytes (design section 5). Equal values of two tenants or two
// nodes give unrelated keys.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "shared/base/secret_bytes.hpp"
#include "shared/ports/crypto.hpp"

namespace berth::vault {

// 2^64 values of one tenant before two are likely to meet; a meeting is still noticed, since the
// sealed record holds the full value.
inline constexpr std::size_t kBlindKeySize = 16;
using BlindKey = std::array<std::uint8_t, kBlindKeySize>;

[[nodiscard]] BlindKey blind_row(ports::Crypto& crypto, const SecretBytes& index_key,
                                 std::uint8_t table, std::string_view id);
[[nodiscard]] BlindKey blind_term(ports::Crypto& crypto, const SecretBytes& index_key,
                                  std::uint8_t table, std::uint8_t index, std::string_view value);

}  // namespace berth::vault
