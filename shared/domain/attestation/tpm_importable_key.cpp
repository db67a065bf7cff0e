#include "shared/domain/attestation/tpm_importable_key.hpp"

#include <array>

#include "shared/base/assert.hpp"
#include "shared/domain/attestation/tpm_algorithm.hpp"
#include "shared/domain/attestation/tpm_protection.hpp"
#include "shared/domain/attestation/tpm_storage_key.hpp"
#include "shared/domain/attestation/tpm_wire.hpp"

namespace berth::domain {
namespace {

// TPMT_PUBLIC of the key (Part 2, 12.2.4). The empty policy is one that nobody can satisfy, so that
// the TPM never duplicates the key again.
Bytes public_area_of(const SecretBytes& key, const SecretBytes& seed_value, ports::Crypto& crypto) {
  const SecretBytes seed_and_key = [&] {
    Bytes both;
    both.reserve(seed_value.size() + key.size());
    append(both, seed_value.reveal());
    append(both, key.reveal());
    return SecretBytes(std::move(both));
  }();
  Bytes area;
  append_u16(area, tpm::kKeyedHash);
  append_u16(area, tpm::kSha256);
  append_u32(area, tpm::kSign | tpm::kUserWithAuth | tpm::kNoDictionaryAttack);
  append_sized(area, {});
  append_u16(area, tpm::kHmac);
  append_u16(area, tpm::kSha256);
  append_sized(area, crypto.sha256(seed_and_key.reveal()));
  return area;
}

// TPM2B_SENSITIVE of the key, without authorization (Part 2, 12.3.2.4).
SecretBytes sensitive_area_of(const SecretBytes& key, const SecretBytes& seed_value) {
  Bytes area;
  area.reserve(2 + 2 + 2 + (2 + seed_value.size()) + (2 + key.size()));
  append_u16(area, static_cast<std::uint16_t>(6 + 2 + seed_value.size() + key.size()));
  append_u16(area, tpm::kKeyedHash);
  append_sized(area, {});
  append_sized(area, seed_value.reveal());
  append_sized(area, key.reveal());
  return SecretBytes(std::move(area));
}

}  // namespace

TpmImportableKey make_tpm_importable_key(const SecretBytes& key, const TpmImportSecrets& secrets,
                                         ports::Crypto& crypto) {
  BERTH_ASSERT(!key.empty() && key.size() <= kMaxTpmHmacKeySize);
  const Bytes area = public_area_of(key, secrets.seed_value, crypto);
  const Bytes name = tpm_name_of(area, crypto);
  const SecretBytes sensitive = sensitive_area_of(key, secrets.seed_value);

  // The inner wrapper: the digest binds what is sensitive to its public area.
  Bytes digested = to_bytes(sensitive.reveal());
  append(digested, name);
  Bytes inner = sized(crypto.sha256(digested));
  wipe(digested);
  inner.reserve(inner.size() + sensitive.size());
  append(inner, sensitive.reveal());
  constexpr std::array<std::uint8_t, ports::kAesBlockSize> kZeroVector{};
  const SecretBytes wrapped(
      crypto.aes128_cfb_encrypt(secrets.wrap_key.reveal(), kZeroVector, inner));
  wipe(inner);

  return TpmImportableKey{sized(area),
                          sized(tpm_protect(secrets.duplication_seed, name, wrapped, crypto))};
}

}  // namespace berth::domain
