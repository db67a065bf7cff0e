#include "shared/domain/attestation/endorsement_key.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "shared/domain/attestation/tpm_algorithm.hpp"
#include "shared/domain/attestation/tpm_storage_key.hpp"
#include "shared/domain/attestation/tpm_wire.hpp"

namespace berth::domain {
namespace {

// PolicySecret of the endorsement hierarchy (TCG EK Credential Profile, annex B: PolicyA).
constexpr std::array<std::uint8_t, 32> kPolicyA{
    0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xB3, 0xF8, 0x1A, 0x90, 0xCC, 0x8D, 0x46, 0xA5, 0xD7, 0x24,
    0xFD, 0x52, 0xD7, 0x6E, 0x06, 0x52, 0x0B, 0x64, 0xF2, 0xA1, 0xDA, 0x1B, 0x33, 0x14, 0x69, 0xAA};

}  // namespace

Bytes endorsement_key_by_template(ByteView modulus) {
  constexpr std::uint32_t kAttributes = tpm::kFixedTpm | tpm::kFixedParent |
                                        tpm::kSensitiveDataOrigin | tpm::kAdminWithPolicy |
                                        tpm::kRestricted | tpm::kDecrypt;
  constexpr std::uint16_t kSymmetricBits = 128;
  constexpr std::uint16_t kRsaBits = 2048;
  constexpr std::uint32_t kDefaultExponent = 0;
  Bytes area;
  append_u16(area, tpm::kRsa);
  append_u16(area, tpm::kSha256);
  append_u32(area, kAttributes);
  append_sized(area, kPolicyA);
  append_u16(area, tpm::kAes);
  append_u16(area, kSymmetricBits);
  append_u16(area, tpm::kCfb);
  append_u16(area, tpm::kNull);
  append_u16(area, kRsaBits);
  append_u32(area, kDefaultExponent);
  append_sized(area, modulus);
  return sized(area);
}

ports::Sha256Digest chip_digest(ByteView endorsement_key, ports::Crypto& crypto) {
  const auto key = check_tpm_storage_key(endorsement_key, "endorsement key");
  if (!key) return crypto.sha256(endorsement_key);
  return crypto.sha256(endorsement_key_by_template(key->modulus));
}

}  // namespace berth::domain
