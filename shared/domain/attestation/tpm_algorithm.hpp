// The numbers of the algorithms and attributes that we read and write (TPM 2.0 Library, Part 2,
// 6.3 and 8.3).
#pragma once

#include <cstdint>

namespace berth::domain::tpm {

inline constexpr std::uint16_t kRsa = 0x0001;
inline constexpr std::uint16_t kHmac = 0x0005;
inline constexpr std::uint16_t kAes = 0x0006;
inline constexpr std::uint16_t kKeyedHash = 0x0008;
inline constexpr std::uint16_t kSha256 = 0x000B;
inline constexpr std::uint16_t kNull = 0x0010;
inline constexpr std::uint16_t kEcc = 0x0023;
inline constexpr std::uint16_t kCfb = 0x0043;

inline constexpr std::uint32_t kFixedTpm = 1U << 1U;
inline constexpr std::uint32_t kFixedParent = 1U << 4U;
inline constexpr std::uint32_t kSensitiveDataOrigin = 1U << 5U;
inline constexpr std::uint32_t kUserWithAuth = 1U << 6U;
inline constexpr std::uint32_t kAdminWithPolicy = 1U << 7U;
inline constexpr std::uint32_t kNoDictionaryAttack = 1U << 10U;
inline constexpr std::uint32_t kRestricted = 1U << 16U;
inline constexpr std::uint32_t kDecrypt = 1U << 17U;
inline constexpr std::uint32_t kSign = 1U << 18U;

}  // namespace berth::domain::tpm
